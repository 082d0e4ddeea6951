import EaselBase
import EaselCore
import Foundation
import Testing

@testable import EaselGateway

/// The first view in one answer, against the reports that say the same.
@Suite struct OverviewTests {
    @Test func `it says what the reports say`() async throws {
        var plan = House.Plan()
        plan.keepsAlerts = true
        try await House.with(plan) { house in
            let keys = [try await house.key(team: "design").key, try await house.key(team: "finance").key]
            for key in keys + [keys[0]] { _ = try await house.remix(key: key) }
            for (query, key) in [("from=7d", House.adminKey), ("from=7d&team=design&timezone=Europe/Berlin", keys[0])] {
                let overview = try await house.get("/v1/overview?\(query)", key: key)
                #expect(overview.status == 200)
                #expect(SchemaCheck.faults(overview.json, Shapes.overview) == [])
                let usage = try await house.get("/v1/reports/usage?\(query)&group_by=day", key: key)
                #expect(overview["totals"] == usage["totals"])
                #expect(overview["totals"]?["calls"]?.intValue == (key == House.adminKey ? 3 : 2))
                let days = overview["by_day"]?.arrayValue ?? []
                #expect(days.count == 8)
                let told = usage["rows"]?.arrayValue ?? []
                for row in told {
                    let day = days.first { $0["day"] == row["day"] }
                    for name in ["cost_usd", "calls", "images", "failed", "latency_ms"] {
                        #expect(day?[name] == row[name])
                    }
                }
                #expect(days.filter { $0["calls"]?.intValue ?? 0 > 0 }.count == told.count)
                let teams = Set((overview["by_team_day"]?.arrayValue ?? []).compactMap { $0["team"]?.stringValue })
                #expect(teams == (key == House.adminKey ? ["design", "finance"] : ["design"]))
                #expect(overview["providers"]?.arrayValue?.count == 2)
                #expect(overview["previous_totals"]?["calls"]?.intValue == 0)
            }
            #expect(try await house.get("/v1/overview?team=design", key: keys[1]).code == "forbidden")
            #expect(try await house.get("/v1/overview?group_by=team").faults == ["group_by"])
            #expect(try await house.get("/v1/overview?from=never&nonsense=1").status == 400)
        }
    }

    @Test func `five teams have a line, the others one together`() throws {
        let query = UsageQuery(
            from: try #require(Timestamp("2026-11-01")),
            to: try #require(Timestamp("2026-11-04")),
            timezone: "UTC",
            groupBy: [.day],
            teamID: nil
        )
        var rows: [UsageReport.Row] = []
        for team in 1...8 {
            var figures = UsageFigures()
            figures[money: .cost] = Money(nanodollars: Int64(team) * 1_000_000_000)
            rows.append(UsageReport.Row(group: ["team\(team)", "2026-11-02"], figures: figures))
        }
        rows.append(UsageReport.Row(group: ["idle", "2026-11-02"], figures: UsageFigures()))
        func report(_ rows: [UsageReport.Row]) -> UsageReport {
            UsageReport(query: query, rows: rows, totals: UsageFigures(), dataQuality: DataQuality())
        }
        let figures = OverviewFigures(byDay: report([]), byTeamDay: report(rows))
        #expect(figures.days.map(\.day) == ["2026-11-01", "2026-11-02", "2026-11-03"])
        #expect(figures.teamDays.map(\.team) == ["team8", "team7", "team6", "team5", "team4", nil])
        #expect(figures.teamDays.last?.cost == Money(nanodollars: 6_000_000_000))
    }
}
