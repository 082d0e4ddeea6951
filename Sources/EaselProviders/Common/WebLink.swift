import EaselTransport

/// Links in answers.
enum WebLink {
    /// Whether a text is the link of an image that can be fetched: an absolute http or https URL with a host. `null` as a
    /// word, an empty text or a path is no image.
    static func isOne(_ text: String) -> Bool { (try? WebURL(text)) != nil }
}
