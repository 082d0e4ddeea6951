package import EaselBase
package import EaselCore
package import Foundation

/// Makes the plan of a request from what is known now (R1). Nothing is written or sent here.
package final class CallPlanner: Sendable {
    /// How often a call is planned again because a provider stopped accepting requests since the plan.
    static let claimTries = 4

    let policies: PolicyDesk
    let desk: OfferDesk
    package let terms: TermsShelf

    init(policies: PolicyDesk, desk: OfferDesk, terms: TermsShelf) {
        self.policies = policies
        self.desk = desk
        self.terms = terms
    }

    /// The plan for a request and its inputs.
    package func plan(
        _ request: RemixRequest,
        policy: RoutingPolicy,
        account: Account,
        terms: SpendingTerms,
        callID: UUID,
        now: Timestamp
    ) async throws(CallFailure) -> PlanRecord {
        let choice = try await policies.choice(policy, request, account: account, at: now)
        let callDraw = StickyDraw.ofCall(callID)
        // An image of megabytes is hashed off the event loop, and only for a policy that needs it.
        let image = request.image.bytes
        let hash =
            choice.policy.sticky == .image
            ? await ThreadPoolExecutor.work(on: image.count) { Crypto.sha256(image) } : nil
        let inputs = PlanInputs(
            request: PlanInputs.Request(request),
            policy: choice.policy,
            path: choice.path,
            offers: desk.offers(for: request, team: account.teamID, prices: terms.prices, at: now),
            draw: StickyDraw.draw(
                choice.policy.sticky,
                team: account.team,
                keyID: account.keyID,
                tags: request.tags,
                imageSHA256: hash,
                callDraw: callDraw
            ),
            callDraw: callDraw,
            requiresPrice: self.terms.requiresPrice(terms, account: account, project: request.project(of: account)),
            budgetLeftPercent: choice.budgetLeftPercent
        )
        return PlanRecord(inputs: inputs, plan: Planner.plan(inputs))
    }

    /// A plan and the permission to ask its first candidate. Another call may have taken a provider's one probe since
    /// the plan was made: then it is made again.
    func permittedPlan(
        _ order: CallOrder,
        _ terms: SpendingTerms,
        callID: UUID,
        now: Timestamp
    ) async throws(CallFailure) -> (PlanRecord, ProviderHealth.Permit) {
        for _ in 0..<Self.claimTries {
            let record = try await plan(
                order.request,
                policy: order.policy,
                account: order.account,
                terms: terms,
                callID: callID,
                now: now
            )
            let model = order.request.model
            guard let first = record.plan.candidates.first else {
                throw CallFailure.noCandidate(of: record.plan, for: model)
            }
            if let permit = desk.health.claim(first.provider, model) { return (record, permit) }
        }
        throw CallFailure(
            .unavailable,
            "The providers are being tried again after a failure; nothing was spent.",
            retryAfter: .seconds(1)
        )
    }
}
