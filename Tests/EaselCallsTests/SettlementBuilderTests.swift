import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// What is written of a call that ended.
struct SettlementBuilderTests {
    private func context(copyright: Bool = false, count: Int = 2) -> CallContext {
        var request = SampleTrade.request(count: count)
        request.copyrightDetection = copyright
        let offers = [ProviderKind.runware, .ideogram].map { kind in
            ProviderOffer(
                provider: kind.rawValue,
                kind: kind,
                translation: ProviderTranslation(
                    providerModel: "m",
                    entries: [TranslationEntry(.prompt, kind.rawValue, .mapped)],
                    imagesPerRequest: 4
                ),
                pricePerImage: sixCents
            )
        }
        let plan = Planner.plan(
            request: request,
            policy: Policy(name: "p", ordering: .order(["runware", "ideogram"])),
            offers: offers,
            draw: 0
        )
        return CallContext(
            key: CallKey(
                teamID: SampleTrade.account().teamID,
                receivedAt: SampleTrade.moment,
                callID: UUIDv7.mint(at: SampleTrade.moment)
            ),
            account: SampleTrade.account(),
            request: request,
            plan: plan,
            began: .now
        )
    }

    private func leg(
        _ provider: String,
        _ result: ProviderResult,
        asked: Int = 2,
        ordinal: Int = 1
    ) -> CallLeg {
        let start = SampleTrade.start(ordinal: ordinal, provider: provider, asked: asked)
        return CallLeg(
            start: start,
            result: result,
            images: result.images.map { ImageDelivery.Delivered(image: $0, attemptID: start.attemptID) },
            endedAt: SampleTrade.moment
        )
    }

    private func settle(
        _ context: CallContext,
        _ legs: [CallLeg],
        _ status: CallStatus,
        _ cause: AttemptMachine.Verdict.Cause = .complete,
        stop: CallStop = .none
    ) -> Settlement {
        let ends = legs.map {
            Accounting.end(of: $0.start, $0.result, delivered: $0.delivered, endedAt: SampleTrade.moment)
        }
        let outcome = SettlementBuilder.outcome(context, legs: legs, ends: ends)
        #expect(outcome.status == status, "the machine and the record agree")
        return SettlementBuilder.settlement(
            context,
            translation: SettlementBuilder.translation(context, outcome, legs: legs),
            verdict: AttemptMachine.Verdict(status: status, cause: cause, retryAfter: nil),
            outcome: outcome,
            legs: legs,
            ends: ends,
            settledAt: SampleTrade.moment + .seconds(1),
            latency: .seconds(1),
            clientGone: false,
            stop: stop,
            errorDetail: nil
        )
    }

    private let refused = ProviderResult(failure: ProviderFailure(.refused, code: "no", message: "no", httpStatus: 422))
    private let broken = ProviderResult(
        failure: ProviderFailure(.unavailable, code: "503", message: "no", httpStatus: 503)
    )

    @Test func `a delivered call`() {
        let settlement = settle(context(), [leg("runware", ScriptedProvider.delivered(2))], .succeeded)
        #expect(settlement.provider == "runware")
        #expect(settlement.imagesDelivered == 2)
        #expect(settlement.images.map(\.ordinal) == [1, 2])
        #expect(settlement.cost == sixCents * 2)
        #expect(Money.sum(settlement.images.map(\.cost)) == settlement.cost)
        #expect(settlement.errorCode == nil)
        #expect(!settlement.failover)
        #expect(settlement.translation == nil, "what the admission wrote stands")
    }

    @Test func `after a failover the report is that of the provider that delivered`() {
        let legs = [leg("runware", broken), leg("ideogram", ScriptedProvider.delivered(2), ordinal: 2)]
        let settlement = settle(context(), legs, .succeeded)
        #expect(settlement.provider == "ideogram")
        #expect(settlement.failover)
        #expect(settlement.failoverCost == .zero)
        #expect(settlement.translation?.map(\.providerParameter) == ["ideogram"])
    }

    @Test func `a call that failed has no provider and a code`() {
        let settlement = settle(context(), [leg("runware", broken)], .failed, .providersFailed)
        #expect(settlement.provider == nil)
        #expect(settlement.errorCode == "providers_failed")
        #expect(settlement.images.isEmpty)
        #expect(settle(context(), [leg("runware", refused)], .refused, .refused).errorCode == "refused")
        let away = settle(context(), [leg("runware", broken)], .failed, .providersFailed, stop: .ledger)
        #expect(away.errorCode == "unavailable")
    }

    @Test func `a copyright check that nobody made does not count as made`() {
        let asked = settle(context(copyright: true), [leg("runware", ScriptedProvider.delivered(2))], .succeeded)
        #expect(asked.images.map(\.copyright) == [.notRequested, .notRequested])
        let notAsked = settle(context(), [leg("runware", ScriptedProvider.delivered(2))], .succeeded)
        #expect(notAsked.images.map(\.copyright) == [.notRequested, .notRequested])
    }

    @Test func `withheld images have rows and do not count as delivered`() {
        var result = ScriptedProvider.delivered(1)
        result.images.append(ProviderImage(content: .withheld, nsfw: true))
        let settlement = settle(context(), [leg("runware", result)], .partial)
        #expect(settlement.images.map(\.withheld) == [false, true])
        #expect(settlement.imagesDelivered == 1)
        #expect(settlement.errorCode == nil)
    }

    @Test func `the provider's figure for one image is that image's cost`() {
        var result = ScriptedProvider.delivered(2, cost: Money(nanodollars: 90))
        result.images[0].cost = Money(nanodollars: 30)
        result.images[1].cost = Money(nanodollars: 60)
        let settlement = settle(context(), [leg("runware", result)], .succeeded)
        #expect(settlement.images.map(\.cost) == [Money(nanodollars: 30), Money(nanodollars: 60)])
        #expect(settlement.costBasis == .provider)
        #expect(settlement.estimated == .zero)
    }
}
