import EaselBase
import EaselCore

/// Lays a usage report out as a table: with two dimensions or more, the first one heads a group with a subtotal, and
/// its rows hang below it.
struct UsageReportTable {
    private let report: UsageReport
    private let style: TextStyle
    private let decimals: Int
    private let marksEstimates: Bool

    init(_ report: UsageReport, style: TextStyle) {
        self.report = report
        self.style = style
        let figures = report.rows.map(\.figures) + [report.totals]
        decimals = FigureText.decimals(figures.flatMap { [$0.cost, $0.estimated, $0.reconciled, $0.failoverCost] })
        marksEstimates = figures.contains { $0.estimated > .zero }
    }

    func render() -> String {
        var text = style.wrapped(heading).map { style.bold($0) + "\n" }.joined()
        var hidden: [String] = []
        if report.rows.isEmpty {
            text += "No calls in this period.\n"
        } else {
            let rendering = table().render(style)
            text += rendering.text
            hidden = rendering.hidden
        }
        text += QualityText(report.dataQuality).lines(style)
        if marksEstimates {
            let amount = FigureText.dollars(report.totals.estimated, decimals: decimals)
            let legend = "* with $\(amount) estimated from the price book, not confirmed by a provider"
            text += style.wrapped(legend).joined(separator: "\n") + "\n"
        }
        if !hidden.isEmpty {
            let note = "No room for: \(hidden.joined(separator: ", ")) (--json and --csv have them)"
            for line in style.wrapped(note) { text += style.dim(line) + "\n" }
        }
        return text
    }

    private var heading: String {
        let names = report.query.groupBy.map(\.name).joined(separator: ", ")
        let zone = report.query.timezone
        let from = LocalTime.text(report.query.from, timezone: zone)
        let to = LocalTime.text(report.query.to, timezone: zone)
        let text = "Usage \(from) to \(to) (\(zone))" + (names.isEmpty ? "" : " by \(names)")
        return DisplayWidth.sanitised(text, ascii: !style.unicode)
    }

    // MARK: - Rows

    private func table() -> TextTable {
        let dimensions = report.query.groupBy.map { dimension in
            TextTable.Column.text(dimension.title, shortest: dimension.isWhole ? nil : 8)
        }
        let names = dimensions.isEmpty ? [TextTable.Column.text("")] : dimensions
        var table = TextTable(names + Self.figureColumns)
        if names.count < 2 {
            for row in report.rows { table.add(label(row.group, names.count) + cells(row.figures)) }
        } else {
            for branch in branches() {
                if let only = branch.rows.first, branch.rows.count == 1 {
                    table.add(label(only.group, names.count) + cells(only.figures))
                    continue
                }
                let blanks = Array(repeating: "", count: names.count - 1)
                let subtotal = UsageFigures.sum(branch.rows.map(\.figures))
                table.add([branch.name] + blanks + cells(subtotal, latency: false))
                for (index, row) in branch.rows.enumerated() {
                    let label = [""] + row.group.indices.dropFirst().map { shown(row.group[$0], at: $0) }
                    table.add(label + cells(row.figures), .sub(last: index == branch.rows.count - 1))
                }
            }
        }
        let blanks = Array(repeating: "", count: names.count - 1)
        table.add(["TOTAL"] + blanks + cells(report.totals), .total)
        return table
    }

    private func label(_ group: [String?], _ columns: Int) -> [String] {
        group.isEmpty ? ["all"] : group.indices.prefix(columns).map { shown(group[$0], at: $0) }
    }

    /// What a row's dimension is called for people.
    private func shown(_ name: String?, at index: Int) -> String {
        guard let name else { return none }
        return report.query.groupBy[index] == .hour ? FigureText.hour(name, timezone: report.query.timezone) : name
    }

    /// Rows by the value of the first dimension, both in the order of the report.
    private func branches() -> [(name: String, rows: [UsageReport.Row])] {
        var order: [String?] = []
        var rows: [String?: [UsageReport.Row]] = [:]
        for row in report.rows {
            let key = row.group.first ?? nil
            if rows[key] == nil { order.append(key) }
            rows[key, default: []].append(row)
        }
        return order.map { (shown($0, at: 0), rows[$0] ?? []) }
    }

    /// The most important columns stand at 80 characters; the others come as there is room.
    private static let figureColumns: [TextTable.Column] = [
        .number("Calls"),
        .number("OK", importance: 5),
        .number("Partial", importance: 9),
        .number("Refused", importance: 4),
        .number("Failed", importance: 3),
        .number("Images", importance: 1),
        .number("Cost USD"),
        .number("Said by provider", importance: 14),
        .number("Reconciled USD", importance: 13),
        .number("Failovers", importance: 6),
        .number("Failover USD", importance: 10),
        .number("NSFW", importance: 2),
        .number("Copyr. checked", importance: 11),
        .number("Copyr. flagged", importance: 7),
        .number("Copyr. unclear", importance: 12),
        .number("p50 s", importance: 2),
        .number("p90 s", importance: 8),
        .number("p99 s", importance: 3),
    ]

    private func cells(_ figures: UsageFigures, latency: Bool = true) -> [String] {
        func seconds(_ milliseconds: Int?) -> String {
            latency ? FigureText.seconds(milliseconds: milliseconds, none: none) : ""
        }
        let mark = figures.estimated > .zero ? "*" : marksEstimates ? " " : ""
        return [
            FigureText.count(figures.calls),
            FigureText.count(figures.succeeded),
            FigureText.count(figures.partial),
            FigureText.count(figures.refused),
            FigureText.count(figures.failed),
            FigureText.count(figures.images),
            FigureText.dollars(figures.cost, decimals: decimals) + mark,
            FigureText.dollars(figures.provider, decimals: decimals),
            FigureText.dollars(figures.reconciled, decimals: decimals),
            FigureText.count(figures.failovers),
            FigureText.dollars(figures.failoverCost, decimals: decimals),
            FigureText.count(figures.nsfwImages),
            FigureText.count(figures.copyrightChecked),
            FigureText.count(figures.copyrightFlagged),
            FigureText.count(figures.copyrightUndetermined),
            seconds(figures.p50Ms),
            seconds(figures.p90Ms),
            seconds(figures.p99Ms),
        ]
    }

    private var none: String { style.unicode ? "–" : "-" }
}
