import EaselBase

/// What a call is expected to come to under a plan that was never carried out: the candidates are asked in their order,
/// each once and at most as many as the policy's attempts, and each ends as its attempts ended in the log.
///
/// An estimate: that a provider is asked again after a passing failure, hedging, and what refused and failed attempts cost
/// are left out, and attempts are taken to be independent of each other.
struct SimulationProjection: Sendable, Hashable {
    /// Probabilities of the call's end; with `unknown` they add up to 1.
    var succeeded = 0.0
    var refused = 0.0
    var failed = 0.0
    /// A provider would be asked of which the log knows nothing.
    var unknown = 0.0
    /// Images.
    var images = 0.0
    /// At the price that the offer had; what is not known counts at its upper bound.
    var costNanodollars = 0.0
    /// Whether a candidate without a price may be asked, so that the cost is not known.
    var isUnpriced = false
    /// Nil: not known.
    var latencyMs: Double?
    var attempts = 0.0
    /// The probability that a second provider is asked.
    var failover = 0.0

    init(_ plan: Plan, _ model: RemixModel, _ speed: RenderingSpeed?, _ records: ProviderRecords) {
        // The probabilities that the next candidate is asked, without and with a refusal before.
        var open = 1.0
        var openAfterRefusal = 0.0
        for (index, candidate) in plan.candidates.prefix(plan.attempts).enumerated() {
            let reach = open + openAfterRefusal
            guard reach > 0 else { break }
            attempts += reach
            if index == 1 { failover = reach }
            let price = candidate.pricePerImage.map { Double($0.nanodollars) }
            if price == nil { isUnpriced = true }
            guard let expected = records.expected(candidate.provider, model, speed) else {
                unknown += reach
                images += reach * Double(plan.count)
                costNanodollars += reach * Double(plan.count) * (price ?? 0)
                return
            }
            let delivered = reach * expected.succeeds * expected.delivered * Double(plan.count)
            images += delivered
            costNanodollars += delivered * (price ?? 0)
            latencyMs = (latencyMs ?? 0) + reach * expected.latencyMs
            succeeded += reach * expected.succeeds
            var stays = expected.fails
            if plan.onUnknown == .recoverThenNext {
                stays += expected.unknown
            } else {
                // The call ends here, as what it has met so far.
                failed += open * expected.unknown
                refused += openAfterRefusal * expected.unknown
            }
            openAfterRefusal *= stays
            if plan.onRefusal == .next {
                openAfterRefusal += reach * expected.refused
            } else {
                refused += reach * expected.refused
            }
            open *= stays
        }
        failed += open
        refused += openAfterRefusal
    }
}

extension Policy {
    /// Whether the order of the candidates depends on the draw.
    var usesDraw: Bool {
        if case .weights = ordering { return true }
        return canary != nil
    }
}
