import EaselBase
import Foundation

/// One gateway to a data directory: a lock that goes with the process, and the names of the gateways that were here before.
///
/// Holding the lock proves that they are gone, so that their calls can be taken over at once (M7). A name stays until its
/// calls are settled: a gateway that is killed again and again before it has come to that leaves a list.
final class InstanceLock: Sendable {
    let gatewayID: UUID
    /// The newest first.
    let previousGatewayIDs: [UUID]
    private let descriptor: Int32
    /// Beyond that many, calls of older gateways wait until those count as silent.
    private static let remembered = 100

    init(directory: String, now: Timestamp) throws {
        let path = directory + "/gateway.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw CommandFailure(
                "another Easel is running in \(directory); stop it, or give this one its own directory "
                    + "(`data_dir` in the configuration, --data-dir of `easel up`)"
            )
        }
        var buffer = [UInt8](repeating: 0, count: 64 * Self.remembered)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        let names = text.split(whereSeparator: \.isWhitespace).compactMap { UUID(uuidString: String($0)) }
        previousGatewayIDs = Array(names.prefix(Self.remembered - 1))
        gatewayID = UUIDv7.mint(at: now)
        guard Self.write([gatewayID] + previousGatewayIDs, to: descriptor) else {
            close(descriptor)
            throw CommandFailure("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }

    /// The calls of the gateways before are settled: only this one's name is left for the next.
    func forgetPrevious() {
        _ = Self.write([gatewayID], to: descriptor)
    }

    /// Whether a gateway runs on a directory now. Asks by taking the lock for a moment where nobody has it.
    static func isHeld(directory: String) -> Bool {
        let descriptor = open(directory + "/gateway.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    private static func write(_ ids: [UUID], to descriptor: Int32) -> Bool {
        let names = Array(ids.map { $0.text + "\n" }.joined().utf8)
        // Overwritten and then cut, so that a crash in between leaves names and at worst some twice.
        return pwrite(descriptor, names, names.count, 0) == names.count
            && ftruncate(descriptor, off_t(names.count)) == 0
            && fsync(descriptor) == 0
    }

    func release() {
        close(descriptor)
    }
}
