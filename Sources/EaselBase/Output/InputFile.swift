import Foundation

/// A whole file, or standard input, that a person names. Reading says why it cannot, and nothing in here traps.
package enum InputFile {
    /// What may be read at once unless the caller knows better (S4).
    package static let standardLimit = 512 << 20

    /// Why it could not be read.
    package struct Failure: Error, Sendable, Hashable, Explained {
        package let path: String
        package let cause: SystemError

        package var sentence: String {
            "cannot read \(path == "-" ? "standard input" : path): \(cause.sentence)"
        }
    }

    /// The bytes of a file; `-` is standard input.
    package static func bytes(_ path: String, atMost limit: Int = standardLimit) throws(Failure) -> [UInt8] {
        if path == "-" { return try read(Descriptor.input, path, limit) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: path, cause: .last) }
        defer { close(descriptor) }
        return try read(descriptor, path, limit)
    }

    private static func read(_ descriptor: Int32, _ path: String, _ limit: Int) throws(Failure) -> [UInt8] {
        do throws(SystemError) {
            return try Descriptor.readAll(descriptor, atMost: limit)
        } catch {
            throw Failure(path: path, cause: error)
        }
    }
}

/// A whole file that is written.
package enum OutputFile {
    /// Why it could not be written.
    package struct Failure: Error, Sendable, Hashable, Explained {
        package let path: String
        package let cause: SystemError

        package var sentence: String { "cannot write \(path): \(cause.sentence)" }
    }

    /// What becomes of a file that is there already.
    package enum Existing: Sendable {
        /// It stays, and the write fails with `EEXIST`.
        case stays
        /// Its content is replaced in place: owner and rights stay.
        case replaced
    }

    /// Writes a file; `mode` are its rights when it is new. A new one that cannot be written whole is taken away again.
    package static func write(
        _ bytes: some Collection<UInt8>,
        to path: String,
        existing: Existing = .replaced,
        mode: UInt32 = 0o644
    ) throws(Failure) {
        let flags = existing == .stays ? O_EXCL : O_TRUNC
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode)
        guard descriptor >= 0 else { throw Failure(path: path, cause: .last) }
        do throws(Descriptor.WriteFailure) {
            try Descriptor.write(bytes, to: descriptor)
        } catch {
            close(descriptor)
            if existing == .stays { unlink(path) }
            throw Failure(path: path, cause: error.cause)
        }
        // Some file systems tell only now that there was no room.
        guard close(descriptor) == 0 else { throw Failure(path: path, cause: .last) }
    }

    /// Makes a folder, with those above it, and proves that files can be made in it.
    package static func prepareFolder(_ path: String) throws(Failure) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
            guard mkdir(made, 0o777) != 0 else { continue }
            let cause = SystemError.last
            var info = stat()
            guard stat(made, &info) == 0 else { throw Failure(path: made, cause: cause) }
            guard info.st_mode & S_IFMT == S_IFDIR else { throw Failure(path: made, cause: SystemError(ENOTDIR)) }
        }
        let probe = "\(path.isEmpty ? "." : path)/.easel-\(getpid())"
        try write([UInt8](), to: probe, existing: .stays)
        unlink(probe)
    }
}
