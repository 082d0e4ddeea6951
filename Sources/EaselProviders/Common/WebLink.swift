/// Links to results.
enum WebLink {
    /// Whether a text is the link of a picture that can be fetched: an absolute http or https URL with a host. `null` as a
    /// word, an empty text or a path is no picture.
    static func isOne(_ text: String) -> Bool {
        for scheme in ["https://", "http://"] where text.lowercased().hasPrefix(scheme) {
            guard let first = text.dropFirst(scheme.count).utf8.first else { return false }
            return ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: ":"), 0x20].contains(first)
        }
        return false
    }
}
