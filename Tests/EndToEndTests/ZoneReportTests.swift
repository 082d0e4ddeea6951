import EaselBase
import EaselCore
import EaselLedger
import EaselReporting
import Foundation
import Testing
import TestKit
import TestTools

/// Reports over the borders of months and the nights in which clocks are changed, from the log and from its sums.
struct ZoneReportTests {
    /// Calls a quarter of an hour before and after each border that one of the zones has.
    private static let moments = [
        // Clocks go back in Berlin at 01:00 UTC: there are two hours that begin at two.
        "2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z",
        // The month ends in Lord Howe (13:00 UTC), in Berlin (23:00), in UTC, in New York (04:00).
        "2026-10-31T12:45:00Z", "2026-10-31T13:15:00Z", "2026-10-31T22:45:00Z", "2026-10-31T23:15:00Z",
        "2026-10-31T23:45:00Z", "2026-11-01T00:15:00Z", "2026-11-01T03:45:00Z", "2026-11-01T04:15:00Z",
        // Clocks go back in New York at 06:00 UTC.
        "2026-11-01T05:45:00Z", "2026-11-01T06:15:00Z",
        // And forward by half an hour in Lord Howe at 15:30 UTC on the third of October.
        "2026-10-03T15:15:00Z", "2026-10-03T15:45:00Z",
    ]

    /// Ended calls of one image, ten cents each, with the marks that their writes would have left.
    private static func insertion(_ team: Int64) -> String {
        let list = moments.map { "'\($0)'" }.joined(separator: ", ")
        return """
            WITH made AS (
                INSERT INTO calls (team_id, received_at, call_id, key_id, gateway_id, project, tags, policy, model, provider,
                    last_provider, status, images_requested, images_delivered, bound_nusd, cost_nusd, estimated_nusd,
                    cost_basis, failover_cost_nusd, latency_ms, attempts, failover, settled_at)
                SELECT \(team), at, gen_random_uuid(), '00000000-0000-4000-8000-000000000001',
                    '00000000-0000-4000-8000-000000000002', 'web', '{}', 'failover', 'ideogram-4.0', 'runware', 'runware',
                    'succeeded', 1, 1, 100000000, 100000000, 0, 'provider', 0, 2000, 1, false, at + interval '2 s'
                FROM unnest(ARRAY[\(list)]::timestamptz[]) AS m(at)
                RETURNING team_id, received_at, call_id),
            asked AS (
                INSERT INTO attempts (team_id, started_at, attempt_id, call_id, ordinal, provider, provider_model, task_id,
                    images_asked, images_returned, bound_nusd, price_per_image_nusd, outcome, reason, http_status, sent,
                    cost_nusd, cost_basis, total_ms, ended_at)
                SELECT team_id, received_at, gen_random_uuid(), call_id, 1, 'runware', 'ideogram:4@remix',
                    gen_random_uuid(), 1, 1, 100000000, 100000000, 'succeeded', 'ok', 200, true, 100000000, 'provider', 1900,
                    received_at + interval '2 s'
                FROM made)
            INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
            SELECT team_id, gen_random_uuid(), date_trunc('minute', received_at), now() FROM made
            """
    }

    @Test(.timeLimit(.minutes(5)))
    func `days and hours are those of the zone, over the ends of months and of summer`() async throws {
        let connectionString = try await PostgresFixture.database()
        // Months of the past have partitions where a ledger is told of them; this one begins in the present.
        let ledger = try await PostgresLedger.connect(connectionString: connectionString, log: .silent)
        do {
            let team = try await ledger.createTeam(name: "design", at: TimeSource.system.now)
            for month in ["2026_10:2026-10-01:2026-11-01"] {
                let parts = month.split(separator: ":")
                for table in ["calls", "call_payloads", "attempts", "images", "usage_minute", "attempt_minute"] {
                    _ = try await psql(
                        connectionString,
                        """
                        CREATE TABLE IF NOT EXISTS \(table)_\(parts[0]) PARTITION OF \(table)
                            FOR VALUES FROM ('\(parts[1]) 00:00:00+00') TO ('\(parts[2]) 00:00:00+00')
                        """
                    )
                }
            }
            _ = try await psql(connectionString, Self.insertion(team.id))
            let fromLog = try await pages(ledger)
            let lease = try #require(try await ledger.acquireLease("rollups", holder: UUID(), for: .seconds(60)))
            while true {
                let pass = try #require(try await ledger.rollUp(lease, for: .seconds(60), atMost: 1000))
                if pass.changes == 0, pass.hours == 0, pass.days == 0 { break }
            }
            #expect(try await ledger.sumUpMonths(lease, for: .seconds(60), atMost: 20)?.months == 1)
            let fromSums = try await pages(ledger)
            for (name, text) in fromLog { Snapshot.expect(text, named: name) }
            for ((name, left), (_, right)) in zip(fromLog, fromSums) { #expect(left == right, "\(name)") }
            await ledger.close()
        } catch {
            await ledger.close()
            throw error
        }
    }

    /// By day and by hour in three zones, a month of each zone's own at a time.
    private func pages(_ ledger: PostgresLedger) async throws -> [(name: String, text: String)] {
        var pages: [(String, String)] = []
        for name in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"] {
            let zone = try #require(LocalTime(name))
            let october = try #require(zone.startOfDay(year: 2026, month: 10, day: 1))
            let november = zone.nextMonth(october)
            for (word, dimension) in [("day", UsageQuery.Dimension.day), ("hour", .hour)] {
                var text = ""
                for (from, to) in [(october, november), (november, zone.nextMonth(november))] {
                    let query = UsageQuery(from: from, to: to, timezone: name, groupBy: [dimension], teamID: nil)
                    let report = ReportBuilder.usage(try await ledger.usage(query))
                    text += ReportText(report, style: TextStyle(width: 120)).table() + "\n"
                }
                let zoneName = name.split(separator: "/").last.map { $0.lowercased() } ?? ""
                pages.append(("zones-\(zoneName)-\(word).txt", text))
            }
        }
        return pages
    }

    private func psql(_ connectionString: String, _ sql: String) async throws -> String {
        let outcome = try await Program.run(
            "psql",
            ["-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", sql, connectionString]
        )
        try #require(outcome.status == 0, "\(outcome.errors)")
        return outcome.output
    }
}
