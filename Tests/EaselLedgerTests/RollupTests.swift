import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

extension PostgresLedger {
    /// Passes until there is nothing to do but what waits for the end of its hour or day.
    func rollUpAll(_ lease: Lease, withMonths: Bool = true) async throws {
        while true {
            let pass = try #require(try await rollUp(lease, for: .seconds(30), atMost: 1000))
            if pass.changes == 0, pass.hours == 0, pass.days == 0 { break }
        }
        while withMonths, try await sumUpMonths(lease, for: .seconds(30), atMost: 2)?.months != 0 {}
    }
}

@Suite struct RollupTests {
    private let length = Duration.seconds(30)

    private func findings(_ ledger: PostgresLedger) async throws -> [String] {
        let checks: Set<DatabaseVerify.Check> = [.rollupIsLog, .rollupsAddUp]
        return try await DatabaseVerify(ledger).findings(since: Timestamp(microseconds: 0))
            .filter { checks.contains($0.check) }.map { "\($0.check.rawValue): \($0.detail)" }
    }

    private func lease(_ ledger: PostgresLedger, holder: UUID = UUID(), for length: Duration = .seconds(30))
        async throws
        -> Lease
    {
        try #require(try await ledger.acquireLease("rollups", holder: holder, for: length))
    }

    @Test(arguments: [UInt64(0x6011_0001), 0x6011_0002, 0x6011_0003])
    func `a report is the same from the log, from rollups and from both`(seed: UInt64) async throws {
        try await withLedger { ledger, connectionString in
            var teams: [Int64] = []
            for name in ["design", "games", "press"] {
                teams.append(try await ledger.createTeam(name: name, at: Sample.now).id)
            }
            var log = try RandomLog(seed: seed, teams: teams)
            var settlements: [Settlement] = []
            func write(_ count: Int) async throws {
                for _ in 0..<count {
                    let (admission, settlement) = log.call()
                    try await ledger.take(admission)
                    try await ledger.settle(settlement)
                    settlements.append(settlement)
                }
            }
            try await write(150)
            let queries = (0..<40).map { _ in log.query() }
            func reports(_ count: Int = .max) async throws -> [UsageReport] {
                var reports: [UsageReport] = []
                for query in queries.prefix(count) { reports.append(try await ledger.usage(query)) }
                return reports
            }
            func attempts() async throws -> [AttemptReport] {
                var reports: [AttemptReport] = []
                for var query in queries.prefix(15) {
                    query.groupBy.removeAll { !UsageQuery.Dimension.ofAttempts.contains($0) }
                    reports.append(try await ledger.attempts(query))
                }
                return reports
            }
            let fromLog = try await reports()
            #expect(fromLog.contains { $0.totals.calls > 50 && $0.rows.count > 5 })
            let attemptsFromLog = try await attempts()
            #expect(attemptsFromLog.contains { $0.totals[.attempts] > 50 && !$0.totals[.total].isEmpty })
            let lease = try await lease(ledger)
            let pass = try #require(try await ledger.rollUp(lease, for: length, atMost: 1000))
            #expect(pass.minutes > 100 && pass.hours > 20 && pass.days > 2 && pass.changes == 150)
            // Months are made after the rest; until then their days are read.
            try await ledger.rollUpAll(lease, withMonths: false)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_pending") > 2)
            #expect(try await reports() == fromLog, "seed \(seed)")
            try await ledger.rollUpAll(lease)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_month") > 2)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_changes") == 0)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_pending") == 0)
            let fromRollups = try await reports()
            for (left, right) in zip(fromLog, fromRollups) { #expect(left == right, "seed \(seed): \(left.query)") }
            #expect(try await attempts() == attemptsFromLog, "seed \(seed)")
            #expect(try await findings(ledger) == [])

            // More calls, and ends of unknown attempts that were found out later: some in, some not yet.
            try await write(60)
            for settlement in settlements where settlement.attempts.contains(where: { $0.outcome == .unknown }) {
                try await ledger.resolve(
                    LateResolution(
                        key: settlement.key,
                        resolvedAt: settlement.settledAt + .seconds(60),
                        ends: settlement.attempts.filter { $0.outcome == .unknown }.map {
                            Sample.end($0.start, cost: Money(nanodollars: 12_345_678), images: 0)
                        }
                    )
                )
            }
            let mixed = try await reports()
            #expect(mixed.map(\.totals) != fromRollups.map(\.totals))
            let mixedAttempts = try await attempts()
            #expect(try await findings(ledger) == [])
            // In passes that are too small for all of it: what is summed up and what is not add up at every moment.
            for _ in 0..<4 {
                let pass = try #require(try await ledger.rollUp(lease, for: length, atMost: 15))
                #expect(pass.minutes == 15 && pass.hasMore)
                for (left, right) in zip(mixed.prefix(15), try await reports(15)) {
                    #expect(left == right, "seed \(seed): \(left.query)")
                }
            }
            try await ledger.rollUpAll(lease)
            let after = try await reports()
            for (left, right) in zip(mixed, after) { #expect(left == right, "seed \(seed): \(left.query)") }
            #expect(try await attempts() == mixedAttempts, "seed \(seed)")
            #expect(try await findings(ledger) == [])
        }
    }

