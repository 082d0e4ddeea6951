import EaselBase
package import EaselCore
import Foundation

/// A simulation as people read it: what was replayed, the figures side by side, and what they leave out. Fits 80 columns.
package struct SimulationText: Sendable {
    private let report: SimulationReport
    private let style: TextStyle

    package init(_ report: SimulationReport, style: TextStyle) {
        self.report = report
        self.style = style
    }

    package func render() -> String {
        let window = report.window
        let who = window.team.map { "team \($0)" } ?? "all teams"
        var lines = [
            style.bold(safe("Simulation, \(moment(window.since)) to \(moment(window.until)) UTC, \(who)"))
        ]
        lines += coverage()
        guard report.coverage.replayed > 0 else {
            return (lines + ["Nothing to compare."]).joined(separator: "\n") + "\n"
        }
        let choices = report.choices
        lines.append("same first provider   \(share(choices.sameFirst))")
        lines.append("same whole order      \(share(choices.sameOrder))")
        lines.append("same plan             \(share(choices.samePlan)); the figures of the others are projected")
        let rendering = table().render(style)
        lines.append(String(rendering.text.dropLast()))
        if let note = rendering.roomNote("--json has them") { lines.append(style.dim(note)) }
        for (cause, count) in report.turnedAway.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
            lines.append(safe("turned away \(FigureText.count(count)): \(cause.replacing("_", with: " "))"))
        }
        lines += report.notes.map { safe("Note: \($0)") }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Lines

    private func safe(_ text: String) -> String { DisplayWidth.sanitised(text, ascii: !style.unicode) }

    private func moment(_ moment: Timestamp) -> String {
        String(moment.text(fractionDigits: 0).prefix(16)).replacing("T", with: " ")
    }

    private func share(_ count: Int) -> String { "\(FigureText.count(count)) (\(percent(count)))" }

    /// In percent of the calls that were replayed.
    private func percent(_ count: Int) -> String { Percent.text(count, of: report.coverage.replayed, none: "0.0%") }

    private func coverage() -> [String] {
        let coverage = report.coverage
        var first = "replayed \(FigureText.count(coverage.replayed)) of \(FigureText.count(report.window.calls)) calls"
        if coverage.read < report.window.calls {
            let share = Percent.text(coverage.read, of: report.window.calls)
            first += "; a sample of \(FigureText.count(coverage.read)), \(share)"
        }
        var lines = [first]
        if coverage.withoutInputs > 0 {
            lines.append(
                "left out \(FigureText.count(coverage.withoutInputs)): their plan's inputs are not in the log"
            )
        }
        if coverage.withoutBudgets > 0 {
            lines.append(
                "left out \(FigureText.count(coverage.withoutBudgets)): what their budgets had left is not in the log"
            )
        }
        return lines
    }

    // MARK: - The table

    private func table() -> TextTable {
        var table = TextTable([
            .text("", shortest: 16), .number("Log"), .number("Simulated"), .number("Change"),
        ])
        let log = report.log
        let new = report.simulated
        money(&table, "cost USD", log.cost, new.cost, decimals: FigureText.decimals([log.cost]))
        if let old = log.costPerImage, let next = new.costPerImage {
            money(&table, "cost per image USD", old, next, decimals: 4)
        }
        count(&table, "images", log.images, new.images)
        if let old = log.latencyMs, let next = new.latencyMs {
            let change = next - old
            table.add([
                "mean latency s", seconds(old), seconds(next),
                change == 0 ? "" : (change > 0 ? "+" : "-") + seconds(abs(change)),
            ])
        }
        count(&table, "succeeded", log.succeeded, new.succeeded)
        count(&table, "refused", log.refused, new.refused)
        count(&table, "failed", log.failed, new.failed)
        count(&table, "turned away", Double(log.turnedAway), Double(new.turnedAway))
        if new.unknown > 0 { count(&table, "not known", log.unknown, new.unknown) }
        count(&table, "failovers", log.failovers, new.failovers)
        if log.unpriced + new.unpriced > 0 {
            count(&table, "without a known cost", Double(log.unpriced), Double(new.unpriced))
        }
        count(&table, "lose a parameter", Double(log.lossy), Double(new.lossy))
        losses(&table, log.losses, new.losses)
        firstChoices(&table, log.firstChoices, new.firstChoices)
        return table
    }

    private func losses(_ table: inout TextTable, _ log: [String: Int], _ new: [String: Int]) {
        let names = Set(log.keys).union(new.keys).sorted()
        for name in names {
            let old = log[name] ?? 0
            let next = new[name] ?? 0
            table.add(
                [name, FigureText.count(old), FigureText.count(next), signed(Double(next - old))],
                .sub(last: name == names.last)
            )
        }
    }

    private func firstChoices(_ table: inout TextTable, _ log: [String: Int], _ new: [String: Int]) {
        for name in Set(log.keys).union(new.keys).sorted() {
            let old = log[name] ?? 0
            let next = new[name] ?? 0
            let points = Double(next - old) * 100 / Double(max(report.coverage.replayed, 1))
            table.add(["\(name) first", percent(old), percent(next), signed(points)])
        }
    }

    private func count(_ table: inout TextTable, _ title: String, _ log: Double, _ new: Double) {
        table.add([title, number(log), number(new), signed(new - log)])
    }

    /// Expected values have a decimal; counts have none.
    private func number(_ value: Double) -> String {
        let tenths = Int(saturating: (value * 10).rounded())
        return FigureText.count(tenths / 10) + (tenths % 10 == 0 ? "" : ".\(tenths % 10)")
    }

    private func signed(_ change: Double) -> String {
        let text = number(abs(change))
        return text == "0" ? "" : (change > 0 ? "+" : "-") + text
    }

    private func money(_ table: inout TextTable, _ title: String, _ log: Money, _ new: Money, decimals: Int) {
        let old = FigureText.dollars(log, decimals: decimals)
        let next = FigureText.dollars(new, decimals: decimals)
        var change = old == next ? "" : (new > log ? "+" : "") + FigureText.dollars(new - log, decimals: decimals)
        if log > .zero, !change.isEmpty {
            change += " (\(Percent.whole((new - log).nanodollars, of: log.nanodollars))%)"
        }
        table.add([title, old, next, change])
    }

    private func seconds(_ milliseconds: Double) -> String {
        let hundredths = Int(saturating: (milliseconds / 10).rounded())
        let rest = String(hundredths % 100 + 100).dropFirst()
        return "\(hundredths / 100).\(rest)"
    }
}
