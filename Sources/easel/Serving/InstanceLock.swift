import EaselBase
import Foundation

/// One gateway to a data directory: a lock that goes with the process, and the name of the gateway that was here before.
///
/// Holding the lock proves that the gateway before is gone, so that its calls can be taken over at once (M7).
final class InstanceLock: Sendable {
    let gatewayID: UUID
    let previousGatewayID: UUID?
    private let descriptor: Int32

    init(directory: String, now: Timestamp) throws {
        let path = directory + "/gateway.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandFailure(
                "another Easel is running in \(directory); stop it, or give this one a data_dir of its own"
            )
        }
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        previousGatewayID = UUID(uuidString: text.trimmingCharacters(in: .whitespacesAndNewlines))
        gatewayID = UUIDv7.mint(at: now)
        let name = Array((gatewayID.text + "\n").utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, name, name.count, 0) == name.count,
            fsync(descriptor) == 0
        else {
            close(descriptor)
            throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    func release() {
        close(descriptor)
    }
}
