import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// Shadows and their daily budget (M1 to M4, M7).
@Suite struct ShadowTests {
    private static let price = ShadowScene.price.nanodollars

    @Test func `many at once never pass the day's limit`() async throws {
        try await withLedger { first, database in
            let second = try await PostgresLedger.connect(
                connectionString: database,
                log: .silent,
                options: PostgresFixture.smallOptions
            )
            let now = Sample.now
            var starts: [ShadowStart] = []
            for _ in 0..<40 {
                let admission = Sample.admission(at: now)
                try await first.take(admission)
                starts.append(ShadowScene.start(admission, budget: 7))
            }
            let taken = await withTaskGroup(of: Bool.self) { group in
                for (index, start) in starts.enumerated() {
                    group.addTask { ((try? await (index % 2 == 0 ? first : second).startShadow(start)) ?? false) }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            await second.close()
            #expect(taken == 7)
            #expect(try await ShadowScene.windows(database) == [0, 7 * Self.price])
            #expect(try await Database.number(database, "SELECT count(*) FROM shadows") == 7)
            #expect(try await DatabaseVerify(first).findings(since: now - .seconds(60)).isEmpty)
        }
    }

    @Test func `writing twice is writing once`() async throws {
        try await withLedger { ledger, database in
            let start = try await ShadowScene.begin(ledger)
            #expect(try await ledger.startShadow(start), "it stands already")
            #expect(try await ShadowScene.windows(database) == [0, Self.price])
            let end = ShadowScene.end(start)
            try await ledger.endShadow(end)
            try await ledger.endShadow(end)
            #expect(try await ShadowScene.windows(database) == [Self.price, 0])
            #expect(try await ledger.startShadow(start))
            #expect(try await ShadowScene.windows(database) == [Self.price, 0])
        }
    }

    @Test func `a repeat finds its row also when the budget is used up by it`() async throws {
        try await withLedger { ledger, _ in
            let admission = Sample.admission()
            try await ledger.take(admission)
            let start = ShadowScene.start(admission, budget: 1)
            #expect(try await ledger.startShadow(start))
            #expect(try await ledger.startShadow(start))
            #expect(try await !ledger.startShadow(ShadowScene.start(admission, budget: 1)))
        }
    }

    @Test func `policies and days have budgets of their own, providers share one`() async throws {
        try await withLedger { ledger, database in
            let today = try #require(Timestamp(Sample.now.description.prefix(10))) + .seconds(3600)
            let admission = Sample.admission(at: today)
            let yesterday = Sample.admission(at: today - .seconds(86_400))
            for call in [admission, yesterday] { try await ledger.take(call) }
            let starts = [
                ShadowScene.start(admission, budget: 1), ShadowScene.start(admission, policy: "other", budget: 1),
                ShadowScene.start(yesterday, budget: 1),
            ]
            for start in starts { #expect(try await ledger.startShadow(start)) }
            #expect(try await Database.number(database, "SELECT count(*) FROM shadow_windows") == 3)
            #expect(try await !ledger.startShadow(ShadowScene.start(admission, provider: "third", budget: 1)))
        }
    }

    @Test func `a lower limit counts from the next shadow on, and the day stays sound`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            let admission = Sample.admission(at: now)
            try await ledger.take(admission)
            for _ in 0..<3 { #expect(try await ledger.startShadow(ShadowScene.start(admission, budget: 3))) }
            #expect(try await !ledger.startShadow(ShadowScene.start(admission, budget: 2)))
            #expect(try await ledger.startShadow(ShadowScene.start(admission, budget: 4)))
            #expect(try await DatabaseVerify(ledger).findings(since: now - .seconds(60)).isEmpty)
        }
    }

    @Test func `a cost that is not known holds the bound until it is`() async throws {
        try await withLedger { ledger, database in
            _ = try await ledger.createTeam(name: "design", at: Sample.now)
            let start = try await ShadowScene.begin(ledger)
            try await ledger.endShadow(ShadowScene.end(start, outcome: .unknown, cost: nil, basis: .unknown, images: 0))
            #expect(try await ShadowScene.windows(database) == [0, Self.price])
            // At its bound, when nobody can tell; and then somebody can.
            try await ledger.endShadow(
                ShadowScene.end(
                    start,
                    outcome: .unknown,
                    basis: .unknown,
                    errorCode: AttemptEnd.postedAtBound,
                    images: 0
                )
            )
            #expect(try await ShadowScene.windows(database) == [Self.price, 0])
            try await ledger.endShadow(ShadowScene.end(start, cost: Money(nanodollars: 50_000_000)))
            #expect(try await ShadowScene.windows(database) == [50_000_000, 0])
            // Less than that changes nothing.
            try await ledger.endShadow(ShadowScene.end(start, outcome: .unknown, cost: nil, basis: .unknown))
            #expect(try await ShadowScene.windows(database) == [50_000_000, 0])
            #expect(try await ledger.call(start.callID, teamID: nil)?.shadow?.outcome == .succeeded)
        }
    }

    @Test func `a provider that charges more than its price is posted in full`() async throws {
        try await withLedger { ledger, database in
            let now = Sample.now
            let admission = Sample.admission(at: now)
            try await ledger.take(admission)
            let start = ShadowScene.start(admission, budget: 1)
            #expect(try await ledger.startShadow(start))
            try await ledger.endShadow(ShadowScene.end(start, cost: ShadowScene.price * 3))
            #expect(try await ShadowScene.windows(database) == [3 * Self.price, 0])
            #expect(try await DatabaseVerify(ledger).findings(since: now - .seconds(60)).isEmpty)
        }
    }

    @Test func `the end of one that never began is nothing`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission()
            try await ledger.take(admission)
            try await ledger.endShadow(ShadowScene.end(ShadowScene.start(admission)))
            #expect(try await Database.number(database, "SELECT count(*) FROM shadows") == 0)
            #expect(try await ShadowScene.windows(database) == [])
        }
    }

