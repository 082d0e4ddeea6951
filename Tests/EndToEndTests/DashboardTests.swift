import EaselBase
import EaselCore
import Foundation
import Testing

/// Every query of every dashboard runs, and shows something where there is something.
struct DashboardTests {
    private static let empty: Set<String> = ["panel Spent without having been reserved"]

    /// What no load of a minute leaves: a provider that was given up, and a sign of life.
    private func addStandings(_ house: House) async throws {
        try await house.rows(
            """
            INSERT INTO alert_events (event_id, type, happened_at, rule, subject, severity, title, body, data, muted)
            SELECT gen_random_uuid(), 'alert.' || s, now() - interval '1 minute', 'provider_down', 'provider:runware',
                'critical', 'runware is down', '', jsonb_build_object('on', 'provider_down', 'state', 'firing'), false
            FROM unnest(ARRAY['fired', 'resolved']) AS s
            """
        )
        try await house.rows(
            """
            INSERT INTO gateways (gateway_id, seen_at, signed_at, sign)
            VALUES (gen_random_uuid(), now() + interval '1 hour', now() + interval '1 hour', '{"providers": [
                {"name": "runware", "state": "down", "cause": "failing", "reason": "five failures in a row"},
                {"name": "ideogram", "state": "ok"}], "journalPending": 2}')
            """
        )
    }

    private func role(_ house: House, team: String? = nil) async throws -> String {
        let name = "grafana_\(UUID().uuidString.prefix(8).lowercased())"
        try await house.rows("CREATE ROLE \(name) LOGIN")
        let argument = team.map { ", '\($0)'" } ?? ""
        try await house.rows("SELECT report_allow('\(name)'\(argument))")
        return name
    }

    @Test(.timeLimit(.minutes(5)))
    func `every query of every dashboard shows something, to the owner and to readers`() async throws {
        #expect(GrafanaDashboard.all.map(\.name).count >= 4)
        try await House.with { house in
            try await EventfulLoad.run(house)
            try await addStandings(house)
            let reader = try await role(house)
            let member = try await role(house, team: "design")
            let now = TimeSource.system.now
            let from = UsageLevel.day.floor(now - .seconds(40 * 86_400)).description
            let to = (now + .seconds(60)).description
            var asked: [(place: String, mayBeEmpty: Bool, sql: String)] = []
            for dashboard in GrafanaDashboard.all {
                for query in dashboard.queries {
                    let steps = query.sql.contains("$step") ? ["minute", "hour", "day"] : ["day"]
                    for step in steps {
                        let sql = GrafanaDashboard.expand(
                            query.sql,
                            from: from,
                            to: to,
                            values: [
                                "team": GrafanaDashboard.quoted(EventfulLoad.teams + ["operators", "poor"]),
                                "provider": GrafanaDashboard.quoted(["runware", "ideogram", "none"]),
                                "model": GrafanaDashboard.quoted(RemixModel.allCases.map(\.rawValue)), "step": step,
                            ]
                        )
                        let place = "\(dashboard.name), \(query.place), by \(step): \(sql)"
                        #expect(!sql.contains("$"), "\(place)")
                        asked.append((place, Self.empty.contains(query.place), sql))
                    }
                }
            }
            #expect(asked.count > 80)
            let statements = asked.map(\.sql)
            let owner = try await house.objects(statements)
            let all = try await house.objects(statements, as: reader)
            let own = try await house.objects(statements, as: member)
            try #require(owner.count == asked.count && all.count == asked.count && own.count == asked.count)
            for (index, query) in asked.enumerated() {
                let place: Comment = "\(query.place)"
                #expect(owner[index].count == all[index].count, place)
                #expect(own[index].count <= all[index].count, place)
                #expect(own[index].allSatisfy { $0["team"] == nil || $0["team"] == "design" }, place)
                guard !query.mayBeEmpty else { continue }
                #expect(all[index].contains { row in row.values.contains { $0 != .null } }, place)
            }
        }
    }

    @Test(arguments: GrafanaDashboard.all)
    func `a dashboard is found by its file, reads views only and knows its variables`(_ dashboard: GrafanaDashboard) {
        #expect(dashboard.json["uid"]?.stringValue.map { $0 + ".json" } == dashboard.name)
        #expect(dashboard.json["title"]?.stringValue?.hasPrefix("Easel: ") == true)
        let ids = (dashboard.json["panels"]?.arrayValue ?? []).compactMap { $0["id"]?.intValue }
        #expect(Set(ids).count == ids.count && !ids.isEmpty)
        for query in dashboard.queries {
            #expect(!query.sql.isEmpty, "\(query.place)")
            // Names after FROM and JOIN are views, of whatever step, or a query in parentheses.
            for match in query.sql.matches(of: #/(?:FROM|JOIN) ([a-z_$(]+)/#) {
                let source = match.1
                #expect(source.hasPrefix("report_") || source.hasPrefix("("), "\(query.place): \(source)")
            }
            for match in query.sql.matches(of: #/\$(?!__)\{?(\w+)/#) {
                #expect(dashboard.variables.contains(String(match.1)), "\(query.place): \(match.1)")
            }
        }
        // One place says which database it is.
        let text = String(decoding: JSONText.bytes(of: dashboard.json), as: UTF8.self)
        #expect(!text.contains(#""uid":"easel""#))
        #expect(dashboard.variables.contains("datasource"))
    }
}
