import EaselBase
import Foundation

/// A file that is only ever appended to, and durable up to the last `append` that returned.
final class JournalFile {
    let path: String
    private let descriptor: Int32
    private var length: off_t

    struct Failure: Error {
        let operation: StaticString
        let code: Int32
    }

    /// Creates the file, and makes its name durable as well.
    init(creating path: String) throws(Failure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(operation: "open", code: errno) }
        length = lseek(descriptor, 0, SEEK_END)
        try Self.syncDirectory(of: path)
    }

    deinit { close(descriptor) }

    /// Writes the bytes and waits for the disc. When it throws, the file is as it was before, or of no further use.
    func append(_ bytes: [UInt8]) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                let code = errno
                // Half a record in the middle of a file would have to be told from damage later.
                ftruncate(descriptor, length)
                throw Failure(operation: "write", code: code)
            }
            written += count
        }
        guard fdatasync(descriptor) == 0 else { throw Failure(operation: "fdatasync", code: errno) }
        length += off_t(bytes.count)
    }

    /// Makes the names of a directory durable: new files and removed ones.
    static func syncDirectory(of path: String) throws(Failure) {
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Failure(operation: "open", code: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Failure(operation: "fsync", code: errno) }
    }
}
