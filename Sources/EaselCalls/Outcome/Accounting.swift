import EaselBase
import EaselCore

/// What an attempt cost and how it ended: pure arithmetic over the provider's answer (M1, M4, M6, M7).
enum Accounting {
    /// The end of one attempt. `delivered` is how many of its images came, even if the caller does not get them because
    /// another side was faster.
    static func end(
        of start: AttemptStart,
        _ result: ProviderResult,
        delivered: Int,
        endedAt: Timestamp,
        belief: CostBelief = .standard
    ) -> AttemptEnd {
        var extra = result.extra
        if let claim = disbelieved(start, result, belief) { extra[CostBelief.claimMark] = .string(claim.usd) }
        return AttemptEnd(
            start: start,
            outcome: outcome(of: start, result, delivered: delivered),
            reason: result.failure?.kind.rawValue ?? (result.images.allSatisfy(\.isWithheld) ? "withheld" : "ok"),
            errorCode: result.failure?.code,
            httpStatus: result.failure?.httpStatus ?? result.httpStatus,
            sent: result.failure?.kind != .notSent,
            charge: charge(of: start, result, belief),
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
    /// - The provider's own figure counts as it is, even if it is more than the price (M2's exception).
    /// - Images without a figure are estimated from the price that was in force. Whether a withheld image is billed is
    ///   not documented, so it counts at its bound with basis `unknown`.
    /// - A failure that the provider reported, or a request that never left, cost nothing by rule (`price_book`). If
    ///   the answer is missing the cost is not known: nil, never zero.
    /// - An implausible figure is kept beside the attempt (`CostBelief`), which counts at its bound, with basis
    ///   `unknown`.
    static func charge(
        of start: AttemptStart,
        _ result: ProviderResult,
        _ belief: CostBelief = .standard
    ) -> Cost {
        if disbelieved(start, result, belief) != nil { return Cost(start.bound, .unknown) }
        if let failure = result.failure, failure.billing == .unknown, failure.kind != .resultLost {
            // The images that came do not show what the missing part cost: only the bound is certain.
            return Cost(result.images.isEmpty ? nil : start.bound, .unknown)
        }
        if let said = result.cost { return Cost(said, .provider) }
        if result.images.isEmpty {
            guard result.failure != nil else { return .unknown }
            return Cost(.zero, .priceBook)
        }
        guard let price = start.pricePerImage else { return .unknown }
        let isCertain = !result.images.contains(where: \.isWithheld)
        return Cost(price * result.images.count, isCertain ? .priceBook : .unknown)
    }

    /// The provider's figure if it is implausible.
    private static func disbelieved(_ start: AttemptStart, _ result: ProviderResult, _ belief: CostBelief) -> Money? {
        // Based on the images requested: thousands of images that nobody wanted do not make their price plausible.
        let most = belief.most(pricePerImage: start.pricePerImage, images: start.imagesAsked)
        guard let said = result.cost, said > most else { return nil }
        return said
    }

    /// The figures of a call from its attempts.
    struct CallFigures: Equatable, Charged {
        /// Sum of the known costs; nil if only zeros are known and something is unknown (unknown is never $0).
        var charge: Cost
        var estimated: Money?
        /// The cost of attempts that delivered nothing.
        var failoverCost: Money?
    }

    static func figures(of ends: [(charge: Cost, delivered: Bool)]) -> CallFigures {
        let charges = ends.map(\.charge)
        let known = charges.compactMap(\.amount)
        let total = known.reduce(.zero, +)
        let isIncomplete = charges.contains { $0.amount == nil }
        let estimated = charges.filter { $0.basis != .provider }.compactMap(\.amount).reduce(.zero, +)
        let wasted = ends.filter { !$0.delivered }
        let basis: CostBasis =
            if isIncomplete || charges.contains(where: { $0.basis == .unknown }) {
                .unknown
            } else {
                charges.contains { $0.basis == .priceBook && $0.amount != .zero } ? .priceBook : .provider
            }
        return CallFigures(
            charge: Cost(isIncomplete && total == .zero ? nil : total, basis),
            estimated: isIncomplete && total == .zero ? nil : estimated,
            failoverCost: Money.sum(wasted.map(\.charge.amount))
        )
    }
}
