import EaselBase
package import EaselCore

/// A comparison as people read it: the table, what explains the differences, what is not in the log, and the sums.
package struct ReconciliationText: Sendable {
    private let reconciliation: Reconciliation
    private let style: TextStyle
    private let decimals: Int

    package init(_ reconciliation: Reconciliation, style: TextStyle) {
        self.reconciliation = reconciliation
        self.style = style
        decimals = FigureText.decimals(
            reconciliation.rows.flatMap { [$0.log, $0.provider ?? .zero] } + reconciliation.foreign.compactMap(\.cost)
        )
    }

    package func render() -> String {
        let head = reconciliation
        var lines = [
            style.bold(
                safe("Log and \(head.provider) \(head.from) to \(head.to) (UTC), figures from \(head.source)")
            )
        ]
        if head.rows.isEmpty {
            lines.append("Nothing was requested or charged on these days.")
        } else {
            let rendering = table().render(style)
            lines.append(String(rendering.text.dropLast()))
            if let note = rendering.roomNote("--json has them") { lines.append(style.dim(note)) }
        }
        if head.rows.contains(where: { $0.estimated > .zero }) {
            lines.append("* estimated from the price book in whole or in part")
        }
        lines += explanations()
        lines += foreign()
        lines += head.remarks.map { safe("Note: \($0)") }
        return (lines + [closing()]).joined(separator: "\n") + "\n"
    }

    private func safe(_ text: String) -> String { DisplayWidth.sanitised(text, ascii: !style.unicode) }

    private func dollars(_ amount: Money?) -> String {
        amount.map { FigureText.dollars($0, decimals: decimals) } ?? "?"
    }

    private func signed(_ amount: Money?) -> String { (amount.map { $0 > .zero } == true ? "+" : "") + dollars(amount) }

    /// Both sides where they differ.
    private func counts(_ log: Int, _ provider: Int?) -> String {
        guard let provider, provider != log else { return FigureText.count(log) }
        return "\(FigureText.count(log)) against \(FigureText.count(provider))"
    }

    private func table() -> TextTable {
        var table = TextTable([
            .text("Day", shortest: nil), .text("Model", shortest: 12), .number("Log USD"), .number("Provider USD"),
            .number("Difference USD"), .text("Status", shortest: nil), .number("Images", importance: 1),
            .number("Requests", importance: 2),
        ])
        let marksEstimates = reconciliation.rows.contains { $0.estimated > .zero }
        for row in reconciliation.rows {
            let mark = row.estimated > .zero ? "*" : marksEstimates ? " " : ""
            table.add([
                row.day.description, row.model ?? "all", dollars(row.log) + mark, dollars(row.provider),
                row.difference == .zero ? "" : signed(row.difference), row.status.rawValue,
                counts(row.logImages, row.providerImages), counts(row.logRequests, row.providerRequests),
            ])
        }
        let totals = reconciliation.totals
        let mark = totals.estimated > .zero ? "*" : marksEstimates ? " " : ""
        table.add(
            [
                "TOTAL", "", dollars(totals.log) + mark, dollars(totals.provider),
                signed(totals.provider.map { $0 - totals.log }), "",
                FigureText.count(reconciliation.rows.reduce(0) { $0 + $1.logImages }),
                FigureText.count(reconciliation.rows.reduce(0) { $0 + $1.logRequests }),
            ],
            .total
        )
        return table
    }

    private func explanations() -> [String] {
        var lines: [String] = []
        for row in reconciliation.rows where row.status != .equal {
            let title = safe(
                "\(row.day) \(row.model ?? "all models"): \(signed(row.difference)) \(row.status.rawValue)"
            )
            var rest = ""
            if let left = row.unexplained, left != .zero, left != row.difference {
                rest = ", \(signed(left)) of it not explained below"
            }
            lines.append(row.status == .unexplained ? style.yellow(title + rest) : title)
            for explanation in row.explanations {
                lines.append("  \(sentence(explanation))")
                for attempt in explanation.attempts {
                    let amount =
                        attempt.cost?.dollars ?? attempt.bound.map { "at most \($0.dollars)" } ?? "no price"
                    lines.append("    attempt \(attempt.attemptID.text)  \(attempt.startedAt)  \(amount)")
                }
                if explanation.count > explanation.attempts.count {
                    lines.append("    and \(FigureText.count(explanation.count - explanation.attempts.count)) more")
                }
            }
        }
        return lines
    }

    private func sentence(_ explanation: ReconciliationRow.Explanation) -> String {
        let number = "\(FigureText.count(explanation.count)) attempt\(explanation.count == 1 ? "" : "s")"
        let range =
            if explanation.lowest == explanation.highest {
                signed(explanation.lowest)
            } else {
                "\(signed(explanation.lowest)) to \(explanation.highest.map { signed($0) } ?? "any amount")"
            }
        return switch explanation.kind {
        case .crossedMidnight: "\(number) around midnight, counted on the next or previous day (\(range)):"
        case .unknown: "\(number) of unknown cost (\(range)):"
        case .postedAtBound: "\(number) posted at the upper bound (\(range)):"
        case .assumedFree: "\(number) that failed and count as free (\(range)):"
        case .estimated: "\(number) estimated from the price book (\(range)):"
        }
    }

    private func foreign() -> [String] {
        guard !reconciliation.foreign.isEmpty else { return [] }
        return ["Not in the log, but used with the same account:"]
            + reconciliation.foreign.map { usage in
                let requests = usage.requests.map { ", \(FigureText.count($0)) request\($0 == 1 ? "" : "s")" } ?? ""
                return safe(
                    "  \(usage.name): \(usage.cost?.dollars ?? "an amount that cannot be read")\(requests)"
                )
            }
    }

    private func closing() -> String {
        let totals = reconciliation.totals
        let counts = [(totals.equal, "equal"), (totals.explained, "explained"), (totals.unexplained, "unexplained")]
        let text = counts.map { "\(FigureText.count($0.0)) \($0.1)" }.joined(separator: ", ")
        let sums = "log \(totals.log.dollars), provider \(totals.provider?.dollars ?? "not known")"
        let line = safe("\(text); \(sums); kept as \(reconciliation.id.text)")
        return totals.unexplained == 0 ? style.green(line) : style.yellow(line)
    }
}
