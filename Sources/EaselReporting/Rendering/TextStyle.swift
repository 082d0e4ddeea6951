/// How a text for people may look: which characters, how wide, with colour or without.
package struct TextStyle: Sendable, Hashable {
    /// Columns; nil: as wide as it gets.
    package var width: Int?
    /// Box drawing and other characters beyond ASCII.
    package var unicode: Bool
    /// Whether escape sequences may be used.
    package var colour: Bool

    /// What stands for the character ESC; a program that escapes what it prints sets something that it knows again.
    package var escape = "\u{1B}"

    package init(width: Int? = 80, unicode: Bool = true, colour: Bool = false, escape: String = "\u{1B}") {
        self.width = width
        self.unicode = unicode
        self.colour = colour
        self.escape = escape
    }

    private func painted(_ text: String, _ code: Int) -> String {
        colour ? "\(escape)[\(code)m\(text)\(escape)[0m" : text
    }

    /// For headings and totals.
    package func bold(_ text: String) -> String { painted(text, 1) }
    /// For lines and notes.
    package func dim(_ text: String) -> String { painted(text, 2) }
    /// For what failed.
    package func red(_ text: String) -> String { painted(text, 31) }
    /// For what wants attention.
    package func yellow(_ text: String) -> String { painted(text, 33) }
    /// For what is well.
    package func green(_ text: String) -> String { painted(text, 32) }

    /// Cut-off texts end in it.
    var ellipsis: String { unicode ? "…" : ".." }

    /// Words in lines that fit; lines after the first are set in.
    func wrapped(_ text: String) -> [String] {
        var lines = [""]
        for word in text.split(separator: " ") {
            let line = lines[lines.count - 1]
            if let width, !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(word) > width {
                lines.append("  " + word)
            } else {
                lines[lines.count - 1] = line.isEmpty ? String(word) : "\(line) \(word)"
            }
        }
        return lines
    }
}
