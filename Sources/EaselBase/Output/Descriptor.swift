import Foundation

/// The one door for bytes to and from a file descriptor. Nothing in here traps: Foundation's `FileHandle` ends the
/// process when the other side is gone or the disk is full.
package enum Descriptor {
    package static let input: Int32 = 0
    package static let output: Int32 = 1
    package static let error: Int32 = 2

    /// Why not all bytes were written.
    package struct WriteFailure: Error, Sendable, Hashable, Explained {
        package let cause: SystemError
        /// How many bytes went before.
        package let written: Int

        package var sentence: String { cause.sentence }
        /// The reader of a pipe or socket has closed it: no fault of ours.
        package var isReaderGone: Bool { cause.code == EPIPE }
    }

    /// A write to what nobody reads must be an error (EPIPE) and not the end of the process.
    package static let pipeIgnored: Void = { _ = signal(SIGPIPE, SIG_IGN) }()

    /// Writes all of it. Blocks as long as the other side does not take it, also where the descriptor does not block.
    package static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32) throws(WriteFailure) {
        _ = pipeIgnored
        let bytes = ContiguousArray(bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count > 0 {
                written += count
                continue
            }
            switch count < 0 ? errno : EIO {
            case EINTR: continue
            case EAGAIN:
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, -1)
            case let code: throw WriteFailure(cause: SystemError(code), written: written)
            }
        }
    }

    /// Reads to the end.
    ///
    /// - Throws: a `SystemError`; `EFBIG` when there are more than `limit` bytes (S4).
    package static func readAll(_ descriptor: Int32, atMost limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = piece.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes += piece[..<count]
                guard bytes.count <= limit else { throw SystemError(EFBIG) }
                continue
            }
            if count == 0 { return bytes }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                _ = poll(&wait, 1, -1)
            case let code: throw SystemError(code)
            }
        }
    }

    /// Whether nobody will ever read what is written there, as far as the system can tell without a write.
    package static func isReaderGone(_ descriptor: Int32) -> Bool {
        var look = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&look, 1, 0) > 0 && look.revents & Int16(POLLERR | POLLNVAL) != 0
    }

    /// Opens what is closed of the descriptors 0 to 2, in the wrong direction, so that using it is an error: otherwise the next
    /// socket or database file gets the number, and log lines are written into it. Call it before anything opens files.
    package static func occupyStandard() {
        for descriptor in input...error where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is taken, which is this one, as those below are open by now.
            _ = open("/dev/null", descriptor == input ? O_WRONLY : O_RDONLY)
        }
    }
}
