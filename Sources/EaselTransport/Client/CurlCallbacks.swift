import CCurl
import EaselBase
import Foundation

/// The functions that libcurl calls. Each context is an unretained pointer to an object that the engine keeps for
/// longer than libcurl knows it: a transfer until its handle is removed, the engine until the multi handle is gone.
enum CurlCallbacks {
    static func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    static func engine(_ context: UnsafeMutableRawPointer?) -> CurlEngine? {
        context.map { Unmanaged<CurlEngine>.fromOpaque($0).takeUnretainedValue() }
    }

    static let head: ccurl_data_callback = { data, size, count, context in
        guard let data, let transfer = transfer(context) else { return 0 }
        return transfer.readHeadLine(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
    }

    static let body: ccurl_data_callback = { data, size, count, context in
        guard let data, let transfer = transfer(context) else { return 0 }
        return transfer.readBody(UnsafeRawBufferPointer(start: data, count: size * count)) ? size * count : 0
    }

    static let upload: ccurl_data_callback = { data, size, count, context in
        guard let data, let transfer = transfer(context) else { return Int(CURL_READFUNC_ABORT) }
        return transfer.readBody(into: UnsafeMutableRawBufferPointer(start: data, count: size * count))
    }

    /// libcurl seeks when it wants to send the body a second time. Refusing is what keeps a paid request from being
    /// sent twice (R4): the exchange then ends with CURLE_SEND_FAIL_REWIND.
    static let seek: ccurl_seek = { _, _, _ in Int32(CURL_SEEKFUNC_FAIL) }

    static let beforeRequest: ccurl_before_request = { context, remote, _, remotePort, localPort in
        guard let transfer = transfer(context), let remote else { return CURL_PREREQFUNC_ABORT }
        let connection = CurlTransfer.Connection(
            remoteAddress: String(cString: remote),
            remotePort: remotePort,
            localPort: localPort
        )
        return transfer.beginRequest(on: connection) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    /// What libcurl says about its doing. Only its own sentences are looked at, and none is kept: the rest are the bytes
    /// of requests and answers (S2).
    static let debug: ccurl_debug = { _, type, text, count, context in
        guard type == CURLINFO_TEXT, let text, let transfer = transfer(context) else { return 0 }
        let bytes = UnsafeRawBufferPointer(start: text, count: min(count, 256))
        transfer.heard(StreamNews(bytes))
        return 0
    }

    /// Judges the resolved address itself, at the last moment, so that a name that changes its address between a check
    /// and the connection gains nothing (S3).
    static let openSocket: ccurl_open_socket = { context, _, address in
        guard let transfer = transfer(context), let address else { return CURL_SOCKET_BAD }
        guard let target = ipAddress(&address.pointee.addr), transfer.request.addressPolicy.permits(target) else {
            transfer.refusedAddress = true
            return CURL_SOCKET_BAD
        }
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.protocol)
    }

    private static func ipAddress(_ address: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                IPAddress(bytes: withUnsafeBytes(of: pointer.pointee.sin_addr) { Array($0) })
            }
        case AF_INET6:
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                IPAddress(bytes: withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) })
            }
        default: nil
        }
    }

    static let socketChange: ccurl_socket_callback = { _, socket, what, context, watch in
        engine(context)?.watch(socket, for: what, watch: watch)
        return 0
    }

    static let timerChange: ccurl_timer_callback = { _, milliseconds, context in
        engine(context)?.setTimer(milliseconds: milliseconds)
        return 0
    }
}
