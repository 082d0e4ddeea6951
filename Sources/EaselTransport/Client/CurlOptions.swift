import CCurl
import EaselBase

extension HTTPRequest {
    /// Whether the server may choose HTTP/2: only over TLS (ALPN).
    func mayUseHTTP2(_ configuration: HTTPClientConfiguration) -> Bool {
        configuration.allowsHTTP2 && url.lowercased().hasPrefix("https:")
    }
}

extension CurlEasy {
    /// Sets a fresh handle up for one exchange.
    func configure(for transfer: CurlTransfer, _ configuration: HTTPClientConfiguration) {
        let request = transfer.request
        // Unretained: the engine holds the transfer until it has taken this handle out of libcurl.
        let context = Unmanaged.passUnretained(transfer).toOpaque()
        set(CURLOPT_URL, request.url)
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_QUICK_EXIT, 1)  // an abort must not wait for the name service's thread
        set(CURLOPT_TCP_KEEPALIVE, 1)
        // Thousands of calls wait at a time: the buffers that each of them holds are as small as libcurl lets them be useful.
        set(CURLOPT_BUFFERSIZE, 4 << 10)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10)
        set(CURLOPT_MAXAGE_CONN, max(1, Int(configuration.maxIdleAge.secondsAsDouble)))
        set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(request.timeouts.connect))
        set(CURLOPT_TIMEOUT_MS, Self.milliseconds(request.timeouts.total))
        setVersion(configuration, isSecure: request.url.lowercased().hasPrefix("https:"))
        setRoute(request, configuration, context)
        setBody(request, context)
        setFields(transfer, configuration)
        _ = ccurl_set_data_callback(raw, CURLOPT_HEADERFUNCTION, CurlCallbacks.head)
        set(CURLOPT_HEADERDATA, pointer: context)
        _ = ccurl_set_data_callback(raw, CURLOPT_WRITEFUNCTION, CurlCallbacks.body)
        set(CURLOPT_WRITEDATA, pointer: context)
        if request.mayUseHTTP2(configuration) {
            _ = ccurl_set_debug(raw, CurlCallbacks.debug)
            set(CURLOPT_DEBUGDATA, pointer: context)
            set(CURLOPT_VERBOSE, 1)
        }
        _ = ccurl_set_before_request(raw, CurlCallbacks.beforeRequest)
        set(CURLOPT_PREREQDATA, pointer: context)
        keepErrorText()
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(min(max(1, duration.timerMilliseconds), UInt64(Int32.max)))
    }

    private func setVersion(_ configuration: HTTPClientConfiguration, isSecure: Bool) {
        if configuration.allowsHTTP2 {
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Wait for a connection that is being opened, instead of opening one for each call of a burst. Over TLS the
            // handshake tells at once whether it can be shared; over plain http only the first answer would, and a call
            // would wait for the whole of another one's.
            set(CURLOPT_PIPEWAIT, isSecure ? 1 : 0)
        } else {
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
        if let file = configuration.certificateAuthorityFile { set(CURLOPT_CAINFO, file) }
    }

    private func setRoute(
        _ request: HTTPRequest,
        _ configuration: HTTPClientConfiguration,
        _ context: UnsafeMutableRawPointer
    ) {
        // An empty text switches the proxy variables of the environment off.
        switch request.addressPolicy {
        case .any:
            set(CURLOPT_PROXY, configuration.proxy ?? "")
            set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        case .publicOnly:
            set(CURLOPT_PROXY, "")
            _ = ccurl_set_open_socket(raw, CurlCallbacks.openSocket)
            set(CURLOPT_OPENSOCKETDATA, pointer: context)
        }
    }

    private func setBody(_ request: HTTPRequest, _ context: UnsafeMutableRawPointer) {
        let length = request.body?.count ?? 0
        switch request.method {
        case "GET" where length == 0: set(CURLOPT_HTTPGET, 1)
        case "HEAD": set(CURLOPT_NOBODY, 1)
        default:
            if length == 0, request.method != "POST", request.method != "PUT", request.method != "PATCH" {
                set(CURLOPT_HTTPGET, 1)
            } else {
                set(CURLOPT_POST, 1)
                set(CURLOPT_POSTFIELDSIZE_LARGE, offset: length)
                _ = ccurl_set_data_callback(raw, CURLOPT_READFUNCTION, CurlCallbacks.upload)
                set(CURLOPT_READDATA, pointer: context)
                _ = ccurl_set_seek(raw, CurlCallbacks.seek)
            }
            if request.method != "POST" { set(CURLOPT_CUSTOMREQUEST, request.method) }
            // Without a body there is nothing to seek, so that libcurl would repeat the request when a kept connection
            // turns out dead. On a fresh connection it never repeats (R4).
            if length == 0 { set(CURLOPT_FRESH_CONNECT, 1) }
        }
    }

    private func setFields(_ transfer: CurlTransfer, _ configuration: HTTPClientConfiguration) {
        let request = transfer.request
        var hasType = false
        var hasAgent = false
        var acceptsEncodings = false
        var list: UnsafeMutablePointer<curl_slist>?
        func append(_ line: String) {
            // On a lack of memory libcurl keeps the old list.
            if let longer = curl_slist_append(list, line) { list = longer }
        }
        for (name, value) in request.fields.pairs {
            switch name.lowercased() {
            case "content-length", "transfer-encoding", "expect", "connection": continue
            case "content-type": hasType = true
            case "user-agent": hasAgent = true
            case "accept-encoding": acceptsEncodings = true
            default: break
            }
            append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        append("Expect:")  // no waiting for 100-continue
        if !hasType { append("Content-Type:") }  // libcurl would say that it is a form
        if !hasAgent { set(CURLOPT_USERAGENT, configuration.userAgent) }
        if !acceptsEncodings { set(CURLOPT_ACCEPT_ENCODING, "") }  // all that libcurl can decode
        transfer.fields = list
        if let list { _ = ccurl_set_list(raw, CURLOPT_HTTPHEADER, list) }
    }
}
