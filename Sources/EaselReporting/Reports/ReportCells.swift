import EaselBase
import EaselCore

/// The cells of a report as people read them.
struct ReportCells: Sendable {
    private let report: Report
    private let unicode: Bool
    /// For each column of money: as many decimals as its finest amount needs.
    private let decimals: [Int]
    /// The column whose amounts no provider confirmed, which puts a mark on the cost.
    private let estimated: Int?
    let marksEstimates: Bool

    init(_ report: Report, sharesDecimals: Bool, unicode: Bool) {
        self.report = report
        self.unicode = unicode
        let all = report.rows + (report.totals.map { [$0] } ?? [])
        let each = report.columns.indices.map { index in
            FigureText.decimals(all.lazy.compactMap { if case .money(let amount?) = $0[index] { amount } else { nil } })
        }
        decimals = sharesDecimals ? each.map { _ in each.max() ?? 2 } : each
        let estimated = report.columns.firstIndex { $0.key == UsageField.estimated.figure.column.key }
        self.estimated = estimated
        marksEstimates = all.contains { Self.isEstimated($0, estimated) }
    }

    /// One text for each column.
    func texts(_ row: [Report.Cell]) -> [String] {
        row.indices.map { index in
            let column = report.columns[index]
            var text = text(row[index], column.form, decimals[index])
            if column.key == UsageQuery.Dimension.hour.name, case .name(let name?) = row[index] {
                text = FigureText.hour(name, timezone: report.timezone)
            }
            guard marksEstimates, column.key == UsageField.cost.figure.column.key else { return text }
            return text + (Self.isEstimated(row, estimated) ? "*" : " ")
        }
    }

    func totals(_ row: [Report.Cell]) -> [String] {
        var texts = texts(row)
        // A total has no name, and that is not "none".
        for (index, column) in report.columns.enumerated() where column.kind == .name {
            texts[index] = index == 0 ? "TOTAL" : ""
        }
        return texts
    }

    /// What rows of one group have together, under its name; what is no sum is left blank.
    func subtotal(_ rows: [[Report.Cell]]) -> [String] {
        guard var sum = rows.first else { return [] }
        for row in rows.dropFirst() { for index in sum.indices { sum[index] = sum[index] + row[index] } }
        var texts = texts(sum)
        for (index, column) in report.columns.enumerated() where index > 0 {
            switch column.kind {
            case .count, .money: break
            default: texts[index] = ""
            }
        }
        return texts
    }

    /// Columns of a bar.
    private static let barWidth = 8

    /// The texts of a row with bars behind those shares that are compared down the column.
    func barred(_ row: [Report.Cell]) -> [String] {
        let texts = texts(row)
        return texts.indices.map { index in
            guard report.columns[index].isCompared, case .share(let share?) = row[index] else { return texts[index] }
            let bar = FigureText.bar(share, width: Self.barWidth, unicode: unicode)
            let rest = String(repeating: " ", count: max(0, Self.barWidth - DisplayWidth.of(bar)))
            return "\(texts[index]) \(bar)\(rest)"
        }
    }

    /// The part of the whole cost that no provider confirmed.
    var totalEstimate: String {
        guard let estimated, let totals = report.totals, case .money(let amount?) = totals[estimated] else {
            return "a part"
        }
        return "$" + FigureText.dollars(amount, decimals: decimals[estimated])
    }

    /// A table in Markdown with exact figures under their names in JSON.
    func exactMarkdown() -> String {
        var table = MarkdownTable(
            report.columns.map { $0.kind == .name ? ($0.title, false) : ($0.key, true) }
        )
        for row in report.rows { table.add(row.map(exact)) }
        if let totals = report.totals {
            table.add(
                zip(report.columns.indices, totals).map { index, cell in
                    report.columns[index].kind != .name ? exact(cell) : index == 0 ? "**TOTAL**" : ""
                }
            )
        }
        return table.text
    }

    // MARK: - One cell

    private static func isEstimated(_ row: [Report.Cell], _ estimated: Int?) -> Bool {
        guard let estimated, case .money(let amount?) = row[estimated] else { return false }
        return amount > .zero
    }

    private func text(_ cell: Report.Cell, _ form: Report.Column.Form, _ decimals: Int) -> String {
        let none = unicode ? "–" : "-"
        switch cell {
        case .name(let name): return name ?? none
        case .count(let number): return number.map { FigureText.count($0) } ?? none
        case .money(let amount): return amount.map { FigureText.dollars($0, decimals: decimals) } ?? none
        case .share(let share): return share.map { FigureText.percent($0) } ?? none
        case .change(let change): return change.map { ($0 > 0 ? "+" : "") + FigureText.change($0) } ?? none
        case .milliseconds(let time) where form == .seconds:
            return FigureText.seconds(milliseconds: time.map { Int(saturating: $0) }, none: none)
        case .milliseconds(let time): return time.map { FigureText.latency(milliseconds: $0) } ?? none
        case .series(let numbers): return FigureText.sparkline(numbers, unicode: unicode)
        }
    }

    private func exact(_ cell: Report.Cell) -> String {
        switch cell {
        case .name(let name): name ?? "–"
        case .count(let number): number.map { String($0) } ?? ""
        case .money(let amount): amount?.usd ?? ""
        case .share(let number), .change(let number), .milliseconds(let number):
            number.map { Int64(exactly: $0).map { String($0) } ?? String($0) } ?? ""
        case .series(let numbers): numbers.map { String($0) }.joined(separator: " ")
        }
    }
}

extension Report.Cell {
    /// The sum of what adds up; of everything else the first.
    fileprivate static func + (left: Self, right: Self) -> Self {
        switch (left, right) {
        case (.count(let first?), .count(let second?)):
            .count(Int(Int64(first).addingSaturating(Int64(second))))
        case (.money(let first?), .money(let second?)): .money(first + second)
        case (.count(nil), .count), (.money(nil), .money): right
        default: left
        }
    }
}
