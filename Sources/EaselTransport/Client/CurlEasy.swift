import CCurl

/// One easy handle with the buffer that libcurl writes its error text to. Loop thread only.
///
/// For one exchange, then it goes: libcurl before 8.1 keeps pointers into freed memory in a handle that is used again
/// (docs/decisions/0024). Connections, names and their times live in the multi handle and outlast it.
final class CurlEasy {
    let raw: UnsafeMutableRawPointer
    private let errorText = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Nil when libcurl has no memory.
    init?() {
        guard let raw = curl_easy_init() else {
            errorText.deallocate()
            return nil
        }
        self.raw = raw
    }

    deinit {
        curl_easy_cleanup(raw)
        errorText.deallocate()
    }

    func set(_ option: CURLoption, _ value: Int) { _ = ccurl_set_long(raw, option, value) }
    func set(_ option: CURLoption, offset: Int) { _ = ccurl_set_off(raw, option, curl_off_t(offset)) }
    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String) { _ = ccurl_set_string(raw, option, value) }
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) { _ = ccurl_set_pointer(raw, option, pointer) }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func microseconds(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return ccurl_get_off(raw, info, &value) == CURLE_OK ? Int(value) : 0
    }

    // MARK: The error text

    func keepErrorText() {
        errorText.pointee = 0
        set(CURLOPT_ERRORBUFFER, pointer: errorText)
    }

    /// libcurl's words for what went wrong; they name hosts and ports, not paths.
    func message(for code: CURLcode) -> String {
        if errorText.pointee != 0, code != CURLE_URL_MALFORMAT { return String(cString: errorText) }
        return String(cString: curl_easy_strerror(code))
    }
}
