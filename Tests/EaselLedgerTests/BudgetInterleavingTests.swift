import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing
@testable import EaselLedger

/// Budgets when several writes of one call, or of one team, come in another order than they were meant.
@Suite struct BudgetInterleavingTests {
    private func usd(_ text: String) -> Money { Money(usd: text) ?? Money(nanodollars: .min) }

    @Test func `two second attempts at once do not pass together, whatever their gateway knows of budgets`()
        async throws
    {
        try await withLedger { ledger, database in
            let scene = try await BudgetScene(ledger)
            // Admitted before the budget stood, by a gateway that never reads the terms again.
            let other = try await PostgresLedger.connect(
                connectionString: database,
                log: .silent,
                options: PostgresFixture.smallOptions,
                migrate: false
            )
            let calls = (0..<6).map { _ in scene.admission() }
            for call in calls { #expect(try await other.admit(call) == .admitted) }
            let id = try await scene.budget(.money(usd("0.30"))).budget.id
            let verdicts = try await withThrowingTaskGroup(of: StartVerdict.self) { group in
                for call in calls {
                    group.addTask {
                        let start = Sample.start(
                            callID: call.callID,
                            teamID: call.teamID,
                            at: call.receivedAt + .seconds(1),
                            ordinal: 2,
                            bound: BudgetScene.price
                        )
                        let hold = Hold(amount: BudgetScene.price * 2, images: 2)
                        return try await other.startAttempts([start], ended: [], hold: hold)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(verdicts.count { $0 == .started } == 1, "six hold 0.24, one more fits into 0.30")
            let standing = try await scene.standing(id)
            #expect(standing.reserved == BudgetScene.price * 7)
            try await scene.verify()
            await other.close()
        }
    }

    @Test func `recovery does not replace the gateway's word, and gives way to it`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("1"))).budget.id
            let now = Sample.now
            // First the gateway, then recovery, which began when the call was still open.
            let first = scene.admission(at: now)
            #expect(try await ledger.admit(first) == .admitted)
            try await ledger.settle(scene.settlement(first, at: now + .seconds(2)))
            let late = scene.settlement(
                first,
                cost: nil,
                outcome: .unknown,
                basis: .unknown,
                at: now + .seconds(40),
                recovered: true
            )
            try await ledger.settle(late)
            var call = try #require(try await ledger.call(first.callID, teamID: nil))
            #expect(call.status == .succeeded && call.images.count == 1 && call.cost == BudgetScene.price)
            // First recovery, then the gateway's word out of a journal, which is older.
            let second = scene.admission(at: now)
            #expect(try await ledger.admit(second) == .admitted)
            try await ledger.settle(
                scene.settlement(
                    second,
                    cost: nil,
                    outcome: .unknown,
                    basis: .unknown,
                    at: now + .seconds(40),
                    recovered: true
                )
            )
            #expect(try await scene.standing(id).reserved == BudgetScene.price)
            try await scene.verify("recovered")
            try await ledger.settle(scene.settlement(second, at: now + .seconds(2)))
            call = try #require(try await ledger.call(second.callID, teamID: nil))
            #expect(call.status == .succeeded && call.cost == BudgetScene.price)
            let standing = try await scene.standing(id)
            #expect(standing.posted == BudgetScene.price * 2 && standing.reserved == .zero)
            try await scene.verify()
        }
    }

    @Test func `an attempt that comes to light after its call was settled counts as unknown`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(.money(usd("1"))).budget.id
            let admission = scene.admission()
            #expect(try await ledger.admit(admission) == .admitted)
            try await ledger.settle(
                scene.settlement(admission, cost: .zero, outcome: .failed, basis: .priceBook, recovered: true)
            )
            let start = Sample.start(
                callID: admission.callID,
                teamID: scene.teamID,
                at: admission.receivedAt + .seconds(1),
                ordinal: 2,
                provider: "ideogram",
                bound: BudgetScene.price
            )
            // As the journal replays it.
            try await ledger.startAttempts([start], ended: [])
            try await ledger.resolve(
                LateResolution(
                    key: CallKey(teamID: scene.teamID, receivedAt: admission.receivedAt, callID: admission.callID),
                    resolvedAt: Sample.now,
                    ends: []
                )
            )
            #expect(try await scene.standing(id).reserved == BudgetScene.price, "held until it is found out (M7)")
            let open = try await ledger.unknownAttempts(since: admission.receivedAt - .seconds(60), limit: 10)
            #expect(open.map(\.callID) == [admission.callID])
            try await scene.verify()
        }
    }

    @Test func `two spellings of an accent are two projects`() async throws {
        try await withLedger { ledger, _ in
            let scene = try await BudgetScene(ledger)
            let id = try await scene.budget(
                .money(usd("1")),
                scope: .project(team: "design", name: "caf\u{e9}")
            ).budget.id
            let admission = scene.admission(project: "cafe\u{301}")
            #expect(admission.budgets.isEmpty)
            #expect(try await ledger.admit(admission) == .admitted)
            try await scene.settle(admission)
            let standing = try await scene.standing(id)
            #expect(standing.reserved == .zero && standing.posted == .zero)
            try await scene.verify()
        }
    }

    /// Two keys with hard budgets, calls of both in every order: locks are taken in one order, so nobody waits in a circle.
    @Test func `calls of several keys at once do not deadlock`() async throws {
        try await withLedger { ledger, database in
            let scene = try await BudgetScene(ledger)
            var keys: [UUID] = []
            for _ in 0..<3 {
                let made = NewKey(
                    record: KeyRecord(
                        id: UUIDv7.mint(at: Sample.now),
                        team: "design",
                        prefix: "esl_x",
                        role: .member,
                        project: nil,
                        createdAt: Sample.now,
                        expiresAt: nil,
                        revokedAt: nil,
                        requestsPerMinute: nil,
                        maxConcurrent: nil,
                        inlinePolicies: false
                    ),
                    hash: Crypto.sha256(Crypto.randomBytes(8))
                )
                try await ledger.createKey(made)
                keys.append(made.record.id)
                try await scene.budget(.money(usd("100")), scope: .key(made.record.id))
            }
            let before = try await Database.number(
                database,
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<150 {
                    let key = keys[number % 3]
                    group.addTask {
                        let admission = scene.admission(keyID: key)
                        #expect(try await ledger.admit(admission) == .admitted)
                        try await scene.settle(admission)
                    }
                }
                try await group.waitForAll()
            }
            try await scene.verify()
            let after = try await Database.number(
                database,
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            #expect(after == before)
        }
    }
}
