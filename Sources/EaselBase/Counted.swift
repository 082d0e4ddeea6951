/// A number of things in words, one of them told apart from several.
package enum Counted {
    /// `1 call`, `3 calls`; `many` where the plural is not the word with an s.
    package static func text(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(count) \(count == 1 ? one : many ?? one + "s")"
    }
}
