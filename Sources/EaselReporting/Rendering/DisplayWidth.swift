import EaselBase

/// How many columns a text takes on a terminal, and texts made safe for one.
package enum DisplayWidth {
    /// The columns of a text without control characters: 2 for wide characters and emoji, 0 for combining marks.
    package static func of(_ text: some StringProtocol) -> Int {
        // Almost every cell is ASCII, where a byte is a column.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width($1) }
    }

    /// The text with control and direction characters shown as escapes, which could paint over other cells or send the
    /// terminal commands; in ASCII when asked for, with `?` for what ASCII has not.
    package static func sanitised(_ text: String, ascii: Bool) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
        let safe = Printable.line(text)
        return ascii ? String(safe.map { $0.isASCII ? $0 : "?" }) : safe
    }

    /// The longest beginning that fits, with an ellipsis when something is cut off.
    package static func truncated(_ text: String, to width: Int, ellipsis: String) -> String {
        guard of(text) > width else { return text }
        var result = ""
        var used = of(ellipsis)
        for character in text {
            used += Self.width(character)
            if used > width { break }
            result.append(character)
        }
        return result + ellipsis
    }

    /// The same with the middle left out: names often differ in their ends (`ideogram-3.0`, `ideogram-4.0`).
    package static func truncatedInside(_ text: String, to width: Int, ellipsis: String) -> String {
        guard of(text) > width else { return text }
        let room = max(0, width - of(ellipsis))
        let head = fitting(text, in: (room + 1) / 2)
        let tail = fitting(text.reversed(), in: room - of(String(head)))
        return String(head) + ellipsis + String(tail.reversed())
    }

    /// The first characters that fit.
    private static func fitting(_ characters: some Sequence<Character>, in width: Int) -> [Character] {
        var used = 0
        return Array(
            characters.prefix { character in
                used += Self.width(character)
                return used <= width
            }
        )
    }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        // A variation selector 16 asks for the emoji form of a character, which is wide.
        if character.unicodeScalars.contains("\u{FE0F}") || first.properties.isEmojiPresentation { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return wide.contains { $0.contains(first.value) } ? 2 : 1
        }
    }

    /// Blocks of East Asian width W and F (UAX 11), emoji apart.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
        0x17000...0x18CFF, 0x1B000...0x1B2FF, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
