import EaselBase
import EaselCore

/// A report for people: a table in a box, and as Markdown.
package struct ReportText: Sendable {
    private let report: Report
    private let style: TextStyle
    /// For each column of money: as many decimals as its finest amount needs.
    private let decimals: [Int]
    /// Rows whose cost no provider confirmed get a mark.
    private let estimated: Int?

    package init(_ report: Report, style: TextStyle) {
        self.report = report
        self.style = style
        let all = report.rows + (report.totals.map { [$0] } ?? [])
        decimals = report.columns.indices.map { index in
            FigureText.decimals(all.compactMap { if case .money(let amount?) = $0[index] { amount } else { nil } })
        }
        estimated = report.columns.firstIndex { $0.key == "estimated_usd" }
    }

    /// The table with the data's quality and notes below it.
    package func table() -> String {
        var text = style.wrapped(heading).map { style.bold($0) + "\n" }.joined()
        var hidden: [String] = []
        if report.rows.isEmpty {
            text += report.name == "budgets" ? "There are no budgets.\n" : "Nothing in this period.\n"
        } else {
            let plain = table(withBars: false).render(style)
            let barred = table(withBars: true).render(style)
            // Bars are for the eye; nothing else makes room for them.
            let hasRoom = barred.hidden == plain.hidden && ellipses(barred.text) == ellipses(plain.text)
            let rendering = hasRoom ? barred : plain
            text += rendering.text
            hidden = rendering.hidden
        }
        text += QualityText(report.dataQuality).lines(style)
        if marksEstimates { text += "* with a part estimated from the price book, not confirmed by a provider\n" }
        for note in report.notes {
            text += style.wrapped(DisplayWidth.sanitised(note, ascii: !style.unicode)).joined(separator: "\n") + "\n"
        }
        if !hidden.isEmpty {
            let note = "No room for: \(hidden.joined(separator: ", ")) (--json and --csv have them)"
            for line in style.wrapped(note) { text += style.dim(line) + "\n" }
        }
        return text
    }

    /// A table in Markdown with every column.
    package func markdown() -> String {
        var table = MarkdownTable(report.columns.map { ($0.title, $0.kind != .name) })
        for row in report.rows { table.add(cells(row)) }
        if let totals = report.totals { table.add(totalCells(totals)) }
        return "**\(heading)**\n\n" + table.text
    }

    /// What each column counts.
    package func definitions() -> String {
        report.columns.map { "\($0.key): \($0.definition)\n" }.joined()
    }

    private var heading: String {
        let from = LocalTime.text(report.from, timezone: report.timezone)
        let to = report.to == report.from ? "" : " to \(LocalTime.text(report.to, timezone: report.timezone))"
        let name = report.name.prefix(1).uppercased() + report.name.dropFirst()
        return DisplayWidth.sanitised("\(name) \(from)\(to) (\(report.timezone))", ascii: !style.unicode)
    }

    private var marksEstimates: Bool { report.rows.contains(where: isEstimated) }

    private func isEstimated(_ row: [Report.Cell]) -> Bool {
        guard let estimated, case .money(let amount?) = row[estimated] else { return false }
        return amount > .zero
    }

    private func totalCells(_ totals: [Report.Cell]) -> [String] {
        var texts = cells(totals)
        if report.columns.first?.kind == .name { texts[0] = "TOTAL" }
        // A total has no name in the other columns, and that is not "none".
        for (index, column) in report.columns.enumerated() where index > 0 && column.kind == .name { texts[index] = "" }
        return texts
    }

    private func table(withBars hasBars: Bool) -> TextTable {
        var table = TextTable(
            report.columns.map { column in
                let shortest = UsageQuery.Dimension(column.key)?.isWhole == true ? nil : 8
                return column.kind == .name
                    ? .text(column.title, importance: column.importance, shortest: shortest)
                    : .number(column.title, importance: column.importance)
            }
        )
        for row in report.rows { table.add(hasBars ? barred(cells(row), row) : cells(row)) }
        if let totals = report.totals { table.add(totalCells(totals), .total) }
        return table
    }

    private func ellipses(_ text: String) -> Int {
        text.split(separator: style.ellipsis, omittingEmptySubsequences: false).count
    }

    /// Columns of a bar.
    private static let barWidth = 8

    /// The texts of a row with bars behind those shares that are compared down the column.
    private func barred(_ texts: [String], _ row: [Report.Cell]) -> [String] {
        texts.indices.map { index in
            guard report.columns[index].isCompared, case .share(let share?) = row[index] else { return texts[index] }
            let bar = FigureText.bar(share, width: Self.barWidth, unicode: style.unicode)
            let rest = String(repeating: " ", count: max(0, Self.barWidth - DisplayWidth.of(bar)))
            return "\(texts[index]) \(bar)\(rest)"
        }
    }

    private func cells(_ row: [Report.Cell]) -> [String] {
        row.indices.map { index in
            var text = text(row[index], decimals[index])
            if report.columns[index].key == "hour", case .name(let name?) = row[index] {
                text = FigureText.hour(name, timezone: report.timezone)
            }
            guard marksEstimates, report.columns[index].key == "cost_usd" else { return text }
            return text + (isEstimated(row) ? "*" : " ")
        }
    }

    private func text(_ cell: Report.Cell, _ decimals: Int) -> String {
        let none = style.unicode ? "–" : "-"
        switch cell {
        case .name(let name): return name ?? none
        case .count(let number): return number.map { FigureText.count($0) } ?? none
        case .money(let amount): return amount.map { FigureText.dollars($0, decimals: decimals) } ?? none
        case .share(let share): return share.map { FigureText.percent($0) } ?? none
        case .change(let change): return change.map { ($0 > 0 ? "+" : "") + FigureText.change($0) } ?? none
        case .milliseconds(let time): return time.map { FigureText.latency(milliseconds: $0) } ?? none
        case .series(let numbers): return FigureText.sparkline(numbers, unicode: style.unicode)
        }
    }
}

extension Report {
    /// CSV with the keys of the columns; totals are left out, as a sum over the column would count everything twice.
    package func csv() -> String {
        var writer = CSVWriter()
        writer.head(columns.map(\.key))
        for row in rows { writer.write(row.map(\.csv)) }
        return writer.text
    }

    /// One JSON object a row and line.
    package func ndjson() -> String {
        rows.map { row in
            var text = JSONText()
            write(row, to: &text)
            return String(decoding: text.bytes, as: UTF8.self) + "\n"
        }
        .joined()
    }
}

extension Report.Cell {
    fileprivate var csv: CSVCell {
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
