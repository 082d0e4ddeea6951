/// Texts that somebody else wrote, fitted to the place where they are kept (S4).
///
/// PostgreSQL holds no NUL in a text and no more than 2,704 bytes in a key of an index; terminals obey control characters
/// and marks that turn the direction of writing. So none of these gets in.
package enum ForeignText {
    /// A code, as it stands in columns, keys of sums and answers.
    package static let codeBytes = 64
    /// A name of theirs for a task, a request or an image.
    package static let nameBytes = 200
    /// A sentence.
    package static let sentenceBytes = 1000
    /// No more of a text is looked at.
    package static let mostRead = 4096

    /// A text on one line: control characters and direction marks are spaces, and at most so many bytes of UTF-8 are left,
    /// cut between two characters as people see them.
    package static func line(_ text: String, most bytes: Int) -> String {
        var line = String.UnicodeScalarView()
        // A blank is no longer than what it stands for.
        for scalar in cut(text, to: bytes).unicodeScalars { line.append(isUnfit(scalar) ? " " : scalar) }
        return String(line)
    }

    /// An identifier: letters and digits of ASCII and `_ - . :`; a stretch of anything else is one `_`. Nil when nothing
    /// is left.
    package static func code(_ text: String) -> String? {
        var code = ""
        var isGap = false
        for scalar in cut(text, to: mostRead).unicodeScalars {
            guard isOfCode(scalar) else {
                isGap = true
                continue
            }
            if isGap, !code.isEmpty { code.append("_") }
            isGap = false
            code.unicodeScalars.append(scalar)
            if code.utf8.count >= codeBytes { break }
        }
        return code.isEmpty ? nil : String(code.prefix(codeBytes))
    }

    /// The longest beginning of at most so many bytes that ends between two characters; of one character that is longer
    /// by itself, as many scalars as there is room for.
    package static func cut(_ text: String, to bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        let scalars = text.unicodeScalars
        var end = scalars.startIndex
        var count = 0
        while end < scalars.endIndex {
            let length = UTF8.width(scalars[end])
            if count + length > bytes { break }
            count += length
            end = scalars.index(after: end)
        }
        let kept = String(scalars[..<end])
        // Whether the next scalar would have belonged to the last character.
        guard end < scalars.endIndex, let last = kept.last, kept.count > 1 else { return kept }
        let joined = String(last) + String(Character(scalars[end]))
        return joined.count == 1 ? String(kept.dropLast()) : kept
    }

    private static func isOfCode(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".", ":": true
        default: false
        }
    }

    /// C0, DEL, C1, separators of lines and paragraphs, marks of direction, the byte order mark.
    package static func isUnfit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF:
            true
        default: false
        }
    }
}
