import EaselBase
package import EaselCore

/// A usage report as JSON, as CSV and as a table. The figures are the report's; nothing is computed anew here but the
/// subtotals of a table.
package struct UsageReportRenderer: Sendable {
    private let report: UsageReport

    package init(_ report: UsageReport) {
        self.report = report
    }

    /// JSON as the outer contract has it (section 4): compact, keys sorted, money as decimal strings.
    package func json() -> [UInt8] { JSONText.bytes(of: UsageReportDocument(report)) }

    /// CSV: one line for each row with the same names as in JSON, `latency_ms_p50` and so on for the percentiles.
    ///
    /// The totals are left out, as a sum over the column would count everything twice.
    package func csv() -> String {
        var writer = CSVWriter()
        let figures = UsageFigures.columns.map(\.name)
        writer.head(report.query.groupBy.map(\.name) + figures)
        for row in report.rows {
            writer.write(row.group.map { .text($0) } + UsageFigures.columns.map { $0.value(row.figures).csv })
        }
        return writer.text
    }

    /// A table in Markdown with every figure.
    package func markdown() -> String {
        let fields = UsageFigures.columns
        let names = report.query.groupBy.map(\.title)
        var table = MarkdownTable(names.map { ($0, false) } + fields.map { ($0.name, true) })
        for row in report.rows { table.add(row.group.map { $0 ?? "–" } + fields.map { $0.value(row.figures).exact }) }
        let blanks = names.indices.map { $0 == 0 ? "**TOTAL**" : "" }
        table.add(blanks + fields.map { $0.value(report.totals).exact })
        return table.text
    }

    /// One JSON object for each row and line, as they stand in `rows`.
    package func ndjson() -> String {
        let document = UsageReportDocument(report)
        return report.rows
            .map { row in
                var text = JSONText()
                document.write(row, to: &text)
                return String(decoding: text.bytes, as: UTF8.self) + "\n"
            }
            .joined()
    }

    /// The box table for a terminal, with TOTAL, the data's quality and a legend below it.
    package func table(_ style: TextStyle) -> String {
        UsageReportTable(report, style: style).render()
    }
}

extension UsageFigures {
    /// The figures but latencies in the order of the contract, with the names that JSON and CSV use.
    static let fields: [(name: String, value: @Sendable (UsageFigures) -> FigureValue)] = [
        ("calls", { .count($0.calls) }),
        ("succeeded", { .count($0.succeeded) }),
        ("partial", { .count($0.partial) }),
        ("refused", { .count($0.refused) }),
        ("failed", { .count($0.failed) }),
        ("images", { .count($0.images) }),
        ("cost_usd", { .money($0.cost) }),
        ("estimated_usd", { .money($0.estimated) }),
        ("provider_usd", { .money($0.provider) }),
        ("reconciled_usd", { .money($0.reconciled) }),
        ("failovers", { .count($0.failovers) }),
        ("failover_cost_usd", { .money($0.failoverCost) }),
        ("hedges", { .count($0.hedges) }),
        ("hedge_cost_usd", { .money($0.hedgeCost) }),
        ("nsfw_images", { .count($0.nsfwImages) }),
        ("copyright_checked", { .count($0.copyrightChecked) }),
        ("copyright_flagged", { .count($0.copyrightFlagged) }),
        ("copyright_undetermined", { .count($0.copyrightUndetermined) }),
    ]

    /// In CSV with `latency_ms_` before their names, in JSON as an object of that name.
    static let latencies: [(name: String, value: @Sendable (UsageFigures) -> FigureValue)] = [
        ("p50", { .count($0.p50Ms) }),
        ("p90", { .count($0.p90Ms) }),
        ("p99", { .count($0.p99Ms) }),
    ]

    /// The columns of a flat table.
    static let columns = fields + latencies.map { (name: "latency_ms_\($0.name)", value: $0.value) }
}
