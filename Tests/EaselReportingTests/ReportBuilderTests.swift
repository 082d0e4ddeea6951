import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@testable import EaselReporting

@Suite("Reports")
struct ReportBuilderTests {
    private func query(_ groups: [UsageQuery.Dimension]) throws -> UsageQuery {
        UsageQuery(
            from: try #require(Timestamp("2026-11-01T00:00:00Z")),
            to: try #require(Timestamp("2026-11-08T00:00:00Z")),
            timezone: "UTC",
            groupBy: groups,
            teamID: nil
        )
    }

    private func figures(_ scale: Int, failed: Int = 0) -> UsageFigures {
        var figures = UsageFigures()
        figures[.calls] = 10 * scale
        figures[.failed] = failed
        figures[.refused] = scale
        figures[.succeeded] = 9 * scale - failed
        figures[.images] = 20 * scale
        figures[.imagesReturned] = 21 * scale
        figures[.withheld] = scale
        figures[money: .cost] = Money(nanodollars: Int64(scale) * 612_500_000)
        figures[money: .estimated] = scale > 2 ? Money(nanodollars: 60_000_000) : .zero
        figures[.failovers] = scale
        figures[money: .failoverCost] = Money(nanodollars: Int64(scale) * 30_000_000)
        figures[.nsfwImages] = scale
        figures[.nsfwClear] = 15 * scale
        figures[.copyrightChecked] = 8 * scale
        figures[.copyrightFlagged] = 1
        figures[.copyrightUndetermined] = scale
        for index in 0..<10 * scale { figures.latency.add(800 + 400 * index) }
        figures.readPercentiles()
        return figures
    }

    private func usage(_ groups: [UsageQuery.Dimension], _ rows: [([String?], UsageFigures)]) throws -> UsageReport {
        let totals = UsageFigures.sum(rows.map(\.1))
        return UsageReport(
            query: try query(groups),
            rows: rows.map { UsageReport.Row(group: $0.0, figures: $0.1) },
            totals: totals,
            dataQuality: DataQuality()
        )
    }

    private func attempts(_ count: Int, failed: Int = 0) -> AttemptFigures {
        var figures = AttemptFigures()
        figures[.attempts] = count
        figures[.sent] = count
        figures[.failed] = failed
        figures[.succeeded] = count - failed
        figures[.images] = 2 * (count - failed)
        figures[money: .cost] = Money(nanodollars: Int64(count) * 60_000_000)
        figures[money: .wasted] = Money(nanodollars: Int64(failed) * 60_000_000)
        for index in 0..<count {
            figures[.total].add(900_000 + 35_000 * index)
            figures[.firstByte].add(700_000 + 30_000 * index)
            figures[.connect].add(1500 + index)
            figures[.dns].add(300)
        }
        return figures
    }

    private func attempts(_ groups: [UsageQuery.Dimension], _ rows: [([String?], AttemptFigures)]) throws
        -> AttemptReport
    {
        var totals = AttemptFigures()
        for row in rows { totals.add(row.1) }
        return AttemptReport(
            query: try query(groups),
            rows: rows.map { AttemptReport.Row(group: $0.0, figures: $0.1) },
            totals: totals
        )
    }

    private func all() throws -> [Report] {
        let byProvider = try usage([.provider], [(["ideogram"], figures(3, failed: 2)), (["runware"], figures(5))])
        let byTeam = try usage(
            [.team],
            [(["design"], figures(2)), (["games"], figures(7, failed: 4)), ([nil], figures(1))]
        )
        let asked = try attempts(
            [.provider],
            [(["ideogram"], attempts(31, failed: 4)), (["runware"], attempts(55, failed: 6))]
        )
        let errors = try attempts(
            [.provider, .error],
            [
                (["ideogram", "timeout"], attempts(4, failed: 4)), (["ideogram", nil], attempts(27)),
                (["runware", "http_500"], attempts(6, failed: 6)), (["runware", nil], attempts(49)),
            ]
        )
        let days = (1...7).map { "2026-11-0\($0)" }
        let trend = try attempts(
            [.provider, .day],
            days.enumerated().map { (["runware", $1], attempts($0 + 1)) } + [(["ideogram", days[3]], attempts(9))]
        )
        return [
            ReportBuilder.latency(byProvider, attempts: asked), ReportBuilder.safety(byTeam),
            ReportBuilder.failover(byProvider, attempts: errors),
            ReportBuilder.providers(byProvider, attempts: asked, trend: trend, steps: days),
            ReportBuilder.top(byTeam, by: .cost, limit: 2),
            ReportBuilder.diff(
                byTeam,
                before: try usage([.team], [(["design"], figures(4)), (["press"], figures(1))])
            ),
            try budgets(),
        ]
    }

