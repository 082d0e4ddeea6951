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
        let figures = UsageFigures.fields.map(\.name)
        writer.write(report.query.groupBy.map(\.name) + figures)
        for row in report.rows {
            writer.write(row.group.map { $0 ?? "" } + UsageFigures.fields.map { $0.text(row.figures) })
        }
        return writer.text
    }

    /// A table in Markdown with every figure.
    package func markdown() -> String {
        let fields = UsageFigures.fields
        let names = report.query.groupBy.map(\.title)
        var table = MarkdownTable(names.map { ($0, false) } + fields.map { ($0.name, true) })
        for row in report.rows { table.add(row.group.map { $0 ?? "–" } + fields.map { $0.text(row.figures) }) }
        let blanks = names.indices.map { $0 == 0 ? "**TOTAL**" : "" }
        table.add(blanks + fields.map { $0.text(report.totals) })
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
    /// The figures in the order of the contract, with the names that JSON and CSV use.
    static let fields: [(name: String, text: @Sendable (UsageFigures) -> String)] = [
        ("calls", { String($0.calls) }),
        ("succeeded", { String($0.succeeded) }),
        ("partial", { String($0.partial) }),
        ("refused", { String($0.refused) }),
        ("failed", { String($0.failed) }),
        ("images", { String($0.images) }),
        ("cost_usd", { $0.cost.usd }),
        ("estimated_usd", { $0.estimated.usd }),
        ("provider_usd", { $0.provider.usd }),
        ("reconciled_usd", { $0.reconciled.usd }),
        ("failovers", { String($0.failovers) }),
        ("failover_cost_usd", { $0.failoverCost.usd }),
        ("hedges", { String($0.hedges) }),
        ("hedge_cost_usd", { $0.hedgeCost.usd }),
        ("nsfw_images", { String($0.nsfwImages) }),
        ("copyright_checked", { String($0.copyrightChecked) }),
        ("copyright_flagged", { String($0.copyrightFlagged) }),
        ("copyright_undetermined", { String($0.copyrightUndetermined) }),
        ("latency_ms_p50", { $0.p50Ms.map { String($0) } ?? "" }),
        ("latency_ms_p90", { $0.p90Ms.map { String($0) } ?? "" }),
        ("latency_ms_p99", { $0.p99Ms.map { String($0) } ?? "" }),
    ]
}