    @Test func `it counts neither in the call nor in its team's figures`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            let team = try await ledger.createTeam(name: "design", at: now)
            let admission = Sample.admission(teamID: team.id, at: now)
            try await ledger.take(admission)
            let start = ShadowScene.start(admission)
            #expect(try await ledger.startShadow(start))
            try await ledger.noteShadowTask(start, providerTaskID: "gen-7")
            try await ledger.endShadow(ShadowScene.end(start))
            try await ledger.settle(Sample.settlement(admission))
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.cost == Money(nanodollars: 60_000_000))
            #expect(call.attempts.count == 1)
            let shadow = try #require(call.shadow)
            #expect(shadow.provider == "ideogram")
            #expect(shadow.cost == ShadowScene.price)
            #expect(shadow.totalMs == 3000)
            let usage = try await ledger.usage(
                UsageQuery(from: now, to: now + .seconds(1), timezone: "UTC", groupBy: [.provider], teamID: nil)
            )
            #expect(usage.totals.cost == Money(nanodollars: 60_000_000))
            #expect(usage.rows.map(\.group) == [["runware"]])
        }
    }

    @Test func `a comparison with the provider's bill knows of it`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            let start = try await ShadowScene.begin(ledger, at: now)
            try await ledger.endShadow(ShadowScene.end(start))
            let day = CivilDay(of: now)
            let sums = try await ledger.reconciliationSums(
                ReconciliationSpan(provider: "ideogram", first: day, last: day)
            )
            #expect(sums.map(\.known) == [ShadowScene.price])
            #expect(sums.map(\.requests) == [1])
        }
    }

    @Test func `those that nobody works on are open until their cost is known`() async throws {
        try await withLedger { ledger, _ in
            let now = Sample.now
            let living = UUID()
            let silent = UUID()
            let admission = Sample.admission(at: now - .seconds(100))
            try await ledger.take(admission)
            let working = ShadowScene.start(admission, gatewayID: living)
            let left = ShadowScene.start(admission, gatewayID: silent)
            let overdue = ShadowScene.start(admission, gatewayID: living, lease: .seconds(50))
            let unknown = ShadowScene.start(admission, gatewayID: living)
            let done = ShadowScene.start(admission, gatewayID: silent)
            for start in [working, left, overdue, unknown, done] { #expect(try await ledger.startShadow(start)) }
            try await ledger.endShadow(ShadowScene.end(unknown, outcome: .unknown, cost: nil, basis: .unknown))
            try await ledger.endShadow(ShadowScene.end(done))
            try await ledger.noteShadowTask(left, providerTaskID: "gen-1")
            try await ledger.heartbeat(gatewayID: living, sign: GatewaySign(), at: now)

            let judged = try await ledger.openShadows(silentSince: now - .seconds(30), at: now, limit: 10)
            #expect(Set(judged.map(\.start.shadowID)) == Set([left, overdue, unknown].map(\.shadowID)))
            let found = try #require(judged.first { $0.start.shadowID == left.shadowID })
            #expect(found.outcome == .pending)
            #expect(found.providerTaskID == "gen-1")
            #expect(found.start.taskID == left.taskID)
            #expect(found.start.bound == left.bound)
            #expect(found.start.windowStart == left.windowStart)
            #expect(found.start.copyrightDetection)
            let unjudged = try await ledger.openShadows(silentSince: nil, at: now, limit: 10)
            #expect(Set(unjudged.map(\.start.shadowID)) == Set([overdue, unknown].map(\.shadowID)))
            #expect(try await ledger.openShadows(silentSince: nil, at: now, limit: 1).count == 1)
        }
    }

    @Test(arguments: [
        (DatabaseVerify.Check.shadowWindowIsSum, "UPDATE shadow_windows SET posted_nusd = posted_nusd - 1"),
        (.shadowWindowIsSum, "UPDATE shadow_windows SET reserved_nusd = 1, ceiling_nusd = ceiling_nusd + 1"),
        (.shadowWindowIsSum, "DELETE FROM shadow_windows"),
        (.shadowWindowIsSum, "DELETE FROM shadows"),
        (.partsHaveCall, "UPDATE shadows SET call_id = gen_random_uuid()"),
    ])
    func `db verify finds what does not fit`(check: DatabaseVerify.Check, sql: String) async throws {
        try await withLedger { ledger, database in
            let now = Sample.now
            let start = try await ShadowScene.begin(ledger, at: now)
            try await ledger.endShadow(ShadowScene.end(start))
            let verify = DatabaseVerify(ledger)
            #expect(try await verify.findings(since: now - .seconds(60)).isEmpty)
            try await Database.query(database, sql)
            #expect(try await verify.findings(since: now - .seconds(60)).map(\.check).contains(check))
        }
    }

    @Test func `the database itself keeps a window within its ceiling`() async throws {
        try await withLedger { ledger, database in
            _ = try await ShadowScene.begin(ledger)
            await #expect(throws: PostgresError.self) {
                try await Database.query(database, "UPDATE shadow_windows SET posted_nusd = ceiling_nusd + 1")
            }
            await #expect(throws: PostgresError.self) {
                try await Database.query(database, "UPDATE shadow_windows SET reserved_nusd = -1")
            }
        }
    }
}
