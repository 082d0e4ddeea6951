import EaselBase
package import EaselCore

/// A report for people: a table in a box, and as Markdown.
package struct ReportText: Sendable {
    private let report: Report
    private let look: ReportLook
    private let style: TextStyle
    private let cells: ReportCells

    package init(_ report: Report, style: TextStyle) {
        self.report = report
        self.style = style
        look = ReportLook.of(report)
        cells = ReportCells(report, sharesDecimals: look.sharesDecimals, unicode: style.unicode)
    }

    /// The table with the data's quality and notes below it.
    package func table() -> String {
        var text = style.wrapped(heading).map { style.bold($0) + "\n" }.joined()
        let rows = ReportRows(report, look.arrangement, cells)
        var hidden: [String] = []
        if rows.isEmpty {
            text += look.nothing + "\n"
        } else {
            let rendering = rendering(rows)
            text += rendering.text
            hidden = rendering.hidden
        }
        if look.hasQuality { text += QualityText(report.dataQuality).lines(style) }
        if let note = estimateNote { text += lines(note) }
        for note in report.notes { text += lines(note, isDim: look.isDim) }
        if !hidden.isEmpty {
            text += lines("No room for: \(hidden.joined(separator: ", ")) (--json and --csv have them)", isDim: true)
        }
        return text
    }

    /// A table in Markdown with every column.
    package func markdown() -> String {
        guard !look.isExact else { return cells.exactMarkdown() }
        var table = MarkdownTable(report.columns.map { ($0.title, $0.kind != .name) })
        for row in report.rows { table.add(cells.texts(row)) }
        if let totals = report.totals { table.add(cells.totals(totals)) }
        return "**\(heading)**\n\n" + table.text
    }

    /// What each column counts.
    package func definitions() -> String {
        report.columns.map { "\($0.key): \($0.definition)\n" }.joined()
    }

    // MARK: - Around the table

    private var heading: String {
        let text =
            switch report.name {
            case Report.shadow: "Shadows of calls from \(report.from) to \(report.to)"
            case Report.usage where report.groupCount > 0:
                "\(period) by \(report.columns.prefix(report.groupCount).map(\.key).joined(separator: ", "))"
            default: period
            }
        return DisplayWidth.sanitised(text, ascii: !style.unicode)
    }

    /// `Latency 2026-11-01 00:00 to 2026-11-08 00:00 (UTC)`.
    private var period: String {
        let from = LocalTime.text(report.from, timezone: report.timezone)
        let to = report.to == report.from ? "" : " to \(LocalTime.text(report.to, timezone: report.timezone))"
        let name = report.name.prefix(1).uppercased() + report.name.dropFirst()
        return "\(name) \(from)\(to) (\(report.timezone))"
    }

    /// What the mark on a cost means. Shadows, whose costs belong to two providers, say it among their notes.
    private var estimateNote: String? {
        guard cells.marksEstimates, report.name != Report.shadow else { return nil }
        let amount = report.name == Report.usage ? cells.totalEstimate : "a part"
        return "* with \(amount) estimated from the price book, not confirmed by a provider"
    }

    private func lines(_ note: String, isDim: Bool = false) -> String {
        style.wrapped(DisplayWidth.sanitised(note, ascii: !style.unicode))
            .map { (isDim ? style.dim($0) : $0) + "\n" }.joined()
    }

    // MARK: - The table

    private func rendering(_ rows: ReportRows) -> TextTable.Rendering {
        let plain = rows.table(withBars: false).render(style)
        guard report.columns.contains(where: \.isCompared) else { return plain }
        let barred = rows.table(withBars: true).render(style)
        // Bars are for the eye; nothing else makes room for them.
        let hasRoom = barred.hidden == plain.hidden && ellipses(barred.text) == ellipses(plain.text)
        return hasRoom ? barred : plain
    }

    private func ellipses(_ text: String) -> Int {
        text.split(separator: style.ellipsis, omittingEmptySubsequences: false).count
    }
}

extension Report.Column {
    /// Whether it holds shares of one whole, or of limits: rows are compared by their size.
    var isCompared: Bool { kind == .share && (key == "share" || key == "used") }
}

extension Report {
    /// CSV with the keys of the columns; totals are left out, as a sum over the column would count everything twice.
    package func csv() -> String {
        var writer = CSVWriter()
        writer.head(columns.map(\.key))
        for row in rows { writer.write(row.map(\.csv)) }
        return writer.text
    }
}

extension Report.Cell {
    var csv: CSVCell {
        switch self {
        case .name(let name): .text(name)
        case .count(let number): .integer(number)
        case .money(let amount): .money(amount)
        case .share(let number), .change(let number): .rounded(number, places: 6)
        case .milliseconds(let number): .rounded(number, places: 3)
        case .series(let numbers): .text(numbers.map { String($0) }.joined(separator: " "))
        }
    }
}
