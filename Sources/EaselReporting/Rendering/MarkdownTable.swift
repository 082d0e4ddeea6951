/// A table in Markdown: every column, whatever its width.
struct MarkdownTable {
    private(set) var text = ""

    /// - Parameter columns: titles, and whether figures stand below them, which are aligned to the right.
    init(_ columns: [(title: String, isNumber: Bool)]) {
        add(columns.map(\.title))
        text += "|\(columns.map { $0.isNumber ? " ---: |" : " --- |" }.joined())\n"
    }

    /// Adds a row. Names come from callers: bars are escaped and control characters replaced.
    mutating func add(_ cells: [String]) {
        let safe = cells.map { cell in
            DisplayWidth.sanitised(cell, ascii: false)
                .split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
        }
        text += "| \(safe.joined(separator: " | ")) |\n"
    }
}
