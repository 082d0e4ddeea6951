import EaselBase
import EaselCalls
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselGateway

/// The table of metrics as a table: names, labels and what rules rely on.
struct MetricTableTests {
    @Test func `names are sound and there once`() {
        let metrics = MetricTable.metrics
        #expect(Set(metrics.map(\.name)).count == metrics.count)
        #expect(Set(metrics.map(\.family)).count == metrics.count)
        for metric in metrics {
            #expect(metric.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(metric.name)")
            #expect(metric.name.hasPrefix("easel_") || metric.name.hasPrefix("process_"), "\(metric.name)")
            #expect((metric.kind == .counter) == metric.name.hasSuffix("_total"), "\(metric.name)")
            #expect((metric.kind == .info) == metric.name.hasSuffix("_info"), "\(metric.name)")
            #expect(Set(metric.labels).count == metric.labels.count && !metric.labels.contains("le"), "\(metric.name)")
            #expect(metric.help.count > 8 && !metric.help.contains("\n"), "\(metric.name)")
        }
    }

    /// Rules and dashboards are written against this file.
    @Test func `what rules rely on is what there is`() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "dashboards/prometheus/METRICS.md"), encoding: .utf8)
        var promised: [String: Set<String>] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
            for match in cells[1].matches(of: /`([a-z_]+)`/) {
                promised[String(match.1)] = Set(cells[3].matches(of: /`([a-z_]+)`/).map { String($0.1) })
            }
        }
        let there = Dictionary(
            MetricTable.metrics.map { ($0.name, Set($0.labels)) },
            uniquingKeysWith: { first, _ in first }
        )
        #expect(promised == there)
    }

    @Test func `of very many budgets the fullest are told`() throws {
        let now = SampleTrade.moment
        func standing(_ index: Int) throws -> BudgetStanding {
            let budget = Budget(
                id: UUID(),
                teamID: 1,
                scope: .team("t\(index)"),
                period: .day,
                limit: .money(try #require(Money(usd: "100"))),
                isHard: true,
                warnAt: [],
                timezone: "UTC"
            )
            return BudgetStanding(
                budget: budget,
                window: .always,
                posted: Money(nanodollars: Int64(index) * Money.nanodollarsPerDollar / 10)
            )
        }
        let all = try (0..<300).map(standing).shuffled()
        let told = LedgerFigures.fullest(all, at: now)
        #expect(told.count == LedgerFigures.mostBudgets)
        #expect(Set(told.map(\.budget.scope.text)) == Set((100..<300).map { "team:t\($0)" }))
        #expect(LedgerFigures.fullest(Array(all.prefix(3)), at: now).count == 3)
    }
}
