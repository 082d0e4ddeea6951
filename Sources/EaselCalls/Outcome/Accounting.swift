import EaselBase
import EaselCore

/// What an attempt cost and how it ended: pure arithmetic over what the provider said (M1, M4, M6, M7).
enum Accounting {
    /// The end of one attempt.
    /// `delivered` is how many of its pictures came, also where they are not the caller's because another side was faster.
    static func end(
        of start: AttemptStart,
        _ result: ProviderResult,
        delivered: Int,
        endedAt: Timestamp,
        belief: CostBelief = .standard
    ) -> AttemptEnd {
        let (cost, basis) = cost(of: start, result, belief)
        var extra = result.extra
        if let claim = disbelieved(start, result, belief) { extra[CostBelief.claimMark] = .string(claim.usd) }
        return AttemptEnd(
            start: start,
            outcome: outcome(of: start, result, delivered: delivered),
            reason: result.failure?.kind.rawValue ?? (result.images.allSatisfy(\.isWithheld) ? "withheld" : "ok"),
            errorCode: result.failure?.code,
            httpStatus: result.failure?.httpStatus ?? result.httpStatus,
            sent: result.failure?.kind != .notSent,
            cost: cost,
            costBasis: basis,
            timings: result.timings,
            endedAt: endedAt,
            imagesReturned: result.images.count,
            providerTaskID: result.providerTaskID ?? start.providerTaskID,
            providerRequestID: result.providerRequestID,
            extra: extra
        )
    }

    static func outcome(of start: AttemptStart, _ result: ProviderResult, delivered: Int) -> AttemptOutcome {
        if delivered > 0 {
            return delivered >= start.imagesAsked && result.failure == nil ? .succeeded : .partial
        }
        if let failure = result.failure {
            if failure.kind == .refused { return .refused }
            return failure.billing == .unknown && failure.kind != .resultLost ? .unknown : .failed
        }
        return !result.images.isEmpty && result.images.allSatisfy(\.isWithheld) ? .refused : .failed
    }

    /// The cost and where it comes from.
    ///
    /// - The provider's own figure stands as it is, also when it is more than the price (M2's exception).
    /// - Pictures without a figure are estimated from the price that was in force. Whether one that is kept back is billed
    ///   is not documented, so it counts at its bound with basis `unknown`.
    /// - A failure that the provider reported, or that never left, cost nothing by rule (`price_book`). Where the answer is missing the cost is
    ///   not known: nil, never zero.
    /// - A figure that nobody would believe stands beside the attempt (`CostBelief`); it counts at its bound, with basis
    ///   `unknown`.
    static func cost(
        of start: AttemptStart,
        _ result: ProviderResult,
        _ belief: CostBelief = .standard
    ) -> (Money?, CostBasis) {
        if disbelieved(start, result, belief) != nil { return (start.bound, .unknown) }
        if let failure = result.failure, failure.billing == .unknown, failure.kind != .resultLost {
            // Pictures that came do not tell what the missing part cost: the bound is what is certain.
            return (result.images.isEmpty ? nil : start.bound, .unknown)
        }
        if let said = result.cost { return (said, .provider) }
        if result.images.isEmpty {
            guard result.failure != nil else { return (nil, .unknown) }
            return (.zero, .priceBook)
        }
        guard let price = start.pricePerImage else { return (nil, .unknown) }
        let isCertain = !result.images.contains(where: \.isWithheld)
        return (price * result.images.count, isCertain ? .priceBook : .unknown)
    }

    /// The provider's figure when it is beyond belief.
    private static func disbelieved(_ start: AttemptStart, _ result: ProviderResult, _ belief: CostBelief) -> Money? {
        // Of what was asked for: thousands of pictures that nobody wanted are no reason to believe their price.
        let most = belief.most(pricePerImage: start.pricePerImage, images: start.imagesAsked)
        guard let said = result.cost, said > most else { return nil }
        return said
    }

    /// The figures of a call from its attempts.
    struct CallFigures: Equatable {
        /// Sum of what is known; nil when nothing is known beyond zero and something is unknown (never $0 by ignorance).
        var cost: Money?
        var estimated: Money?
        var basis: CostBasis
        /// What attempts cost that delivered nothing.
        var failoverCost: Money?
    }

    static func figures(of ends: [(cost: Money?, basis: CostBasis, delivered: Bool)]) -> CallFigures {
        let known = ends.compactMap(\.cost)
        let total = known.reduce(.zero, +)
        let isIncomplete = ends.contains { $0.cost == nil }
        let estimated = ends.filter { $0.basis != .provider }.compactMap(\.cost).reduce(.zero, +)
        let wasted = ends.filter { !$0.delivered }
        let basis: CostBasis =
            if isIncomplete || ends.contains(where: { $0.basis == .unknown }) {
                .unknown
            } else {
                ends.contains { $0.basis == .priceBook && $0.cost != .zero } ? .priceBook : .provider
            }
        return CallFigures(
            cost: isIncomplete && total == .zero ? nil : total,
            estimated: isIncomplete && total == .zero ? nil : estimated,
            basis: basis,
            failoverCost: Money.sum(wasted.map(\.cost))
        )
    }
}
