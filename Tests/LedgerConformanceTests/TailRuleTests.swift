import EaselBase
import EaselCore
import TestKit
import Testing

/// The end of the log, by both ledgers.
@Suite struct TailRuleTests {
    @Test(arguments: Book.allCases) func `calls are found by when they ended`(_ book: Book) async throws {
        try await book.with { scene in
            let first = try await scene.admitted()
            let second = try await scene.admitted()
            _ = try await scene.admitted()
            for (admission, seconds) in [(second, 1), (first, 2)] {
                let end = scene.end(admission.attempts[0], .succeeded, cost: Money(nanodollars: 60_000_000))
                try await scene.ledger.settle(scene.settlement(admission, [end], after: .seconds(seconds)))
            }
            let since = min(first.receivedAt, second.receivedAt)
            let found = try await scene.ledger.endedCalls(since: since, without: [], limit: 10)
            #expect(found.map(\.callID) == [second.callID, first.callID])
            let call = try #require(found.first)
            #expect(call.team == "design" && call.teamID == scene.teamID && call.status == .succeeded)
            #expect(call.cost == Money(nanodollars: 60_000_000) && call.images == 1 && call.latencyMs == 1000)
            #expect(call.receivedAt == second.receivedAt && call.settledAt == second.receivedAt + .seconds(1))
            #expect(!call.hasNSFW && !call.hasCopyright && !call.failover)
            let others = try await scene.ledger.endedCalls(since: since, without: [second.callID], limit: 10)
            #expect(others.map(\.callID) == [first.callID])
            #expect(
                try await scene.ledger.endedCalls(since: since, without: [], limit: 1).map(\.callID) == [second.callID]
            )
            let late = first.receivedAt + .seconds(2)
            #expect(
                try await scene.ledger.endedCalls(since: late, without: [], limit: 10).map(\.callID) == [first.callID]
            )
        }
    }
}
