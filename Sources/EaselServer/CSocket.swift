import Foundation

/// The few plain socket calls that libuv has no door for.
enum CSocket {
    static func shutDownWriting(_ descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Takes the error of a socket away; whether there was one.
    static func hasError(_ descriptor: Int32) -> Bool {
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0
    }

    /// The next connection that waits at a listener; nil when none does.
    static func accept(_ listener: Int32) -> Int32? {
        while true {
            let descriptor = Foundation.accept(listener, nil, nil)
            if descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
                return descriptor
            }
            // One that broke off while it waited is no reason to leave the others.
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// Lets no further connection begin at a listener: what asks for one (SYN) is not answered, asks again after a second
    /// and finds the listener closed. Those that are half made still come into its queue. Where the kernel refuses the
    /// filter, nothing changes.
    static func takeNoMore(_ listener: Int32) {
        // The classic BPF of linux/filter.h, over a packet that begins with its TCP header.
        var filter: [FilterInstruction] = [
            FilterInstruction(code: 0x30, value: 13),  // load the byte with the flags
            FilterInstruction(code: 0x45, jumpIfFalse: 1, value: 0x02),  // SYN?
            FilterInstruction(code: 0x06, value: 0),  // then drop it,
            FilterInstruction(code: 0x06, value: .max),  // else keep all of it
        ]
        filter.withUnsafeMutableBytes { instructions in
            var program = FilterProgram(count: 4, instructions: instructions.baseAddress)
            setsockopt(
                listener,
                SOL_SOCKET,
                SO_ATTACH_FILTER,
                &program,
                socklen_t(MemoryLayout<FilterProgram>.size)
            )
        }
    }

    /// `struct sock_filter`.
    private struct FilterInstruction {
        let code: UInt16
        var jumpIfTrue: UInt8 = 0
        var jumpIfFalse: UInt8 = 0
        let value: UInt32
    }

    /// `struct sock_fprog`.
    private struct FilterProgram {
        let count: UInt16
        let instructions: UnsafeMutableRawPointer?
    }

    static func close(_ descriptor: Int32) {
        _ = Foundation.close(descriptor)
    }

    /// Listening sockets for each loop, all on one port, and that port.
    ///
    /// The first socket is bound exclusively, so that a listener of someone else is found even when it shares its port
    /// (SO_REUSEPORT would join it in silence and take half of its connections). It becomes shareable only afterwards,
    /// for the others of this server.
    static func listeners(
        host: String,
        port: UInt16,
        count: Int,
        backlog: Int32
    ) throws(HTTPServerError) -> (descriptors: [Int32], port: UInt16) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let info = found else {
            throw .unknownHost(host)
        }
        defer { freeaddrinfo(info) }
        let family = info.pointee.ai_family
        var storage = sockaddr_storage()
        memcpy(&storage, info.pointee.ai_addr, Int(info.pointee.ai_addrlen))
        let length = info.pointee.ai_addrlen
        var descriptors: [Int32] = []
        do throws(HTTPServerError) {
            let first = try bound(family, &storage, length, shares: false, host: host, port: port)
            descriptors.append(first)
            let chosen = try localPort(of: first, &storage)
            try set(first, SO_REUSEPORT, "SO_REUSEPORT")
            for _ in 1..<max(1, count) {
                descriptors.append(try bound(family, &storage, length, shares: true, host: host, port: chosen))
            }
            for descriptor in descriptors {
                guard listen(descriptor, backlog) == 0 else { throw failure("listen", host, chosen) }
            }
            return (descriptors, chosen)
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
    }

    private static func bound(
        _ family: Int32,
        _ storage: inout sockaddr_storage,
        _ length: socklen_t,
        shares: Bool,
        host: String,
        port: UInt16
    ) throws(HTTPServerError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw failure("socket", host, port) }
        do throws(HTTPServerError) {
            // Connections of a former run in TIME_WAIT are no obstacle.
            try set(descriptor, SO_REUSEADDR, "SO_REUSEADDR")
            if shares { try set(descriptor, SO_REUSEPORT, "SO_REUSEPORT") }
        } catch {
            close(descriptor)
            throw error
        }
        let code = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard code == 0 else {
            let error = failure("bind", host, port)
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func set(_ descriptor: Int32, _ option: Int32, _ name: String) throws(HTTPServerError) {
        var on: Int32 = 1
        guard setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw .system(operation: name, reason: String(cString: strerror(errno)))
        }
    }

    /// The port that was really bound; written back to `storage` for the sockets that follow.
    private static func localPort(
        of descriptor: Int32,
        _ storage: inout sockaddr_storage
    ) throws(HTTPServerError) -> UInt16 {
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard code == 0 else { throw .system(operation: "getsockname", reason: String(cString: strerror(errno))) }
        // sin_port and sin6_port lie at the same place.
        return withUnsafeBytes(of: &storage) { UInt16($0[2]) << 8 | UInt16($0[3]) }
    }

    private static func failure(_ operation: String, _ host: String, _ port: UInt16) -> HTTPServerError {
        errno == EADDRINUSE
            ? .addressInUse(host: host, port: port)
            : .system(operation: operation, reason: String(cString: strerror(errno)))
    }
}
