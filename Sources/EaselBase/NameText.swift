import Foundation

extension String {
    /// The text in Unicode's composed form (NFC). Names are kept in it from where they enter, so that one name is one row:
    /// the same letters can be spelled in several ways that look alike, and a database compares bytes.
    package var nfc: String {
        // Most names are ASCII, which has one spelling.
        utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
    }
}