    @Test func `the running hour and day are read from their minutes, and what is tampered with is found`() async throws
    {
        try await withLedger { ledger, connectionString in
            let now = Sample.now
            for age in [0, 90 * 60, 26 * 3600] {
                let admission = Sample.admission(at: now - .seconds(age))
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission))
            }
            try await ledger.rollUpAll(try await lease(ledger))
            let query = UsageQuery(
                from: now - .seconds(30 * 3600),
                to: now + .seconds(1),
                timezone: "UTC",
                groupBy: [.day],
                teamID: nil
            )
            #expect(try await ledger.usage(query).totals.calls == 3)
            // The running hour and the running day wait.
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_pending") >= 2)
            #expect(try await findings(ledger) == [])
            try await Database.query(connectionString, "UPDATE usage_hour SET calls = calls + 1")
            #expect(try await findings(ledger).contains { $0.hasPrefix("rollups_add_up") })
            try await Database.query(connectionString, "UPDATE usage_minute SET cost_nusd = cost_nusd - 1")
            #expect(try await findings(ledger).contains { $0.hasPrefix("rollup_is_log") })
        }
    }

    @Test func `with more open windows than can be read the report is that of the rollups, and says how old it is`()
        async throws
    {
        try await withLedger { ledger, connectionString in
            func write() async throws {
                let admission = Sample.admission(at: Sample.now - .seconds(7200))
                try await ledger.take(admission)
                try await ledger.settle(Sample.settlement(admission))
            }
            try await write()
            try await ledger.rollUpAll(try await lease(ledger))
            try await write()
            let query = UsageQuery(
                from: Sample.now - .seconds(30 * 86_400),
                to: Sample.now,
                timezone: "UTC",
                groupBy: [],
                teamID: nil
            )
            let fresh = try await ledger.usage(query)
            #expect(fresh.totals.calls == 2 && fresh.dataQuality.rollupLagS == 0)
            func mark(_ count: Int) async throws {
                try await Database.query(
                    connectionString,
                    """
                    INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
                    SELECT 1, gen_random_uuid(), date_trunc('minute', $1::timestamptz) - n * interval '1 minute',
                        $1::timestamptz - interval '90 s'
                    FROM generate_series(1, $2) AS n
                    """,
                    [.time(Sample.now - .seconds(86_400)), .int(count)]
                )
            }
            try await mark(UsageEdges.mostOpenWindows - 1)
            #expect(try await ledger.usage(query).totals.calls == 2)
            try await mark(UsageEdges.mostOpenWindows + 1)
            let old = try await ledger.usage(query)
            #expect(old.totals.calls == 1 && old.dataQuality.rollupLagS >= 90)
        }
    }

    /// Rows of a month that no call stands behind: one for each of so many keys, with these tags.
    private func insertMonth(_ connectionString: String, keys: Int, tags: String) async throws {
        let figures = UsageColumns.figures.map { $0 == "calls" ? "2" : "0" }.joined(separator: ", ")
        try await Database.query(
            connectionString,
            """
            INSERT INTO usage_month (\(UsageColumns.list(UsageColumns.window + UsageColumns.details)),
                \(UsageColumns.list(UsageColumns.figures + UsageColumns.latency)))
            SELECT 1, '2026-04-01T00:00:00Z', 'runware', 'ideogram-4.0', '', gen_random_uuid(), md5($2)::uuid, $2::jsonb,
                \(figures), '\\x000700000002'::bytea
            FROM generate_series(1, $1) AS n
            """,
            [.int(keys), .text(tags)]
        )
    }

    private func april(_ groupBy: [UsageQuery.Dimension]) throws -> UsageQuery {
        UsageQuery(
            from: try #require(Timestamp("2026-04-01T00:00:00Z")),
            to: try #require(Timestamp("2026-05-01T00:00:00Z")),
            timezone: "UTC",
            groupBy: groupBy,
            teamID: nil
        )
    }

    @Test func `a report of many rows is read in pieces, and one of too many is refused`() async throws {
        var options = PostgresFixture.smallOptions
        options.mostReportRows = 5000
        try await withLedger(options: options) { ledger, connectionString in
            var expected = 0
            // The first piece and the first round trip, to the row, and what ends somewhere later.
            for more in [64, 64, 1, 1871, 3000] {
                try await insertMonth(connectionString, keys: more, tags: "{}")
                expected += more
                let report = try await ledger.usage(try april([.key]))
                #expect(report.rows.count == expected && report.totals.calls == 2 * expected)
                let names = report.rows.map { $0.group[0] ?? "" }
                #expect(Set(names).count == expected && names == names.sorted() && report.totals.p99Ms == 7)
                let all = try await ledger.usage(try april([.project]))
                #expect(all.rows.count == 1 && all.totals == report.totals)
            }
            try await insertMonth(connectionString, keys: 1, tags: "{}")
            let error = await #expect(throws: LedgerError.self) { _ = try await ledger.usage(try april([.key])) }
            #expect("\(try #require(error))".contains("more than 5000 rows; use fewer groups"))
            // The connection is good for the next one.
            #expect(try await ledger.usage(try april([.project])).totals.calls == 10_002)
        }
    }

    @Test func `an error between the pieces of a report fails it, and is not in the way of the next`() async throws {
        let acts = Locked<[WireFault.Act]>([])
        var options = PostgresFixture.smallOptions
        options.readerFault = WireFault { commands in
            guard commands.first?.hasPrefix("FETCH") == true else { return .pass }
            return acts.withLock { $0.popLast() ?? .pass }
        }
        try await withLedger(options: options) { ledger, connectionString in
            try await insertMonth(connectionString, keys: 2000, tags: "{}")
            acts.withLock { $0 = [.fail(command: 0, sqlState: "22012")] }
            await #expect(throws: LedgerError.self) { _ = try await ledger.usage(try april([.key])) }
            #expect(acts.withLock { $0.isEmpty })
            // A connection that is lost there is replaced, and the report begins again from nothing.
            for act: WireFault.Act in [.pass, .cutBefore, .cutAfter] {
                acts.withLock { $0 = [act] }
                #expect(try await ledger.usage(try april([.key])).totals.calls == 4000, "\(act)")
                #expect(acts.withLock { $0.isEmpty })
            }
        }
    }

    @Test func `a report that takes too long is refused with what to do`() async throws {
        var options = PostgresFixture.smallOptions
        options.reportLimit = .seconds(2)
        options.readerFault = WireFault { commands in
            // Holds the reader's own thread beyond the limit, as a slow server does; nothing waits for the length of it.
            if commands.contains(where: { $0.hasPrefix("DECLARE") }) { Thread.sleep(forTimeInterval: 3) }
            return .pass
        }
        try await withLedger(options: options) { ledger, _ in
            let error = await #expect(throws: LedgerError.self) { _ = try await ledger.usage(try april([.team])) }
            let told = "\(try #require(error))"
            #expect(told.contains("not ready after 2 s; use fewer groups, or choose a shorter time"))
        }
    }

    @Test func `names that look alike are told apart, and absent ones come last`() async throws {
        try await withLedger { ledger, connectionString in
            // Composed and decomposed; Swift's strings are equal.
            let names = ["\u{E9}", "e\u{301}", "", "Z", "a", "aa"]
            for name in names {
                try await insertMonth(connectionString, keys: 1, tags: #"{"mark": "\#(name)"}"#)
            }
            try await insertMonth(connectionString, keys: 1, tags: "{}")
            let rows = try await ledger.usage(try april([.tag("mark"), .provider])).rows
            let expected = ["", "Z", "a", "aa", "e\u{301}", "\u{E9}", nil]
            #expect(rows.map { $0.group[0].map { Array($0.utf8) } } == expected.map { $0.map { Array($0.utf8) } })
            #expect(rows.allSatisfy { $0.figures.calls == 2 && $0.group[1] == "runware" })
        }
    }

    @Test func `a holder that has lost its lease writes nothing`() async throws {
        try await withLedger { ledger, connectionString in
            let stale = try await lease(ledger, for: .seconds(1))
            #expect(try await ledger.acquireLease("rollups", holder: UUID(), for: length) == nil)
            try await Task.sleep(for: .milliseconds(1300))
            let next = try await lease(ledger)
            #expect(next.epoch == stale.epoch + 1)
            let admission = Sample.admission()
            try await ledger.take(admission)
            try await ledger.settle(Sample.settlement(admission))
            #expect(try await ledger.rollUp(stale, for: length, atMost: 1000) == nil)
            #expect(try await Database.number(connectionString, "SELECT count(*) FROM usage_minute") == 0)
            #expect(try await ledger.rollUp(next, for: length, atMost: 1000)?.minutes == 1)
            #expect(try await ledger.rollUp(stale, for: length, atMost: 1000) == nil)
            try await ledger.releaseLease(next)
            #expect(try await lease(ledger).epoch == next.epoch + 1)
        }
    }

    @Test func `a holder frozen in its transaction gives way`() async throws {
        try await withLedger { ledger, connectionString in
            let frozen = try await lease(ledger, for: .seconds(1))
            let held = try await Database.hold(
                connectionString,
                RollupStatements.fence(frozen, for: .seconds(1), watermark: Sample.now),
                commits: false
            )
            defer { held.release() }
            let began = SteadyInstant.now
            var next: Lease?
            while next == nil, SteadyInstant.now.since(began) < .seconds(20) {
                next = try? await ledger.acquireLease("rollups", holder: UUID(), for: length)
                if next == nil { try await Task.sleep(for: .milliseconds(200)) }
            }
            #expect(try #require(next).epoch == frozen.epoch + 1)
        }
    }

    @Test func `the buckets of SQL are those of the program`() async throws {
        try await withLedger { _, connectionString in
            var numbers = Array(0...2000)
            for power in 11...41 { numbers += [(1 << power) - 1, 1 << power, (1 << power) + 1, 3 << (power - 1)] }
            let rows = try await Database.query(
                connectionString,
                "SELECT n, easel_bucket(n)::bigint FROM unnest($1::text[]::bigint[]) AS n",
                [.texts(numbers.map(String.init))]
            )
            #expect(rows.count == numbers.count)
            for row in rows {
                guard case (.int(let number?), .int(let bucket?)) = (row[0], row[1]) else { throw CancellationError() }
                #expect(bucket == Int64(LatencyHistogram.bucket(of: Int(number))), "\(number)")
            }
        }
    }
}
