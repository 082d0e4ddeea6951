import EaselBase
import Foundation

/// What goes wrong between a journal and its disk, for tests. No program sets it.
package struct DiskFault: Sendable {
    package enum Operation: String, Sendable { case open, write, fdatasync, read }

    /// The error number that an operation on a file ends with; nil: it is done.
    package let decide: @Sendable (Operation, _ path: String) -> Int32?

    package init(decide: @escaping @Sendable (Operation, _ path: String) -> Int32?) {
        self.decide = decide
    }
}

/// A file that is only ever appended to, and durable up to the last `append` that returned.
final class JournalFile {
    let path: String
    private let descriptor: Int32
    private var length: off_t
    private let fault: DiskFault?

    struct Failure: Error, Explained {
        let operation: DiskFault.Operation
        let path: String
        let code: Int32

        /// For operators: the file, and the system's own words.
        var sentence: String { "\(path): \(cause)" }
        var cause: String { "\(SystemError(code).sentence) (\(operation.rawValue))" }
    }

    /// Creates the file, and makes its name durable as well.
    init(creating path: String, fault: DiskFault? = nil) throws(Failure) {
        self.path = path
        self.fault = fault
        try Self.check(.open, path, fault)
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(operation: .open, path: path, code: errno) }
        length = lseek(descriptor, 0, SEEK_END)
        try Self.syncDirectory(of: path)
    }

    deinit { close(descriptor) }

    private static func check(
        _ operation: DiskFault.Operation,
        _ path: String,
        _ fault: DiskFault?
    ) throws(Failure) {
        if let code = fault?.decide(operation, path) { throw Failure(operation: operation, path: path, code: code) }
    }

    /// Writes the bytes and waits for the disk. When it throws, the file is as it was before, or of no further use.
    func append(_ bytes: [UInt8]) throws(Failure) {
        try Self.check(.write, path, fault)
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
                throw Failure(operation: .write, path: path, code: code)
            }
            written += count
        }
        if let code = fault?.decide(.fdatasync, path) ?? (fdatasync(descriptor) == 0 ? nil : errno) {
            // Whoever wrote this is told that it is not there, or writes it again elsewhere.
            ftruncate(descriptor, length)
            throw Failure(operation: .fdatasync, path: path, code: code)
        }
        length += off_t(bytes.count)
    }

    /// The whole of a file.
    static func contents(of path: String, fault: DiskFault? = nil) throws(Failure) -> [UInt8] {
        try check(.read, path, fault)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(operation: .open, path: path, code: errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(operation: .read, path: path, code: errno)
            }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    /// Makes the names of a directory durable: new files and removed ones.
    static func syncDirectory(of path: String) throws(Failure) {
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw Failure(operation: .open, path: path, code: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw Failure(operation: .fdatasync, path: path, code: errno) }
    }
}
