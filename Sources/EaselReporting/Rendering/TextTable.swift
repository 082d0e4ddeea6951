/// A table in a box, for people: it fits a given width by shortening names and by leaving out the least important
/// columns, and says which ones it left out.
package struct TextTable: Sendable {
    /// A column: its title, and how it gives way when there is no room.
    package struct Column: Sendable {
        /// Where a cell's text stands.
        package enum Alignment: Sendable { case left, right }

        /// Stands above the column.
        package let title: String
        /// Figures stand to the right.
        package let alignment: Alignment
        /// 0 is never left out; of the others the highest goes first.
        package let importance: Int
        /// Texts may be cut down to this many columns; nil: never.
        package let shortest: Int?

        /// A column of names.
        package static func text(_ title: String, importance: Int = 0, shortest: Int? = 8) -> Column {
            Column(title: title, alignment: .left, importance: importance, shortest: shortest)
        }

        /// A column of figures: aligned to the right and never cut.
        package static func number(_ title: String, importance: Int = 0) -> Column {
            Column(title: title, alignment: .right, importance: importance, shortest: nil)
        }
    }

    /// How a row stands among the others.
    package enum RowKind: Sendable {
        case normal
        /// Belongs to the row above; `last` closes the branch.
        case sub(last: Bool)
        /// Set apart by a rule.
        case total
    }

    private struct Row {
        let kind: RowKind
        let cells: [String]
    }

    /// A table's text and the titles of the columns that had no room.
    package struct Rendering: Sendable, Hashable {
        /// Lines, with a newline at the end.
        package let text: String
        /// Titles, in the order of the columns.
        package let hidden: [String]

        /// What to say about the columns that had no room; nil where all are shown. Everything that prints a table says it
        /// in these words. `place`: what has them, such as `--json`.
        package func roomNote(_ place: String) -> String? {
            // A column without a title draws another one.
            let names = hidden.filter { !$0.isEmpty }
            return names.isEmpty ? nil : "No room for: \(names.joined(separator: ", ")) (\(place))"
        }
    }

    private let columns: [Column]
    private var rows: [Row] = []

    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row with one cell for each column.
    package mutating func add(_ cells: [String], _ kind: RowKind = .normal) {
        precondition(cells.count == columns.count, "a row has one cell for each column")
        rows.append(Row(kind: kind, cells: cells))
    }

    /// The table with a newline at its end.
    package func render(_ style: TextStyle) -> Rendering {
        let cells = rows.map { row in
            row.cells.enumerated()
                .map { index, text in
                    let branch = index == 0 ? Self.branch(row.kind, unicode: style.unicode) : ""
                    return branch + DisplayWidth.sanitised(text, ascii: !style.unicode)
                }
        }
        let titles = columns.map { DisplayWidth.sanitised($0.title, ascii: !style.unicode) }
        let natural = columns.indices.map { index in
            ([titles[index]] + cells.map { $0[index] }).map { DisplayWidth.of($0) }.max() ?? 0
        }
        let isTooWide = style.width.map { Self.width(of: natural) > $0 } ?? false
        // Names are compared only where they are to be cut.
        let cuts = columns.indices.map { index in
            isTooWide ? NameCut(cells.map { $0[index] }, columns[index], style) : .atEnd
        }
        let layout = Self.layout(columns, natural: natural, floors: cuts.map(\.floor), width: style.width)
        let text = Painter(columns: columns, layout: layout, cuts: cuts, style: style).paint(
            titles,
            rows.map(\.kind),
            cells
        )
        let shown = Set(layout.map(\.column))
        return Rendering(text: text, hidden: columns.indices.filter { !shown.contains($0) }.map { titles[$0] })
    }

    private static func branch(_ kind: RowKind, unicode: Bool) -> String {
        guard case .sub(let last) = kind else { return "" }
        return unicode ? (last ? " └─ " : " ├─ ") : (last ? " `- " : " |- ")
    }

    // MARK: - Widths

    struct Placed: Equatable {
        let column: Int
        var width: Int
    }

    /// With its bars and blanks.
    private static func width(of columns: some Sequence<Int>) -> Int { columns.reduce(1) { $0 + $1 + 3 } }

    /// The columns that are shown and their widths. Shortening comes before leaving out; when nothing helps any more
    /// the table is wider than asked for.
    ///
    /// `floors`: how far a column's names can be cut and are still told apart; below that only where nothing else helps.
    static func layout(_ columns: [Column], natural: [Int], floors: [Int?] = [], width: Int?) -> [Placed] {
        let kept = placed(columns, natural: natural, floors: floors, width: width)
        guard let width, !floors.isEmpty, Self.width(of: kept.map(\.width)) > width else { return kept }
        return placed(columns, natural: natural, floors: [], width: width)
    }

    private static func placed(_ columns: [Column], natural: [Int], floors: [Int?], width: Int?) -> [Placed] {
        var shown = Array(columns.indices)
        while true {
            var placed = shown.map { Placed(column: $0, width: natural[$0]) }
            guard let width else { return placed }
            var excess = placed.reduce(1) { $0 + $1.width + 3 } - width
            while excess > 0, let widest = widestShortenable(placed, columns, floors) {
                placed[widest].width -= 1
                excess -= 1
            }
            let leastImportant = shown.filter { columns[$0].importance > 0 }
                .max { (columns[$0].importance, $0) < (columns[$1].importance, $1) }
            guard excess > 0, let leastImportant else { return placed }
            shown.removeAll { $0 == leastImportant }
        }
    }

    private static func widestShortenable(_ placed: [Placed], _ columns: [Column], _ floors: [Int?]) -> Int? {
        placed.indices
            .filter { index in
                let column = columns[placed[index].column]
                let floor = floors.isEmpty ? nil : floors[placed[index].column]
                return column.shortest.map {
                    placed[index].width > max($0, floor ?? 0, DisplayWidth.of(column.title))
                } ?? false
            }
            .max { placed[$0].width < placed[$1].width }
    }
}

