import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

@Suite struct RetentionTests {
    private let length = Duration.seconds(30)

    private func rollUp(_ ledger: PostgresLedger) async throws {
        let lease = try #require(try await ledger.acquireLease("rollups", holder: UUID(), for: length))
        try await ledger.rollUpAll(lease)
        try await ledger.releaseLease(lease)
    }

    private func write(_ ledger: PostgresLedger, daysAgo: Int, isSettled: Bool = true) async throws -> Admission {
        let admission = Sample.admission(at: Sample.now - .seconds(daysAgo * 86_400))
        try await ledger.take(admission)
        if isSettled { try await ledger.settle(Sample.settlement(admission)) }
        return admission
    }

    private func findings(_ ledger: PostgresLedger) async throws -> [String] {
        try await DatabaseVerify(ledger).findings(since: Timestamp(microseconds: 0)).map {
            "\($0.check.rawValue): \($0.detail)"
        }
    }

    @Test func `months of the log go together, reports keep them, and minutes of them are refused`() async throws {
        try await withLedger { ledger, connectionString in
            #expect(try await ledger.createTeam(name: "design", at: Sample.now).id == 1)
            let old = try await write(ledger, daysAgo: 200)
            _ = try await write(ledger, daysAgo: 40)
            #expect(try await ledger.call(old.callID, teamID: nil) != nil)
            let retention = Retention(log: .seconds(90 * 86_400))
            // Nothing goes before it is summed up.
            #expect(try await ledger.drop(retention) == [])
            try await rollUp(ledger)
            #expect(try await findings(ledger) == [])
            let dropped = try await ledger.drop(retention)
            #expect(Set(dropped.map { $0.prefix { !$0.isNumber } }).count == 7)
            #expect(try await ledger.drop(retention) == [])
            #expect(try await ledger.call(old.callID, teamID: nil) == nil)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM calls") == 1)
            let day = UsageLevel.day
            // A mark that comes later, such as by a comparison with the provider's books, finds no log to sum up.
            try await Database.query(
                connectionString,
                """
                INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
                VALUES (1, gen_random_uuid(), date_trunc('minute', $1::timestamptz), now())
                """,
                [.time(old.receivedAt)]
            )
            try await rollUp(ledger)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_changes") == 0)
            var query = UsageQuery(
                from: day.floor(old.receivedAt) - .seconds(86_400),
                to: Sample.now + .seconds(60),
                timezone: "UTC",
                groupBy: [.day],
                teamID: nil
            )
            let report = try await ledger.usage(query)
            #expect(report.totals.calls == 2 && report.rows.count == 2 && report.totals.latency.count == 2)
            #expect(try await ledger.attempts(query).totals[.attempts] == 2)
            query.from = query.from + .seconds(90)
            let part = await failure { () async throws(LedgerError) in _ = try await ledger.usage(query) }
            #expect(part?.isRejected == true)
            query.from = day.floor(query.from)
            query.timezone = "Asia/Kolkata"
            let zone = await failure { () async throws(LedgerError) in _ = try await ledger.usage(query) }
            #expect(zone?.isRejected == true)
            #expect(try await findings(ledger) == [])
            // What is long enough ago goes from the sums as well.
            _ = try await ledger.drop(Retention(log: .seconds(90 * 86_400), rollups: .seconds(100 * 86_400)))
            query.timezone = "UTC"
            let gone = await failure { () async throws(LedgerError) in _ = try await ledger.usage(query) }
            #expect(gone?.isRejected == true)
            query.from = day.floor(Sample.now - .seconds(60 * 86_400))
            #expect(try await ledger.usage(query).totals.calls == 1)
        }
    }

