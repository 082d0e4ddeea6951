import CCurl

/// What libcurl's error codes mean to us.
enum CurlFailure {
    static func kind(of code: CURLcode, _ transfer: CurlTransfer, detail: String) -> TransportError.Kind {
        if transfer.refusedAddress, !transfer.reachedRequest { return .addressNotAllowed }
        switch code {
        case CURLE_URL_MALFORMAT: return .badURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .dns
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED: return .connect
        case CURLE_OPERATION_TIMEDOUT:
            let timeouts = transfer.request.timeouts
            let ranOut = transfer.timings(nil).total.map { $0 >= timeouts.total } ?? false
            return transfer.reachedRequest || ranOut ? .totalTimeout : .connectTimeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            return transfer.reachedRequest ? .reset : .tls
        case CURLE_SEND_FAIL_REWIND, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_HTTP2_STREAM:
            return .reset
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            // libcurl reports a broken chunk as a failure to receive; only the text tells.
            if detail.contains("chunk") { return .malformedResponse }
            return transfer.reachedRequest ? .reset : .connect
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Before the request: the URL's scheme. After it: the answer's version.
            return transfer.reachedRequest ? .malformedResponse : .badURL
        case CURLE_BAD_FUNCTION_ARGUMENT:
            // What libcurl's store of fields says to a line that is no field.
            return transfer.reachedRequest ? .malformedResponse : .other
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_HTTP2, CURLE_HTTP_RETURNED_ERROR:
            return .malformedResponse
        case CURLE_FILESIZE_EXCEEDED: return .responseTooLarge
        default: return .other
        }
    }
}
