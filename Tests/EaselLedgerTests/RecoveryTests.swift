import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit
import Testing

@Suite struct RecoveryTests {
    @Test func `calls of a silent gateway are orphans, those of a living one are not`() async throws {
        try await withLedger { ledger, database in
            let now = Sample.now
            let own = UUID()
            let living = UUID()
            let silent = UUID()
            let mine = Sample.admission(at: now - .seconds(300), gatewayID: own, providerTaskID: "task-1")
            let alive = Sample.admission(at: now - .seconds(200), gatewayID: living)
            let left = Sample.admission(at: now - .seconds(100), gatewayID: silent)
            let fresh = Sample.admission(at: now, gatewayID: UUID())
            for admission in [mine, alive, left, fresh] { try await ledger.take(admission) }
            try await ledger.heartbeat(gatewayID: own, sign: GatewaySign(), at: now)
            try await ledger.heartbeat(gatewayID: living, sign: GatewaySign(), at: now)
            // Its clock was set back, and it lives; the other one's was ahead, and it is gone.
            try await ledger.heartbeat(gatewayID: living, sign: GatewaySign(), at: now - .seconds(500))
            try await ledger.heartbeat(gatewayID: silent, sign: GatewaySign(), at: now + .seconds(86_400))
            try await Database.query(
                database,
                "UPDATE gateways SET signed_at = now() - interval '90 seconds' WHERE gateway_id = '\(silent.text)'"
            )
            try await ledger.noteProviderTask(left.attempts[0], providerTaskID: "gen-1")

            let since = now - .seconds(60)
            let all = try await ledger.orphans(of: [own], silentSince: since, after: nil, limit: 10)
            #expect(all.map(\.callID) == [mine.callID, left.callID])
            #expect(all.map(\.status) == [.inProgress, .inProgress])
            #expect(all.first?.attempts.map(\.providerTaskID) == ["task-1"])
            let others = try await ledger.orphans(of: [], silentSince: since, after: nil, limit: 10)
            #expect(others.map(\.callID) == [left.callID])
            let orphan = try #require(others.first)
            #expect(orphan.copyrightDetection)
            #expect(orphan.model == .ideogram4)
            #expect(orphan.attempts.map(\.start) == left.attempts)
            #expect(orphan.attempts.map(\.outcome) == [.pending])
            #expect(orphan.attempts.map(\.providerTaskID) == ["gen-1"])

            try await ledger.settle(Sample.settlement(left))
            #expect(try await ledger.orphans(of: [], silentSince: since, after: nil, limit: 10).isEmpty)
            #expect(try await ledger.orphans(of: [own], silentSince: since, after: nil, limit: 0).isEmpty)
        }
    }

    @Test func `settled calls with unknown attempts are found as long as they are unknown`() async throws {
        try await withLedger { ledger, _ in
            _ = try await ledger.createTeam(name: "first", at: Sample.now)
            let admission = Sample.admission(at: Sample.now - .seconds(600))
            try await ledger.take(admission)
            func settle(cost: Money?, after: Int64) async throws {
                let end = Sample.end(
                    admission.attempts[0],
                    outcome: .unknown,
                    cost: cost,
                    basis: .unknown,
                    images: 0
                )
                try await ledger.settle(
                    Sample.settlement(
                        admission,
                        attempts: [end],
                        images: [],
                        status: .failed,
                        provider: nil,
                        settledAfter: .seconds(after)
                    )
                )
            }
            try await settle(cost: nil, after: 3)
            let found = try await ledger.unknownAttempts(since: Sample.now - .seconds(3600), limit: 10)
            #expect(found.map(\.callID) == [admission.callID])
            #expect(found.map(\.status) == [.failed])
            #expect(found.first?.attempts.map(\.cost) == [nil])
            #expect(found.first?.attempts.map(\.costBasis) == [.unknown])
            #expect(try await ledger.unknownAttempts(since: Sample.now - .seconds(60), limit: 10).isEmpty)

            // M7: one that is posted at its bound is not asked about any more.
            try await settle(cost: Money(nanodollars: 60_000_000), after: 20)
            #expect(try await ledger.unknownAttempts(since: Sample.now - .seconds(3600), limit: 10).isEmpty)
            // What is known is not forgotten by a settlement that knows less.
            try await settle(cost: nil, after: 25)
            #expect(try await ledger.unknownAttempts(since: Sample.now - .seconds(3600), limit: 10).isEmpty)
            let call = try #require(try await ledger.call(admission.callID, teamID: nil))
            #expect(call.cost == Money(nanodollars: 60_000_000))
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])

            try await ledger.settle(Sample.settlement(admission, settledAfter: .seconds(30)))
            #expect(try await ledger.unknownAttempts(since: Sample.now - .seconds(3600), limit: 10).isEmpty)
        }
    }
}
