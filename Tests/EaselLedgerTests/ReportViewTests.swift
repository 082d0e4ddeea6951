import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// The views `report_*` say what reports say.
@Suite struct ReportViewTests {
    private static func squeezed(_ text: String) -> String { text.filter { !$0.isWhitespace } }

    /// L5: migrations cannot call Swift, so the text stands twice, and is the same.
    @Test func `what is not summed up is read as reports read it`() async throws {
        let database = try await PostgresFixture.database()
        for (name, log) in [
            ("easel_open_usage", UsageLog.usage(calls: "c", from: "$1", to: "$2")),
            ("easel_open_attempts", UsageLog.attempts(calls: "c", from: "$1", to: "$2")),
        ] {
            let rows = try await Database.query(
                database,
                "SELECT prosrc FROM pg_proc WHERE proname = $1",
                [.text(name)]
            )
            guard case .text(let text?) = rows.first?.first else {
                Issue.record("there is no function \(name)")
                continue
            }
            let source = Self.squeezed(text)
            #expect(source.contains(Self.squeezed(log)), "a new migration has to make \(name) anew")
            #expect(source.contains(Self.squeezed("SELECT \(UsageLog.callColumns) FROM open AS o")), "\(name)")
        }
        let open = try await Database.query(database, "SELECT pg_get_viewdef('easel_open_minutes'::regclass)")
        guard case .text(let definition?) = open.first?.first else { return #expect(Bool(false)) }
        #expect(definition.contains("<= \(UsageEdges.mostOpenWindows)"))
        #expect(definition.contains("LIMIT \(UsageEdges.mostOpenWindows + 1)"))
    }

    // MARK: - Figures

    /// Rows by the names of their group.
    private typealias Figures = [String: [String]]

    private static let shares = [0.5, 0.9, 0.99]

    private static func percentiles(_ histogram: LatencyHistogram) -> String {
        "{" + histogram.quantiles(shares).map { $0.map(String.init) ?? "NULL" }.joined(separator: ",") + "}"
    }

    private static func percentiles(_ column: String) -> String {
        "report_percentiles(string_agg(\(column), ''::bytea), '{0.5,0.9,0.99}')::text"
    }

    /// What a view says, in the order of `fields` and with the percentiles of its histograms.
    private func view(
        _ database: String,
        _ view: String,
        by groups: [String],
        sums: [String],
        histograms: [String],
        from: Timestamp,
        to: Timestamp
    ) async throws -> Figures {
        let names = groups.map { "coalesce(\($0), '-')" }.joined(separator: " || '|' || ")
        let figures = sums.map { "sum(\($0))::bigint" } + histograms.map { Self.percentiles($0) }
        let rows = try await Database.query(
            database,
            "SELECT \(names), \(figures.joined(separator: ", ")) FROM \(view) WHERE time >= $1 AND time < $2 GROUP BY 1",
            [.time(from), .time(to)]
        )
        var all: Figures = [:]
        for row in rows {
            guard case .text(let name?) = row[0] else { continue }
            all[name] = row.dropFirst().map { cell in
                switch cell {
                case .int(let value): value.map { String($0) } ?? "NULL"
                case .text(let text): text ?? "NULL"
                default: "?"
                }
            }
        }
        return all
    }

    private func name(_ group: [String?]) -> String { group.map { $0 ?? "-" }.joined(separator: "|") }

    private static func column(_ field: UsageField) -> String {
        field == .nsfwClear ? "nsfw_checked - nsfw_images" : field.figure.storedName
    }

    private static let moment = """
        to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        """
    private static let day = "to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

    /// Compares every length of every family with the report of the same time.
    private func compare(
        _ ledger: PostgresLedger,
        _ database: String,
        _ from: Timestamp,
        _ to: Timestamp,
        _ place: Comment
    ) async throws {
        func query(_ groupBy: [UsageQuery.Dimension]) -> UsageQuery {
            UsageQuery(from: from, to: to, timezone: "UTC", groupBy: groupBy, teamID: nil)
        }
        let steps: [(length: String, dimension: UsageQuery.Dimension, name: String)] = [
            ("minute", .hour, Self.moment.replacing("(time ", with: "(date_trunc('hour', time, 'UTC') ")),
            ("hour", .hour, Self.moment), ("day", .day, Self.day),
        ]
        for step in steps {
            let plain = query([.team, .provider, .model, step.dimension])
            let detail = query([.team, .provider, .project, .key, .tag("campaign"), step.dimension])
            for (family, query, groups) in [
                ("usage", plain, ["team", "provider", "model", step.name]),
                (
                    "usage_detail", detail,
                    ["team", "provider", "project", "key_id::text", "tags ->> 'campaign'", step.name]
                ),
            ] {
                var wanted: Figures = [:]
                for row in try await ledger.usage(query).rows {
                    wanted[name(row.group)] =
                        UsageField.allCases.map { String(row.figures.sums[$0.rawValue]) }
                        + [Self.percentiles(row.figures.latency)]
                }
                let found = try await view(
                    database,
                    "report_\(family)_\(step.length)",
                    by: groups,
                    sums: UsageField.allCases.map { Self.column($0) },
                    histograms: ["latency_histogram"],
                    from: from,
                    to: to
                )
                #expect(!wanted.isEmpty)
                #expect(found == wanted, "report_\(family)_\(step.length) \(place)")
            }
            var wanted: Figures = [:]
            let attempts = query([.team, .provider, .model, .error, step.dimension])
            for row in try await ledger.attempts(attempts).rows {
                wanted[name(row.group)] =
                    row.figures.sums.map { String($0) }
                    + AttemptPhase.allCases.map { Self.percentiles(row.figures[$0]) }
            }
            let found = try await view(
                database,
                "report_attempts_\(step.length)",
                by: ["team", "provider", "model", "error_code", step.name],
                sums: AttemptField.allCases.map(\.figure.storedName),
                histograms: AttemptPhase.allCases.map { "\($0.name)_histogram" },
                from: from,
                to: to
            )
            #expect(found == wanted, "report_attempts_\(step.length) \(place)")
        }
    }

    @Test(arguments: [UInt64(0x5EE1_0001), 0x5EE1_0002])
    func `views are reports, however far the log is summed up`(seed: UInt64) async throws {
        try await withLedger { ledger, database in
            var teams: [Int64] = []
            for name in ["design", "games", "press"] {
                teams.append(try await ledger.createTeam(name: name, at: Sample.now).id)
            }
            var log = try RandomLog(seed: seed, teams: teams)
            let from = UsageLevel.day.floor(log.from)
            let to = from + .seconds(9 * 86_400)
            func write(_ count: Int) async throws {
                for _ in 0..<count {
                    let (admission, settlement) = log.call()
                    try await ledger.take(admission)
                    try await ledger.settle(settlement)
                }
            }
            try await write(80)
            try await compare(ledger, database, from, to, "seed \(seed), from the log")
            let lease = try #require(
                try await ledger.acquireLease("rollups", holder: UUID(), for: .seconds(30))
            )
            _ = try await ledger.rollUp(lease, for: .seconds(30), atMost: 20)
            try await compare(ledger, database, from, to, "seed \(seed), summed up in part")
            try await ledger.rollUpAll(lease, withMonths: false)
            try await compare(ledger, database, from, to, "seed \(seed), summed up")
            try await write(40)
            try await compare(ledger, database, from, to, "seed \(seed), with more in the log")
            for _ in 0..<2 {
                _ = try await ledger.rollUp(lease, for: .seconds(30), atMost: 9)
                try await compare(ledger, database, from, to, "seed \(seed), in small passes")
            }
            // A day that waits though its hours are summed up, and an hour that waits though its minutes are.
            try await ledger.rollUpAll(lease)
            try await Database.query(
                database,
                """
                INSERT INTO usage_pending (team_id, level, bucket)
                SELECT DISTINCT team_id, 'day', date_trunc('day', bucket, 'UTC') FROM usage_minute WHERE team_id = 1
                UNION SELECT DISTINCT team_id, 'hour', date_trunc('hour', bucket, 'UTC') FROM usage_minute WHERE team_id = 2
                """
            )
            try await Database.query(database, "UPDATE usage_day SET calls = calls + 100 WHERE team_id = 1")
            try await Database.query(database, "UPDATE usage_hour_summary SET calls = calls + 100 WHERE team_id = 2")
            try await compare(ledger, database, from, to, "seed \(seed), with windows that wait")
        }
    }

