import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing
import TestTools

@testable import EaselLedger

/// What metrics are told of connections and of sums that are behind.
struct PoolStandingTests {
    private static func pool(_ name: String, _ ledger: PostgresLedger) throws -> PoolStanding {
        try #require(ledger.pools.first { $0.name == name })
    }

    @Test func `connections are counted as what they do`() async throws {
        try await withLedger { ledger, connectionString in
            #expect(ledger.pools.map(\.name) == ["writers", "readers", "lookups", "workers", "pulses"])
            let readers = try Self.pool("readers", ledger)
            #expect(readers.busy == 0 && readers.waiting == 0)
            #expect(readers.idle + readers.closed == readers.size)
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            // Everybody who reads calls waits for the lock.
            let held = try await Database.hold(connectionString, "LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            let reads = (0..<readers.size + 2).map { _ in
                Task { _ = try? await ledger.calls(CallQuery(teamID: team.id)) }
            }
            let areBusy = await eventually {
                (try? Self.pool("readers", ledger)).map { $0.busy == readers.size && $0.waiting == 2 } ?? false
            }
            #expect(areBusy, "\(ledger.pools)")
            held.release()
            for read in reads { await read.value }
            let areIdle = await eventually {
                (try? Self.pool("readers", ledger)).map { $0.busy == 0 && $0.idle == readers.size } ?? false
            }
            #expect(areIdle, "\(ledger.pools)")
            try await ledger.take(Sample.admission(teamID: team.id))
            let hasWritten = await eventually { (try? Self.pool("writers", ledger)).map { $0.idle > 0 } ?? false }
            #expect(hasWritten)
        }
    }

    @Test func `a write that is not summed up is a lag, until it is`() async throws {
        try await withLedger { ledger, connectionString in
            #expect(try await ledger.rollupLag() == .zero)
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let admission = Sample.admission(teamID: team.id)
            try await ledger.take(admission)
            try await ledger.settle(Sample.settlement(admission))
            try await Database.query(
                connectionString,
                "UPDATE usage_changes SET changed_at = now() - interval '90 seconds'"
            )
            let lag = try await ledger.rollupLag()
            #expect(lag > .seconds(80) && lag < .seconds(600), "\(lag)")
            // What cannot be summed up is told as such.
            try await Database.query(
                connectionString,
                """
                INSERT INTO usage_faults (team_id, level, bucket, reason, tries, failed_at, retry_at)
                SELECT DISTINCT team_id, 'minute', bucket, 'x', 1, now(), now() FROM usage_changes
                """
            )
            #expect(try await ledger.rollupLag() == .zero)
        }
    }
}
