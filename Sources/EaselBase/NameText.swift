import Foundation

extension String {
    /// The text in Unicode's composed form (NFC). Names are kept in it from where they enter, so that one name is one row:
    /// the same letters can be spelled in several ways that look alike, and a database compares bytes.
    ///
    /// A text of more than `longestName` bytes is no name, is refused wherever names are checked, and is not composed: that
    /// takes microseconds a letter (S6).
    package var nfc: String {
        // Most names are ASCII, which has one spelling.
        utf8.count > Self.longestName || utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }

    /// Bytes: the longest that may be said (1 KiB) with each letter taken apart.
    private static let longestName = 8 << 10
}
