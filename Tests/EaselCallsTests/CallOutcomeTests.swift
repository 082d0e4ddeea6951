import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing
import TestTools

@testable import EaselCalls

/// What a call came to, in the one place where it is decided.
struct CallOutcomeTests {
    private static func part(
        _ ordinal: Int,
        _ provider: String,
        _ outcome: AttemptOutcome,
        race: RaceSide? = nil,
        reason: String? = nil,
        code: String? = nil,
        cost: Money? = .zero,
        delivered: Int = 0,
        withheld: Int = 0
    ) -> CallOutcome.Part {
        CallOutcome.Part(
            ordinal: ordinal,
            provider: provider,
            race: race,
            outcome: outcome,
            reason: reason ?? (outcome == .succeeded ? "ok" : outcome.rawValue),
            errorCode: code,
            charge: Cost(cost, cost == nil ? .unknown : .provider),
            delivered: delivered,
            withheld: withheld
        )
    }

    private static func won(_ ordinal: Int, _ provider: String, _ race: RaceSide? = nil) -> CallOutcome.Part {
        part(ordinal, provider, .succeeded, race: race, cost: sixCents, delivered: 1)
    }

    @Test func `status and winner follow from the images`() {
        let cases: [([CallOutcome.Part], Int, CallStatus, String?)] = [
            ([Self.won(1, "a")], 1, .succeeded, "a"), ([Self.won(1, "a")], 2, .partial, "a"),
            ([Self.won(1, "a"), Self.won(2, "b")], 2, .succeeded, "b"),
            ([Self.part(1, "a", .failed)], 1, .failed, nil),
            ([Self.part(1, "a", .unknown, cost: nil)], 1, .failed, nil),
            ([Self.part(1, "a", .refused, withheld: 1)], 1, .refused, "a"),
            ([Self.part(1, "a", .refused), Self.part(2, "b", .failed)], 1, .refused, nil),
            ([Self.part(1, "a", .refused), Self.won(2, "b")], 1, .succeeded, "b"),
            // By their number, whatever order they are given in.
            ([Self.won(2, "b"), Self.won(1, "a")], 2, .succeeded, "b"),
        ]
        for (parts, requested, status, winner) in cases {
            let outcome = CallOutcome(requested: requested, parts: parts)
            #expect(outcome.status == status && outcome.provider == winner, "\(parts)")
        }
    }

    @Test func `a hedge is no failover unless the first side failed, and a gateway that stopped is no failure`() {
        func failover(_ first: CallOutcome.Part, _ more: CallOutcome.Part...) -> Bool {
            CallOutcome(requested: 1, parts: [first] + more).failover
        }
        let second = Self.won(2, "b", .second)
        #expect(!failover(Self.won(1, "a")))
        #expect(!failover(Self.won(1, "a", .first), Self.part(2, "b", .unknown, race: .second, cost: nil)))
        for code in ["hedge_lost", "interrupted", "posted_at_bound"] {
            #expect(!failover(Self.part(1, "a", .unknown, race: .first, code: code, cost: nil), second), "\(code)")
        }
        #expect(!failover(Self.part(1, "a", .pending, race: .first, cost: nil), second))
        #expect(!failover(Self.part(1, "a", .succeeded, race: .first, cost: sixCents), second))
        #expect(failover(Self.part(1, "a", .failed, race: .first), second))
        #expect(failover(Self.part(1, "a", .unknown, race: .first, code: "timeout", cost: nil), second))
        #expect(failover(Self.part(1, "a", .unknown, code: "interrupted", cost: nil), Self.won(2, "b")))
        #expect(
            failover(
                Self.part(1, "a", .failed, race: .first),
                Self.part(2, "b", .failed, race: .second),
                Self.won(3, "c")
            )
        )
    }

    @Test func `what a lost side cost is the cost of failing over, and is not known before it is known`() {
        func cost(_ loser: Money?) -> Money? {
            let outcome: AttemptOutcome = loser == nil ? .unknown : .succeeded
            let parts = [Self.won(1, "a", .first), Self.part(2, "b", outcome, race: .second, cost: loser)]
            return CallOutcome(requested: 1, parts: parts).figures.failoverCost
        }
        #expect(cost(sixCents) == sixCents && cost(nil) == nil && cost(.zero) == .zero)
        // Outside a race, images that were made are the call's though they could not be kept.
        let lost = CallOutcome(requested: 1, parts: [Self.part(1, "a", .succeeded, cost: sixCents)])
        #expect(lost.figures.failoverCost == .zero && lost.figures.cost == sixCents)
    }

    /// The call's own end and recovery decide with the same words: whatever the attempts are, what the machine says of the
    /// status is what the record says.
    @Test func `the machine and the record agree`() {
        var random = SeededRandom(seed: 4711)
        for _ in 0..<2000 {
            let requested = Int.random(in: 1...4, using: &random)
            var parts: [CallOutcome.Part] = []
            for ordinal in 1...Int.random(in: 1...4, using: &random) {
                let delivered = Int.random(in: 0...2, using: &random)
                let outcome: AttemptOutcome =
                    delivered > 0
                    ? .succeeded : [.failed, .refused, .unknown].randomElement(using: &random) ?? .failed
                parts.append(
                    Self.part(ordinal, ["a", "b"].randomElement(using: &random) ?? "a", outcome, delivered: delivered)
                )
            }
            let outcome = CallOutcome(requested: requested, parts: parts.shuffled(using: &random))
            let delivered = parts.reduce(0) { $0 + $1.delivered }
            let isRefused = parts.contains { $0.outcome == .refused }
            #expect(outcome.status == CallStatus(requested: requested, delivered: delivered, isRefused: isRefused))
            #expect((outcome.provider == nil) == (delivered == 0))
            if Set(parts.map(\.provider)).count == 1 { #expect(!outcome.failover, "seed 4711") }
        }
    }
}