    private func moment(_ text: String) throws -> Timestamp { try #require(Timestamp(text)) }

    @Test(
        arguments: [
            ("2026-11-30T23:59:59Z", 1, "2026_11"), ("2026-12-01T00:00:00Z", 1, "2026_11"),
            ("2026-12-02T00:00:00Z", 1, "2026_12"), ("2026-12-01T00:00:00Z", 7, "2026_11"),
            ("2026-12-07T23:59:59Z", 7, "2026_11"), ("2026-12-08T00:00:00Z", 7, "2026_12"),
            ("2027-01-01T00:00:00Z", 31, "2026_12"), ("2026-03-01T00:00:00Z", 28, "2026_02"),
            ("2026-03-02T00:00:00Z", 29, "2026_02"), ("2028-02-29T12:00:00Z", 28, "2028_02"),
            ("2026-11-30T12:00:00Z", 90, "2026_09"),
        ]
    )
    func `a month goes when all of it is old enough, and the running one never`(
        _ now: String,
        _ days: Int64,
        _ first: String
    ) throws {
        let kept = PostgresLedger.firstKept(try moment(now), .seconds(days * 86_400))
        #expect(kept.suffix == first)
        let start = try #require(kept.moment)
        #expect(start <= (try moment(now)) - .seconds(days * 86_400), "nothing younger goes")
    }

    @Test func `however short, every moment of the running month and of the kept time stays`() throws {
        var random = SystemRandomNumberGenerator()
        let first = try moment("2025-12-01T00:00:00Z")
        for _ in 0..<5000 {
            let now = first + .seconds(Int64.random(in: 0..<(800 * 86_400), using: &random))
            let length = Duration.seconds(Int64.random(in: 0...(70 * 86_400), using: &random))
            let kept = PostgresLedger.firstKept(now, length)
            #expect(kept <= Partitions.Month(of: now), "\(now) \(length)")
            #expect(kept == Partitions.Month(of: now - length), "\(now) \(length)")
        }
    }

    @Test func `a last month that was dropped is not made again, and the running one always is`() throws {
        let now = try moment("2026-11-15T00:00:00Z")
        func months(_ horizon: String?) throws -> [String] {
            Partitions.months(at: now, horizon: try horizon.map { try moment($0) }).map(\.suffix)
        }
        let ahead = ["2026_11", "2026_12", "2027_01", "2027_02"]
        #expect(try months(nil) == ["2026_10"] + ahead)
        #expect(try months("2026-10-01T00:00:00Z") == ["2026_10"] + ahead)
        #expect(try months("2026-11-01T00:00:00Z") == ahead)
        #expect(try months("2027-05-01T00:00:00Z") == ahead, "a wrong horizon does not stop writing")
    }

    @Test func `sums kept for less than a month leave the running month whole`() async throws {
        try await withLedger { ledger, connectionString in
            #expect(try await ledger.createTeam(name: "design", at: Sample.now).id == 1)
            let start = try #require(Partitions.Month(of: Sample.now).moment)
            for day in 0..<3 {
                let at = min(start + .seconds(Int64(day) * 86_400 + 60), Sample.now - .seconds(60))
                let admission = Sample.admission(at: at)
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission))
            }
            try await rollUp(ledger)
            func sums() async throws -> [[SQLValue]] {
                try await Database.query(
                    connectionString,
                    """
                    SELECT (SELECT sum(calls)::bigint FROM usage_month), (SELECT sum(calls)::bigint FROM usage_day),
                        (SELECT count(*) FROM pg_inherits)
                    """
                )
            }
            let before = try await sums()
            let day = Duration.seconds(86_400)
            _ = try await ledger.drop(Retention(log: day, prompts: day, rollups: day))
            // The hourly maintenance, which a start does too.
            try await ledger.maintain()
            let dropped = try await ledger.drop(Retention(log: day, prompts: day, rollups: day))
            #expect(dropped == [], "nothing was made only to be dropped again")
            try await rollUp(ledger)
            let after = try await sums()
            #expect(after.first?.prefix(2) == before.first?.prefix(2))
            #expect(try await findings(ledger) == [])
        }
    }

    @Test func `a month with a call in progress or an unknown attempt stays`() async throws {
        try await withLedger { ledger, _ in
            _ = try await write(ledger, daysAgo: 200, isSettled: false)
            try await rollUp(ledger)
            #expect(try await ledger.drop(Retention(log: .seconds(90 * 86_400))) == [])
        }
    }

    @Test func `prompts go by themselves, by month and on request`() async throws {
        try await withLedger { ledger, connectionString in
            #expect(try await ledger.createTeam(name: "design", at: Sample.now).id == 1)
            let old = try await write(ledger, daysAgo: 100)
            let new = try await write(ledger, daysAgo: 0)
            let other = try await write(ledger, daysAgo: 0)
            let dropped = try await ledger.drop(Retention(prompts: .seconds(40 * 86_400)))
            #expect(dropped.count == 1 && dropped[0].hasPrefix("call_payloads_"))
            let kept = try #require(try await ledger.call(old.callID, teamID: nil))
            #expect(kept.prompt == nil && kept.cost != nil)
            let none = await failure { () async throws(LedgerError) in _ = try await ledger.redact(Redaction()) }
            #expect(none?.isRejected == true)
            var redaction = Redaction()
            redaction.callID = new.callID
            #expect(try await ledger.redact(redaction) == 1)
            #expect(try await ledger.redact(redaction) == 0)
            #expect(try await ledger.call(new.callID, teamID: nil)?.prompt == nil)
            #expect(try await ledger.call(other.callID, teamID: nil)?.prompt == "a fox in the snow")
            redaction = Redaction()
            redaction.tag = Redaction.Tag(name: "campaign", value: "spring")
            redaction.before = Sample.now - .seconds(86_400)
            #expect(try await ledger.redact(redaction) == 0)
            redaction.before = nil
            redaction.keyID = other.keyID
            #expect(try await ledger.redact(redaction) == 1)
            #expect(
                try await Database.number(
                    connectionString,
                    "SELECT count(*) FROM call_payloads WHERE prompt IS NOT NULL"
                ) == 0
            )
        }
    }
}
