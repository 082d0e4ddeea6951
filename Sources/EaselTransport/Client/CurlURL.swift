import CCurl

/// libcurl's own reading of URLs: what it will connect to is what it says here.
enum CurlURL {
    /// One parsed URL, freed on every path.
    private struct Handle: ~Copyable {
        let raw: OpaquePointer

        init?() {
            guard let raw = curl_url() else { return nil }
            self.raw = raw
        }

        deinit { curl_url_cleanup(raw) }

        func set(_ text: String) -> Bool {
            // Blanks and letters beyond ASCII are percent-encoded, in what a server redirects to as well.
            curl_url_set(raw, CURLUPART_URL, text, UInt32(CURLU_URLENCODE)) == CURLUE_OK
        }

        func get(_ part: CURLUPart) -> String? {
            var text: UnsafeMutablePointer<CChar>?
            guard curl_url_get(raw, part, &text, 0) == CURLUE_OK, let text else { return nil }
            defer { curl_free(text) }
            return String(cString: text)
        }
    }

    /// The URL in normal form and its host, IPv6 in brackets; nil when libcurl cannot read it.
    static func read(_ text: String) -> (url: String, host: String)? {
        guard let handle = Handle(), handle.set(text), let url = handle.get(CURLUPART_URL),
            let host = handle.get(CURLUPART_HOST)
        else { return nil }
        return (url, host)
    }

    /// What a reference means where `base` stands (RFC 3986, 5.2).
    static func resolve(_ reference: String, against base: String) -> String? {
        guard let handle = Handle(), handle.set(base), handle.set(reference) else { return nil }
        return handle.get(CURLUPART_URL)
    }
}
