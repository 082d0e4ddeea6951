import EaselBase
import EaselCore

/// Lays a comparison of shadows out as a table: the first provider of each pair, and its shadow below it.
struct ShadowReportTable {
    private let report: ShadowReport
    private let style: TextStyle
    private let decimals: Int
    private let marksEstimates: Bool

    init(_ report: ShadowReport, style: TextStyle) {
        self.report = report
        self.style = style
        let sides = report.rows.flatMap { [$0.primary, $0.shadow] }
        decimals = FigureText.decimals(sides.flatMap { [$0.cost, $0.costPerImage] }.compactMap(\.self))
        marksEstimates = sides.contains { $0.estimated ?? .zero > .zero }
    }

    func render() -> String {
        let heading = "Shadows of calls from \(report.query.from) to \(report.query.to)"
        var text = style.wrapped(heading).map { style.bold($0) + "\n" }.joined()
        guard !report.rows.isEmpty else { return text + "No call was shadowed in this period.\n" }
        let rendering = table().render(style)
        text += rendering.text
        var notes = ["One request each: the first of a call, and its shadow. Latencies are of requests that delivered."]
        if marksEstimates { notes.append("* with a part that no provider confirmed") }
        let unpriced = report.rows.reduce(0) { $0 + $1.primary.unpriced + $1.shadow.unpriced }
        if unpriced > 0 {
            notes.append("costs leave out \(FigureText.count(unpriced)) request\(unpriced == 1 ? "" : "s") without one")
        }
        let pending = report.rows.reduce(0) { $0 + $1.pending }
        if pending > 0 { notes.append("\(FigureText.count(pending)) still under way") }
        if !rendering.hidden.isEmpty {
            notes.append("No room for: \(rendering.hidden.joined(separator: ", ")) (--json and --csv have them)")
        }
        for note in notes { for line in style.wrapped(note) { text += style.dim(line) + "\n" } }
        return text
    }

    // MARK: - Rows

    private func table() -> TextTable {
        var table = TextTable(Self.columns)
        for row in report.rows {
            table.add(
                [row.primaryProvider, row.policy, row.model.rawValue, FigureText.count(row.compared)]
                    + cells(row.primary)
            )
            table.add([row.shadowProvider, "", "", ""] + cells(row.shadow), .sub(last: true))
        }
        return table
    }

    /// The most important columns stand at 80 characters; the others come as there is room.
    private static let columns: [TextTable.Column] = [
        .text("Provider", shortest: 16),
        .text("Policy", importance: 6),
        .text("Model", importance: 5),
        .number("Calls"),
        .number("OK"),
        .number("Partial", importance: 11),
        .number("Refused", importance: 3),
        .number("Failed", importance: 1),
        .number("Unknown", importance: 9),
        .number("Images", importance: 7),
        .number("Withheld", importance: 13),
        .number("Cost USD", importance: 4),
        .number("USD/image"),
        .number("NSFW", importance: 2),
        .number("NSFW checked", importance: 14),
        .number("Copyr. checked", importance: 15),
        .number("Copyr. flagged", importance: 8),
        .number("Copyr. unclear", importance: 12),
        .number("p50 s"),
        .number("p90 s", importance: 10),
        .number("p99 s", importance: 5),
    ]

    private func cells(_ side: ShadowSide) -> [String] {
        let mark = side.estimated ?? .zero > .zero ? "*" : marksEstimates ? " " : ""
        func dollars(_ amount: Money?) -> String {
            amount.map { FigureText.dollars($0, decimals: decimals) } ?? none
        }
        func seconds(_ milliseconds: Int?) -> String { FigureText.seconds(milliseconds: milliseconds, none: none) }
        return [
            FigureText.count(side.succeeded),
            FigureText.count(side.partial),
            FigureText.count(side.refused),
            FigureText.count(side.failed),
            FigureText.count(side.unknown),
            FigureText.count(side.images),
            FigureText.count(side.withheld),
            dollars(side.cost) + mark,
            dollars(side.costPerImage),
            FigureText.count(side.nsfwImages),
            FigureText.count(side.nsfwChecked),
            FigureText.count(side.copyrightChecked),
            FigureText.count(side.copyrightFlagged),
            FigureText.count(side.copyrightUndetermined),
            seconds(side.p50Ms),
            seconds(side.p90Ms),
            seconds(side.p99Ms),
        ]
    }

    private var none: String { style.unicode ? "–" : "-" }
}