/// Draws the box around placed cells.
private struct Painter {
    let columns: [TextTable.Column]
    let layout: [TextTable.Placed]
    let cuts: [NameCut]
    let style: TextStyle

    func paint(_ titles: [String], _ kinds: [TextTable.RowKind], _ cells: [[String]]) -> String {
        var lines = [rule(.top), line(titles) { style.bold($0) }, rule(.middle)]
        for (index, kind) in kinds.enumerated() {
            if case .total = kind {
                if index > 0 { lines.append(rule(.middle)) }
                lines.append(line(cells[index]) { style.bold($0) })
            } else {
                lines.append(line(cells[index]) { $0 })
            }
        }
        return (lines + [rule(.bottom)]).joined(separator: "\n") + "\n"
    }

    private func line(_ cells: [String], paint: (String) -> String) -> String {
        let bar = style.dim(style.unicode ? "│" : "|")
        let padded = layout.map { place in
            let text = cuts[place.column].shortened(cells[place.column], to: place.width, ellipsis: style.ellipsis)
            let gap = String(repeating: " ", count: max(0, place.width - DisplayWidth.of(text)))
            // Colours go around the text after it was measured: escape sequences take no columns.
            let painted = text.isEmpty ? "" : paint(text)
            return columns[place.column].alignment == .right ? gap + painted : painted + gap
        }
        return bar + " " + padded.joined(separator: " \(bar) ") + " " + bar
    }

    private enum Rule { case top, middle, bottom }

    private func rule(_ rule: Rule) -> String {
        let (left, cross, right) =
            switch (style.unicode, rule) {
            case (false, _): ("+", "+", "+")
            case (true, .top): ("┌", "┬", "┐")
            case (true, .middle): ("├", "┼", "┤")
            case (true, .bottom): ("└", "┴", "┘")
            }
        let dashes = layout.map { String(repeating: style.unicode ? "─" : "-", count: $0.width + 2) }
        return style.dim(left + dashes.joined(separator: cross) + right)
    }
}
