import EaselBase
import Foundation

/// A lock between processes on a file; the system lets it go when the holder dies.
final class FileLock: Sendable {
    private let descriptor: Locked<Int32?>

    /// Nil when another process holds it, after waiting for it as long as told.
    init?(path: String, wait: Duration = .zero) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return nil }
        let deadline = SteadyInstant.now + wait
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard SteadyInstant.now < deadline else {
                close(file)
                return nil
            }
            usleep(50_000)  // on its caller's own thread; flock has no time limit
        }
        descriptor = Locked(file)
    }

    deinit { release() }

    func release() {
        let file = descriptor.withLock { file in
            defer { file = nil }
            return file
        }
        if let file { close(file) }
    }
}
