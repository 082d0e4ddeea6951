/// Text from elsewhere made fit for a terminal: what would move the cursor, colour, hide or turn text round is shown as an
/// escape of JSON (`\u001b`), so that a document which takes this way by mistake keeps its meaning.
package enum Printable {
    /// Escapes everything that does not print; line breaks and tabs stay.
    package static func text(_ text: String) -> String { escaped(text, keepsLines: true) }

    /// The same for a text that must stay on its line: a name, a prompt, a cell.
    package static func line(_ text: String) -> String { escaped(text, keepsLines: false) }

    private static func escaped(_ text: String, keepsLines: Bool) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
        var result = String.UnicodeScalarView()
        let scalars = text.unicodeScalars
        for index in scalars.indices {
            let scalar = scalars[index]
            // The CR of CRLF belongs to the line's end; alone it would let text be painted over.
            let next = scalars.index(after: index)
            let isEnd = scalar == "\r" && next < scalars.endIndex && scalars[next] == "\n"
            if keepsLines && (scalar == "\n" || scalar == "\t" || isEnd) || !isUnsafe(scalar) {
                result.append(scalar)
            } else {
                result.append(contentsOf: escape(scalar).unicodeScalars)
            }
        }
        return String(result)
    }

    /// `\n`, `\t` and `\r`, or `\u` and four hexadecimal digits for each UTF-16 unit.
    package static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        return String(scalar).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }.joined()
    }

    /// Control characters (C0, DEL, C1), line and paragraph separators, marks that turn the direction of text, characters
    /// that show nothing but divide or tag text, and what Unicode has not given to anybody.
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: false
        case 0...0x1F, 0x7F...0x9F, 0xAD, 0x061C, 0x180E, 0x200B, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x206F,
            0xFEFF, 0xFFF9...0xFFFB, 0xFDD0...0xFDEF, 0xE0000...0xE007F:
            // E0020 to E007F stand in the flags of regions of countries; a tag elsewhere is hidden text.
            true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }
}
