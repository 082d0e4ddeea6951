/// How a text for people may look: which characters, how wide, with colour or without.
package struct TextStyle: Sendable, Hashable {
    /// Columns; nil: as wide as it gets.
    package var width: Int?
    /// Box drawing and other characters beyond ASCII.
    package var unicode: Bool
    /// Whether escape sequences may be used.
    package var colour: Bool

    package init(width: Int? = 80, unicode: Bool = true, colour: Bool = false) {
        self.width = width
        self.unicode = unicode
        self.colour = colour
    }

    /// For headings and totals.
    package func bold(_ text: String) -> String { colour ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
    /// For lines and notes.
    package func dim(_ text: String) -> String { colour ? "\u{1B}[2m\(text)\u{1B}[0m" : text }
    /// For what failed.
    package func red(_ text: String) -> String { colour ? "\u{1B}[31m\(text)\u{1B}[0m" : text }
    /// For what wants attention.
    package func yellow(_ text: String) -> String { colour ? "\u{1B}[33m\(text)\u{1B}[0m" : text }
    /// For what is well.
    package func green(_ text: String) -> String { colour ? "\u{1B}[32m\(text)\u{1B}[0m" : text }

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
