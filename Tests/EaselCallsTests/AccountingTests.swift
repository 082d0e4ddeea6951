import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// What an attempt and a call cost (M1, M4, M6, M7).
struct AccountingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var asked = 2
        var price: Money? = sixCents
        let result: ProviderResult
        let cost: Money?
        let basis: CostBasis
        var delivered = 0
        let outcome: AttemptOutcome
    }

    static let twelveCents = Money(nanodollars: 120_000_000)
    static let odd = Money(nanodollars: 123_456_789)

    private static func failure(
        _ kind: ProviderFailure.Kind,
        status: Int? = nil,
        billing: ProviderFailure.Billing? = nil
    ) -> ProviderFailure {
        ProviderFailure(kind, code: "x", message: "x", httpStatus: status, billing: billing)
    }

    private static func images(
        _ count: Int,
        withheld: Int = 0,
        failure: ProviderFailure? = nil,
        cost: Money? = nil
    ) -> ProviderResult {
        var result = ScriptedProvider.delivered(count, cost: cost)
        result.images += (0..<withheld).map { _ in ProviderImage(content: .withheld, nsfw: true) }
        result.failure = failure
        return result
    }

    static let cases: [Case] = [
        Case(
            testDescription: "the provider's own figure stands",
            result: images(2, cost: odd),
            cost: odd,
            basis: .provider,
            delivered: 2,
            outcome: .succeeded
        ),
        Case(
            testDescription: "its own figure stands above the price (M2)",
            asked: 1,
            result: images(1, cost: odd),
            cost: odd,
            basis: .provider,
            delivered: 1,
            outcome: .succeeded
        ),
        Case(
            testDescription: "its own figure of nothing is nothing",
            result: images(2, cost: .zero),
            cost: .zero,
            basis: .provider,
            delivered: 2,
            outcome: .succeeded
        ),
        Case(
            testDescription: "no figure: the price times what came",
            result: images(2),
            cost: twelveCents,
            basis: .priceBook,
            delivered: 2,
            outcome: .succeeded
        ),
        Case(
            testDescription: "fewer images cost less",
            result: images(1),
            cost: sixCents,
            basis: .priceBook,
            delivered: 1,
            outcome: .partial
        ),
        Case(
            testDescription: "no price: not known, never zero",
            price: nil,
            result: images(2),
            cost: nil,
            basis: .unknown,
            delivered: 2,
            outcome: .succeeded
        ),
        Case(
            testDescription: "withheld images count at their bound",
            result: images(1, withheld: 1),
            cost: twelveCents,
            basis: .unknown,
            delivered: 1,
            outcome: .partial
        ),
        Case(
            testDescription: "all withheld",
            result: images(0, withheld: 2),
            cost: twelveCents,
            basis: .unknown,
            outcome: .refused
        ),
        Case(
            testDescription: "never sent: nothing",
            result: images(0, failure: failure(.notSent)),
            cost: .zero,
            basis: .priceBook,
            outcome: .failed
        ),
        Case(
            testDescription: "refused with an answer: nothing",
            result: images(0, failure: failure(.refused, status: 422)),
            cost: .zero,
            basis: .priceBook,
            outcome: .refused
        ),
        Case(
            testDescription: "an error answer: nothing",
            result: images(0, failure: failure(.unavailable, status: 503)),
            cost: .zero,
            basis: .priceBook,
            outcome: .failed
        ),
        Case(
            testDescription: "made, and lost on its way to us: paid all the same",
            asked: 1,
            result: images(1, failure: failure(.resultLost, status: 200)),
            cost: sixCents,
            basis: .priceBook,
            outcome: .failed
        ),
        Case(
            testDescription: "no answer: not known",
            result: images(0, failure: failure(.timeout)),
            cost: nil,
            basis: .unknown,
            outcome: .unknown
        ),
        Case(
            testDescription: "an answer that cannot be read: not known",
            result: images(0, failure: failure(.garbled, status: 200)),
            cost: nil,
            basis: .unknown,
            outcome: .unknown
        ),
        Case(
            testDescription: "some images, the rest lost: the bound",
            result: images(1, failure: failure(.timeout)),
            cost: twelveCents,
            basis: .unknown,
            delivered: 1,
            outcome: .partial
        ),
        Case(
            testDescription: "some images, the rest failed: what came",
            result: images(1, failure: failure(.failed, status: 200)),
            cost: sixCents,
            basis: .priceBook,
            delivered: 1,
            outcome: .partial
        ),
        Case(
            testDescription: "a failure that says it charged",
            result: images(0, failure: failure(.failed, status: 200), cost: odd),
            cost: odd,
            basis: .provider,
            outcome: .failed
        ),
        Case(
            testDescription: "nothing at all and no reason: not known",
            result: images(0),
            cost: nil,
            basis: .unknown,
            outcome: .failed
        ),
    ]

    @Test(arguments: cases)
    func `an attempt costs`(_ entry: Case) {
        let start = SampleTrade.start(asked: entry.asked, price: entry.price)
        let end = Accounting.end(of: start, entry.result, delivered: entry.delivered, endedAt: SampleTrade.moment)
        #expect(end.cost == entry.cost)
        #expect(end.costBasis == entry.basis)
        #expect(end.outcome == entry.outcome)
        #expect(end.sent == (entry.result.failure?.kind != .notSent))
    }

    @Test(arguments: [Int64(6_000_000_001), 999_999_999_000_000_000, .max])
    func `a cost beyond belief counts at the bound and stands beside the attempt`(nanodollars: Int64) {
        let said = Money(nanodollars: nanodollars)
        let start = SampleTrade.start(asked: 1, price: sixCents)
        let result = Self.images(1, cost: said)
        let end = Accounting.end(of: start, result, delivered: 1, endedAt: SampleTrade.moment)
        #expect(end.cost == start.bound && end.costBasis == .unknown && end.outcome == .succeeded)
        #expect(end.extra[CostBelief.claimMark] == .string(said.usd))
        // What is dear but possible is posted in full (M2).
        let dear = Self.images(1, cost: Money(nanodollars: 6_000_000_000))
        let posted = Accounting.end(of: start, dear, delivered: 1, endedAt: SampleTrade.moment)
        #expect(posted.cost == dear.cost && posted.costBasis == .provider && posted.extra.isEmpty)
    }

    @Test func `images that nobody asked for do not make their cost believable`() {
        let start = SampleTrade.start(asked: 1, price: sixCents)
        let result = Self.images(200, cost: Money(nanodollars: 12_000_000_000))
        let end = Accounting.end(of: start, result, delivered: 1, endedAt: SampleTrade.moment)
        #expect(end.cost == start.bound && end.costBasis == .unknown)
    }

    @Test func `without a price a cost beyond belief is not known`() {
        let start = SampleTrade.start(asked: 1, price: nil)
        let result = Self.images(1, cost: Money(nanodollars: .max))
        let end = Accounting.end(of: start, result, delivered: 1, endedAt: SampleTrade.moment)
        #expect(end.cost == nil && end.costBasis == .unknown)
    }

    // A result that was lost had images, so it is no failure without any.
    @Test(arguments: ProviderFailure.Kind.allCases.filter { $0 != .resultLost })
    func `a failure costs nothing only where that is known`(_ kind: ProviderFailure.Kind) {
        let end = Accounting.end(
            of: SampleTrade.start(),
            ProviderResult(failure: Self.failure(kind)),
            delivered: 0,
            endedAt: SampleTrade.moment
        )
        #expect((end.cost == .zero) == (kind.usualBilling == .notCharged))
        #expect((end.outcome == .unknown) == (kind.usualBilling == .unknown))
    }

    private typealias Part = (cost: Money?, basis: CostBasis, delivered: Bool)

    @Test func `a call's figures`() {
        func figures(_ parts: [Part]) -> Accounting.CallFigures {
            Accounting.figures(of: parts.map { (Cost($0.cost, $0.basis), $0.delivered) })
        }
        let confirmed = figures([(sixCents, .provider, true)])
        #expect(confirmed.cost == sixCents)
        #expect(confirmed.estimated == .zero)
        #expect(confirmed.costBasis == .provider)
        #expect(confirmed.failoverCost == .zero)

        let estimated = figures([(.zero, .priceBook, false), (sixCents, .priceBook, true)])
        #expect(estimated.cost == sixCents)
        #expect(estimated.estimated == sixCents)
        #expect(estimated.costBasis == .priceBook)

        let afterFree = figures([(.zero, .priceBook, false), (sixCents, .provider, true)])
        #expect(afterFree.costBasis == .provider)

        let wasted = figures([(sixCents, .provider, false), (sixCents, .provider, true)])
        #expect(wasted.cost == Self.twelveCents)
        #expect(wasted.failoverCost == sixCents)

        let unknown = figures([(nil, .unknown, false)])
        #expect(unknown.cost == nil)
        #expect(unknown.estimated == nil)
        #expect(unknown.costBasis == .unknown)
        #expect(unknown.failoverCost == nil)

        let halfKnown = figures([(nil, .unknown, false), (.zero, .provider, false)])
        #expect(halfKnown.cost == nil, "never $0 by ignorance")
    }

    @Test func `attempts sum up to the call, whatever happens`() {
        var random = SeededRandom(seed: 42)
        for _ in 0..<2000 {
            let ends = (0..<Int.random(in: 1...6, using: &random)).map { index in
                Self.randomEnd(ordinal: index + 1, &random)
            }
            let figures = Accounting.figures(of: ends.map { ($0.charge, $0.imagesReturned > 0) })
            let known = ends.compactMap(\.cost).reduce(.zero, +)
            #expect((figures.cost ?? .zero) == known, "M6")
            if ends.contains(where: { $0.cost == nil }) {
                #expect(figures.cost != .zero, "M1")
                #expect(figures.costBasis == .unknown)
            } else {
                #expect(figures.cost == known)
            }
            let estimated = ends.filter { $0.costBasis != .provider }.compactMap(\.cost).reduce(.zero, +)
            #expect((figures.estimated ?? .zero) == estimated)
            #expect((figures.estimated ?? .zero) <= (figures.cost ?? .zero))
            #expect((figures.failoverCost ?? .zero) <= known)
        }
    }

    private static func randomEnd(ordinal: Int, _ random: inout SeededRandom) -> AttemptEnd {
        let asked = Int.random(in: 1...4, using: &random)
        let count = Int.random(in: 0...asked, using: &random)
        let kind = ProviderFailure.Kind.allCases.randomElement(using: &random) ?? .failed
        let said = Money(nanodollars: Int64.random(in: 0...200_000_000, using: &random))
        let failure = count < asked || Bool.random(using: &random) ? failure(kind, status: 200) : nil
        let withheld = Int.random(in: 0...(asked - count), using: &random)
        let result = images(
            count,
            withheld: withheld,
            failure: failure,
            cost: Bool.random(using: &random) ? said : nil
        )
        let start = SampleTrade.start(
            ordinal: ordinal,
            asked: asked,
            price: Int.random(in: 0..<5, using: &random) == 0 ? nil : sixCents
        )
        return Accounting.end(of: start, result, delivered: count, endedAt: SampleTrade.moment)
    }
}
