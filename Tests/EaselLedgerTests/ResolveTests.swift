import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// What is found out about an attempt after its call was settled (M7).
@Suite struct ResolveTests {
    private static let cents = ResolveScene.cents

    private func reservations(_ database: String) async throws -> [[SQLValue]] {
        try await Database.query(database, "SELECT reason, amount_nusd FROM reservations")
    }

    private func figures(_ database: String) async throws -> [[SQLValue]] {
        try await Database.query(
            database,
            "SELECT cost_nusd, estimated_nusd, cost_basis, failover_cost_nusd FROM calls"
        )
    }

    @Test func `what was measured and what its caller waited stand when a failed call gets its images`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission()
            try await ledger.take(admission)
            let start = admission.attempts[0]
            let timedOut = Sample.end(start, outcome: .unknown, cost: nil, basis: .unknown, images: 0)
            try await ledger.settle(
                Sample.settlement(admission, attempts: [timedOut], images: [], status: .failed, provider: nil)
            )
            let found = AttemptEnd(
                start: start,
                outcome: .succeeded,
                reason: "ok",
                errorCode: nil,
                httpStatus: nil,
                sent: true,
                charge: Cost(Self.cents, .provider),
                timings: PhaseTimings(),
                endedAt: start.startedAt + .seconds(36),
                imagesReturned: 1,
                providerTaskID: nil,
                providerRequestID: nil,
                extra: [:]
            )
            try await ledger.settle(
                Sample.settlement(
                    admission,
                    attempts: [found],
                    latency: .seconds(36),
                    settledAfter: .seconds(40),
                    recovered: true
                )
            )
            let call = try await Database.query(database, "SELECT status, cost_nusd, latency_ms FROM calls")
            #expect(call == [[.text("succeeded"), .int(Self.cents.nanodollars), .int(2300)]])
            let row = try await Database.query(
                database,
                """
                SELECT outcome, error_code, connect_ms::float8, total_ms::float8, ended_at - started_at = interval '2.1 s',
                    extra IS NOT NULL, provider_request_id FROM attempts
                """
            )
            #expect(
                row == [
                    [
                        .text("succeeded"), .text(nil), .double(1.5), .double(2100), .bool(true), .bool(true),
                        .text("req-1"),
                    ]
                ]
            )
            #expect(try await DatabaseVerify(ledger).findings(since: admission.receivedAt - .seconds(60)) == [])
        }
    }

    @Test func `the attempt ends, the money is put right, and what the caller got stays`() async throws {
        try await withLedger { ledger, database in
            let scene = try await ResolveScene.settled(ledger)
            let before = try #require(try await ledger.call(scene.admission.callID, teamID: nil))
            #expect(before.cost == Self.cents)
            #expect(try await reservations(database) == [[.text("unknown_attempt"), .int(60_000_000)]])
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])

            let end = Sample.end(scene.starts[0], cost: Money(nanodollars: 55_000_000))
            let total = Money(nanodollars: 115_000_000)
            let resolution = scene.resolution([end])
            for _ in 0..<2 {
                try await ledger.resolve(resolution)
                let after = try #require(try await ledger.call(scene.admission.callID, teamID: nil))
                #expect(after.cost == total && after.estimated == .zero && after.costBasis == .provider)
                #expect(after.attempts.map(\.outcome) == [.succeeded, .failed, .succeeded])
                #expect(after.attempts.map(\.cost) == [Money(nanodollars: 55_000_000), .zero, Self.cents])
                #expect(after.status == before.status && after.provider == before.provider)
                #expect(after.images == before.images && after.imagesDelivered == before.imagesDelivered)
                #expect(after.latencyMs == before.latencyMs && after.failover == before.failover)
                #expect(after.translation == before.translation && after.attemptCount == before.attemptCount)
                #expect(try await reservations(database) == [])
                #expect(
                    try await figures(database) == [
                        [.int(115_000_000), .int(0), .text("provider"), .int(0)]
                    ]
                )
                #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
            }
            let unknown = try await ledger.unknownAttempts(since: scene.since, limit: 10)
            #expect(unknown.isEmpty)
            // It moves on, so that the settlement does not undo this when it is replayed from a journal.
            try await ledger.settle(scene.settlement)
            #expect(try await figures(database)[0][0] == .int(115_000_000))
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
        }
    }

    @Test func `what is still unknown keeps its part of the reservation`() async throws {
        try await withLedger { ledger, database in
            let scene = try await ResolveScene.settled(ledger, bothUnknown: true)
            #expect(try await reservations(database) == [[.text("unknown_attempt"), .int(120_000_000)]])
            // The first is found out to have cost nothing; nobody can tell about the second yet.
            let found = Sample.end(scene.starts[0], outcome: .failed, cost: .zero, images: 0)
            try await ledger.resolve(scene.resolution([found]))
            #expect(try await reservations(database) == [[.text("unknown_attempt"), .int(60_000_000)]])
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
            let open = try await ledger.unknownAttempts(since: scene.since, limit: 10)
            #expect(open.map(\.callID) == [scene.admission.callID] && open.map(\.status) == [.succeeded])

            // Past its time it is posted at its bound, and holds nothing back any more.
            let posted = Money(nanodollars: 120_000_000)
            try await ledger.resolve(scene.resolution([scene.unknown(1, cost: Self.cents)]))
            #expect(try await reservations(database) == [])
            #expect(
                try await figures(database) == [
                    [.int(posted.nanodollars), .int(60_000_000), .text("unknown"), .int(60_000_000)]
                ]
            )
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])

            // And may still be found out.
            let late = Sample.end(scene.starts[1], outcome: .failed, cost: .zero, images: 0)
            try await ledger.resolve(scene.resolution([late]))
            let call = try #require(try await ledger.call(scene.admission.callID, teamID: nil))
            #expect(call.attempts.map(\.outcome) == [.failed, .failed, .succeeded] && call.cost == Self.cents)
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
        }
    }

    @Test func `an end that is known is not overwritten`() async throws {
        try await withLedger { ledger, database in
            let scene = try await ResolveScene.settled(ledger)
            // Wrong about the third, which delivered.
            let wrong = Sample.end(scene.starts[2], outcome: .failed, cost: .zero, images: 0)
            try await ledger.resolve(scene.resolution([wrong, scene.unknown(0)]))
            #expect(try await reservations(database) == [[.text("unknown_attempt"), .int(60_000_000)]])
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
            let call = try #require(try await ledger.call(scene.admission.callID, teamID: nil))
            #expect(call.attempts.map(\.outcome) == [.unknown, .failed, .succeeded])
            #expect(call.attempts.last?.cost == Self.cents && call.cost == Self.cents)
        }
    }

    @Test func `a call in progress is left alone, its reservation too (M3)`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission()
            try await ledger.take(admission)
            let scene = ResolveScene(
                admission: admission,
                starts: admission.attempts,
                settlement: Sample.settlement(admission)
            )
            for end in [Sample.end(admission.attempts[0]), scene.unknown(0), scene.unknown(0, cost: Self.cents)] {
                try await ledger.resolve(scene.resolution([end]))
                let calls = try await Database.query(
                    database,
                    "SELECT c.status, c.cost_nusd, a.outcome FROM calls AS c JOIN attempts AS a USING (call_id)"
                )
                #expect(calls == [[.text("in_progress"), .int(nil), .text("pending")]])
                #expect(try await reservations(database) == [[.text("in_progress"), .int(60_000_000)]])
                #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
            }
        }
    }

    @Test func `a call that nobody admitted is not made by its resolution`() async throws {
        try await withLedger { ledger, database in
            let admission = Sample.admission()
            let scene = ResolveScene(
                admission: admission,
                starts: admission.attempts,
                settlement: Sample.settlement(admission)
            )
            let error = await failure { () async throws(LedgerError) in
                try await ledger.resolve(scene.resolution([Sample.end(admission.attempts[0])]))
            }
            #expect(error == nil || error?.isNotFound == true)
            let rows = try await Database.number(
                database,
                "SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM attempts)"
            )
            #expect(rows == 0)
        }
    }

    /// Two gateways may ask about one attempt; the one that learnt less must not have the last word.
    @Test func `a resolution that was overtaken by a better one changes nothing`() async throws {
        try await withLedger { ledger, database in
            let scene = try await ResolveScene.settled(ledger)
            let total = Money(nanodollars: 115_000_000)
            let end = Sample.end(scene.starts[0], cost: Money(nanodollars: 55_000_000))
            try await ledger.resolve(scene.resolution([end]))
            // Slower, and past the attempt's time: posted at the bound.
            try await ledger.resolve(scene.resolution([scene.unknown(0, cost: Self.cents)]))
            let call = try #require(try await ledger.call(scene.admission.callID, teamID: nil))
            #expect(call.attempts.first?.outcome == .succeeded)
            #expect(try await reservations(database) == [])
            #expect(call.cost == total && call.costBasis == .provider)
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
        }
    }

    @Test func `a settlement that is newer than the resolution stands`() async throws {
        try await withLedger { ledger, database in
            let scene = try await ResolveScene.settled(ledger)
            let ends = [
                Sample.end(scene.starts[0]), Sample.end(scene.starts[1], outcome: .failed, cost: .zero, images: 0),
            ]
            let newer = Sample.settlement(
                scene.admission,
                attempts: ends + [Sample.end(scene.starts[2])],
                images: scene.settlement.images,
                provider: "ideogram",
                failover: true,
                settledAfter: .seconds(60)
            )
            try await ledger.settle(newer)
            try await ledger.resolve(scene.resolution([scene.unknown(0)]))
            #expect(try await reservations(database) == [])
            #expect(try await ledger.call(scene.admission.callID, teamID: nil)?.cost == newer.cost)
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
        }
    }

    @Test func `the journal keeps no resolution: it can be found out again`() async throws {
        let directory = NSTemporaryDirectory() + "easel-journal-\(UUID().text)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let journal = try await Journal(directory: directory, log: .silent)
        defer { journal.close() }
        try await withLedger { ledger, _ in
            let scene = try await ResolveScene.settled(ledger)
            let switchable = SwitchableCalls(ledger)
            let journaled = JournaledCalls(base: switchable, journal: journal, log: .silent)
            let resolution = scene.resolution([Sample.end(scene.starts[0])])
            switchable.isAway.withLock { $0 = true }
            let away = await failure { () async throws(LedgerError) in try await journaled.resolve(resolution) }
            #expect(away?.isUnavailable == true && journaled.pendingCount == 0)
            switchable.isAway.withLock { $0 = false }
            try await journaled.resolve(resolution)
            #expect(try await DatabaseVerify(ledger).findings(since: scene.since) == [])
        }
    }
}
