import EaselBase
package import EaselCore

extension ReportBuilder {
    // MARK: - Shadows

    /// One side of a pair: two rows of the report.
    private struct Half {
        let pair: ShadowReport.Row
        let isShadow: Bool

        var side: ShadowSide { isShadow ? pair.shadow : pair.primary }
    }

    package static func shadow(_ report: ShadowReport) -> Report {
        let halves = report.rows.flatMap { [Half(pair: $0, isShadow: false), Half(pair: $0, isShadow: true)] }
        return shadow(report.query, halves.map { half in shadowColumns.map { $0.cell(half) } })
    }

    /// - Parameter rows: the two sides of each pair behind each other, with a cell for each of `shadowColumns`.
    static func shadow(_ query: ShadowQuery, _ rows: [[Report.Cell]]) -> Report {
        var report = Report(
            name: Report.shadow,
            from: query.from,
            to: query.to,
            timezone: "UTC",
            columns: shadowColumns.map(\.column),
            rows: rows,
            totals: nil,
            dataQuality: DataQuality()
        )
        report.policy = query.policy
        report.notes = shadowNotes(report)
        return report
    }

    private static func shadowNotes(_ report: Report) -> [String] {
        guard !report.rows.isEmpty else { return [] }
        func sum(_ cells: some Sequence<Report.Cell>) -> Int {
            cells.reduce(0) { if case .count(let number?) = $1 { $0 + number } else { $0 } }
        }
        var notes = ["One request each: the first of a call, and its shadow. Latencies are of requests that delivered."]
        let isEstimated = report.cells(of: "estimated_usd")
            .contains { if case .money(let amount?) = $0 { amount > .zero } else { false } }
        if isEstimated { notes.append("* with a part that no provider confirmed") }
        let unpriced = sum(report.cells(of: "unpriced"))
        if unpriced > 0 {
            notes.append(
                "costs leave out \(FigureText.count(unpriced)) request\(unpriced == 1 ? "" : "s") of unknown cost"
            )
        }
        // Both sides of a pair have it.
        let pending = sum(report.cells(of: "pending")) / 2
        if pending > 0 { notes.append("\(FigureText.count(pending)) still under way") }
        return notes
    }

    /// The first of them tell a pair, `side` its side; the figures follow.
    private static let shadowColumns: [FigureColumn<Half>] =
        [
            name("policy", "Policy", importance: 6, "The policy whose shadow it is.") { $0.pair.policy },
            name("model", "Model", importance: 5, "The model that was requested.") { $0.pair.model },
            name("primary_provider", "Primary", form: .data, "The provider of the call's first attempt.") {
                $0.pair.primaryProvider
            },
            name("shadow_provider", "Shadow", form: .data, "The provider that the request was also sent to.") {
                $0.pair.shadowProvider
            },
            count("compared", "Calls", "Calls that are settled and whose shadow has ended.") { $0.pair.compared },
            count("pending", "Pending", form: .data, "Calls or shadows that are still under way.") { $0.pair.pending },
            name("side", "Side", form: .data, "primary or shadow.") { $0.isShadow ? "shadow" : "primary" },
        ]
        + ShadowField.allCases.map { field in FigureColumn(field.figure.column) { $0.side.cell(field) } }

    private static func name(
        _ key: String,
        _ title: String,
        importance: Int = 0,
        form: Report.Column.Form = .plain,
        _ definition: String,
        _ value: @escaping @Sendable (Half) -> String
    ) -> FigureColumn<Half> {
        FigureColumn(Report.Column(key, title, .name, importance: importance, form: form, definition)) {
            .name(value($0))
        }
    }

    private static func count(
        _ key: String,
        _ title: String,
        form: Report.Column.Form = .plain,
        _ definition: String,
        _ value: @escaping @Sendable (Half) -> Int
    ) -> FigureColumn<Half> {
        FigureColumn(Report.Column(key, title, .count, form: form, definition)) { .count(value($0)) }
    }

    /// The columns of a pair, and those of each of its sides.
    static let shadowPair = shadowColumns.map(\.column).prefix { $0.key != "side" }
    package static let shadowSide = shadowColumns.map(\.column).drop { $0.key != "side" }.dropFirst()
}