    private func budgets() throws -> Report {
        let now = try #require(Timestamp("2026-11-11T00:00:00Z"))
        let window = BudgetWindow(
            start: try #require(Timestamp("2026-11-01T00:00:00Z")),
            end: try #require(Timestamp("2026-12-01T00:00:00Z"))
        )
        func burn(_ team: String, limit: Int64, spent: Int64, days: [Int64]) -> ReportBuilder.BudgetBurn {
            let budget = Budget(
                id: UUID(),
                teamID: 1,
                scope: .team(team),
                period: .month,
                limit: .money(Money(nanodollars: limit * 1_000_000_000)),
                isHard: true,
                warnAt: [80, 100],
                timezone: "UTC"
            )
            let standing = BudgetStanding(
                budget: budget,
                window: window,
                posted: Money(nanodollars: spent * 1_000_000_000),
                reserved: Money(nanodollars: 60_000_000)
            )
            return ReportBuilder.BudgetBurn(
                standing: standing,
                scope: budget.scope.text,
                days: days.map { Money(nanodollars: $0 * 1_000_000_000) }
            )
        }
        return ReportBuilder.budgets(
            [
                burn("design", limit: 100, spent: 50, days: [2, 8, 5, 5, 5, 5, 5, 5, 5, 5]),
                burn("games", limit: 40, spent: 36, days: [0, 0, 0, 0, 0, 0, 0, 6, 10, 20]),
                burn("press", limit: 10, spent: 12, days: [12, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ],
            query: try query([.team]),
            now: now
        )
    }

    @Test(arguments: [80, 120, 200]) func `tables at this width`(width: Int) throws {
        for report in try all() {
            let text = ReportText(report, style: TextStyle(width: width)).table()
            for line in text.split(separator: "\n") {
                #expect(DisplayWidth.of(line) <= width, "\(report.name): \(line)")
            }
            Snapshot.expect(text, named: "report-\(report.name)-\(width).txt")
        }
    }

    @Test func `with colours, in ASCII, as Markdown and CSV`() throws {
        for report in try all() {
            let coloured = ReportText(report, style: TextStyle(width: 120, colour: true)).table()
            Snapshot.expect(coloured, named: "report-\(report.name)-colour.txt")
            let ascii = ReportText(report, style: TextStyle(width: 100, unicode: false)).table()
            #expect(ascii.utf8.allSatisfy { $0 < 0x80 }, "\(report.name)")
            Snapshot.expect(ReportText(report, style: TextStyle()).markdown(), named: "report-\(report.name).md")
            Snapshot.expect(report.csv(), named: "report-\(report.name).csv")
            // Byte for byte: programs read it, and the definitions are in it.
            let json = String(decoding: JSONText.bytes(of: report), as: UTF8.self)
            Snapshot.expect(json + "\n", named: "report-\(report.name).json")
        }
    }

    @Test func `what is written as JSON is read back and looks the same`() throws {
        for report in try all() {
            let json = JSONText.bytes(of: report)
            let back = try Report(report.name, json: json)
            #expect(back.columns == report.columns && back.rows.count == report.rows.count)
            #expect(back.notes == report.notes && back.dataQuality == report.dataQuality && back.from == report.from)
            let style = TextStyle(width: nil)
            #expect(ReportText(back, style: style).table() == ReportText(report, style: style).table())
            #expect(back.csv() == report.csv() && back.ndjson() == report.ndjson())
            // Every column says what it counts, and every key stands once.
            #expect(report.columns.allSatisfy { $0.definition.hasSuffix(".") })
            #expect(Set(report.columns.map(\.key)).count == report.columns.count, "\(report.name)")
        }
    }

    @Test func `a forecast has a band that narrows with even days, and none before anything was spent`() throws {
        let report = try budgets()
        func money(_ key: String, _ row: Int) throws -> Money? {
            let index = try #require(report.columns.firstIndex { $0.key == key })
            guard case .money(let amount) = report.rows[row][index] else { return nil }
            return amount
        }
        #expect(try money("forecast_usd", 0) == Money(usd: "150"))
        let even = try #require(try money("forecast_high_usd", 0)) - (try #require(try money("forecast_low_usd", 0)))
        let uneven = try #require(try money("forecast_high_usd", 1)) - (try #require(try money("forecast_low_usd", 1)))
        #expect(even < uneven)
        // What is spent already is never taken back.
        #expect(try #require(try money("forecast_low_usd", 2)) >= Money(nanodollars: 12_000_000_000))
    }

    @Test func `figures for people`() {
        // Rounded half up, and never the whole where it is not.
        #expect(FigureText.percent(13.0 / 24) == "54.2%" && FigureText.percent(0.285) == "28.5%")
        #expect(FigureText.percent(0.9996) == "99.9%" && FigureText.percent(1) == "100.0%")
        #expect(FigureText.percent(0.99999999) == "99.9%" && FigureText.change(0.9996) == "100.0%")
        #expect(FigureText.percent(0.0432) == "4.3%" && FigureText.percent(0.00123) == "0.12%")
        #expect(
            FigureText.percent(0) == "0.0%" && FigureText.percent(-0.5) == "-50.0%"
                && FigureText.percent(12) == "1,200.0%"
        )
        #expect(FigureText.latency(milliseconds: 1.52) == "1.5 ms" && FigureText.latency(milliseconds: 840) == "840 ms")
        #expect(
            FigureText.latency(milliseconds: 4104) == "4.10 s" && FigureText.latency(milliseconds: 61_000) == "61.0 s"
        )
        #expect(
            FigureText.latency(milliseconds: 999.7) == "1.00 s"
                && FigureText.latency(milliseconds: 192_000) == "3.2 min"
        )
        #expect(FigureText.sparkline([0, 1, 4, 8], unicode: true) == " ▂▅█")
        #expect(
            FigureText.sparkline([0, 0], unicode: false) == ".."
                && FigureText.sparkline([2, 1], unicode: false) == "85"
        )
        #expect(
            FigureText.bar(0.5, width: 4, unicode: true) == "██" && FigureText.bar(1, width: 3, unicode: false) == "###"
        )
    }
}