    @Test func `the running hour and day are whole, and what is missing is told`() async throws {
        try await withLedger { ledger, database in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            for age in [0, 90 * 60, 26 * 3600] {
                let admission = Sample.admission(teamID: team.id, at: Sample.now - .seconds(age))
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission))
            }
            let from = UsageLevel.day.floor(Sample.now - .seconds(26 * 3600))
            let to = Sample.now + .seconds(1)
            try await compare(ledger, database, from, to, "from the log")
            let lease = try #require(try await ledger.acquireLease("rollups", holder: UUID(), for: .seconds(30)))
            try await ledger.rollUpAll(lease)
            try await compare(ledger, database, from, to, "summed up")

            let unknown = Sample.admission(teamID: team.id)
            try await ledger.take(unknown)
            let start = try #require(unknown.attempts.first)
            try await ledger.settle(
                Sample.settlement(
                    unknown,
                    attempts: [Sample.end(start, outcome: .unknown, cost: nil, basis: .unknown, images: 0)],
                    images: [],
                    status: .failed,
                    provider: nil
                )
            )
            func number(_ sql: String) async throws -> Int64 { try await Database.number(database, sql) }
            #expect(try await number("SELECT sum(unknown_attempts)::bigint FROM report_data_quality") == 1)
            #expect(try await number("SELECT open_windows FROM report_health") == 1)
            #expect(try await number("SELECT report_lag_s FROM report_health") == 0)
            try await Database.query(
                database,
                """
                INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
                SELECT 1, gen_random_uuid(), timestamptz '2026-01-01T00:00:00Z' + n * interval '1 minute', now() - interval '90 s'
                FROM generate_series(1, \(UsageEdges.mostOpenWindows)) AS n
                """
            )
            // As old as its sums, like a report, and says so.
            #expect(try await number("SELECT sum(calls)::bigint FROM report_usage_day") == 3)
            #expect(try await number("SELECT report_lag_s FROM report_health") >= 90)
        }
    }

    @Test func `dollars have every decimal`() async throws {
        try await withLedger { ledger, database in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let admission = Sample.admission(teamID: team.id)
            try await ledger.take(admission)
            let start = try #require(admission.attempts.first)
            let cost = Money(nanodollars: 8_123_456_789_123_456_789)
            try await ledger.settle(Sample.settlement(admission, attempts: [Sample.end(start, cost: cost)]))
            for view in ["report_usage_day", "report_usage_detail_hour", "report_attempts_minute", "report_attempts"] {
                let rows = try await Database.query(database, "SELECT cost_usd::text FROM \(view)")
                #expect(rows == [[.text("8123456789.123456789")]], "\(view)")
            }
        }
    }
}
