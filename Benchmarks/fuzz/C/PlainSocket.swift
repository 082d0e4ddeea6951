import Foundation

/// A blocking TCP connection to this machine, for bytes that no client would send.
struct PlainSocket: ~Copyable {
    private let descriptor: Int32

    /// Nil when no connection can be made.
    init?(port: UInt16, patience_ms: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var limit = timeval(tv_sec: patience_ms / 1000, tv_usec: patience_ms % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if code != 0 {
            close(descriptor)
            return nil
        }
    }

    deinit {
        // With a reset, so that a million connections leave no million ports waiting.
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }

    /// Sends what the other side takes; an end of its is no fault.
    func send(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = Foundation.send(
                    descriptor,
                    buffer.baseAddress.map { $0 + sent },
                    buffer.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// What an attempt to read until the end led to.
    enum Ending {
        case closed, timedOut
    }

    /// Reads until the other side ends; how it ended and the first bytes.
    func readToEnd(keeping most: Int = 64) -> (Ending, [UInt8]) {
        var first: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count > 0 {
                first += buffer.prefix(min(count, most - first.count))
            } else if count < 0, errno == EAGAIN || errno == EWOULDBLOCK {
                return (.timedOut, first)
            } else {
                return (.closed, first)
            }
        }
    }
}
