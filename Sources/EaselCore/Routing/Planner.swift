import EaselBase

/// Makes a plan from values: no clock, no socket, no database (R1).
package enum Planner {
    /// The time for a call whose policy and request say nothing.
    package static let defaultDeadline = Duration.seconds(300)

    /// The plan for one request.
    ///
    /// `draw` is a number that is uniform over calls, such as the low bits of the call's id; it decides weights.
    /// `requiresPrice`: a hard budget applies, so that nobody is asked whose price is not known (M1).
    package static func plan(
        request: RemixRequest,
        policy: Policy,
        offers: [ProviderOffer],
        draw: UInt64,
        requiresPrice: Bool = false
    ) -> Plan {
        var dropped: [Plan.Dropped] = []
        var ranked: [(candidate: Plan.Candidate, offer: ProviderOffer)] = []
        let ceiling = [request.maxCost, policy.maxCost].compactMap(\.self).min()
        for (offer, reason) in ordered(offers, by: policy.ordering, draw: draw) {
            let bound = offer.pricePerImage.map { $0 * request.count }
            if let drop = verdict(on: offer, bound: bound, ceiling: ceiling, request: request, policy: policy) {
                dropped.append(drop)
                continue
            }
            if requiresPrice, bound == nil {
                dropped.append(
                    Plan.Dropped(
                        provider: offer.provider,
                        cause: .unpriced,
                        reason: "has no price, and a hard budget applies",
                        retryAfter: nil
                    )
                )
                continue
            }
            let candidate = Plan.Candidate(
                provider: offer.provider,
                translation: offer.translation,
                pricePerImage: offer.pricePerImage,
                bound: bound,
                reason: reason
            )
            ranked.append((candidate, offer))
        }
        // Those that drop a parameter come after those that honour all (R5); the policy's order holds within each.
        let whole = ranked.filter { !$0.offer.translation.drops }.map(\.candidate)
        let lossy = ranked.filter(\.offer.translation.drops).map { entry in
            var candidate = entry.candidate
            if !whole.isEmpty {
                let names = entry.offer.translation.entries.filter { $0.action == .dropped }.map(\.parameter)
                candidate.reason += "; ranked lower because it drops \(names.joined(separator: ", "))"
            }
            return candidate
        }
        let deadlines = [request.deadline, policy.deadline].compactMap(\.self)
        return Plan(
            policy: policy.name,
            candidates: whole + lossy,
            dropped: dropped,
            count: request.count,
            attempts: policy.attempts,
            deadline: deadlines.min() ?? defaultDeadline,
            ceiling: ceiling,
            onRefusal: policy.onRefusal,
            onUnknown: policy.onUnknown
        )
    }

    private static func verdict(
        on offer: ProviderOffer,
        bound: Money?,
        ceiling: Money?,
        request: RemixRequest,
        policy: Policy
    ) -> Plan.Dropped? {
        if let reason = offer.translation.impossible {
            return Plan.Dropped(provider: offer.provider, cause: .impossible, reason: reason, retryAfter: nil)
        }
        let lost = offer.translation.losses.filter { entry in
            if request.strict { return true }
            return entry.action == .dropped && policy.require.contains { $0.rawValue == entry.parameter }
        }
        if !lost.isEmpty {
            let parts = lost.map { "\($0.parameter) would be \($0.action.rawValue)" }
            return Plan.Dropped(
                provider: offer.provider,
                cause: .lossy,
                reason: parts.joined(separator: ", "),
                retryAfter: nil
            )
        }
        if let ceiling {
            guard let bound else {
                return Plan.Dropped(
                    provider: offer.provider,
                    cause: .tooDear,
                    reason: "has no price, and the call has a limit of $\(ceiling.usd)",
                    retryAfter: nil
                )
            }
            if bound > ceiling {
                return Plan.Dropped(
                    provider: offer.provider,
                    cause: .tooDear,
                    reason: "would cost up to $\(bound.usd), more than the limit of $\(ceiling.usd)",
                    retryAfter: nil
                )
            }
        }
        if let unavailable = offer.unavailable {
            return Plan.Dropped(
                provider: offer.provider,
                cause: .unavailable,
                reason: unavailable.reason,
                retryAfter: unavailable.retryAfter
            )
        }
        return nil
    }

    /// The offers that the ordering names, in its order, each with the reason for its place.
    private static func ordered(
        _ offers: [ProviderOffer],
        by ordering: Policy.Ordering,
        draw: UInt64
    ) -> [(ProviderOffer, String)] {
        switch ordering {
        case .order(let names):
            return names.enumerated().compactMap { index, name in
                offers.first { $0.provider == name }.map { ($0, "number \(index + 1) of the policy's order") }
            }
        case .weights(let weights):
            return byWeight(offers, weights, draw: draw)
        case .cost:
            return stable(offers) { ($0.pricePerImage?.nanodollars ?? .max) < ($1.pricePerImage?.nanodollars ?? .max) }
                .map { ($0, $0.pricePerImage.map { "costs $\($0.usd) a picture" } ?? "has no price") }
        case .latency:
            return stable(offers) {
                ($0.expectedLatency ?? .seconds(1 << 30)) < ($1.expectedLatency ?? .seconds(1 << 30))
            }
            .map { offer in
                (offer, offer.expectedLatency.map { "usually takes \($0.milliseconds) ms" } ?? "not measured yet")
            }
        }
    }

    private static func byWeight(
        _ offers: [ProviderOffer],
        _ weights: [String: Int],
        draw: UInt64
    ) -> [(ProviderOffer, String)] {
        let weighted = offers.filter { (weights[$0.provider] ?? 0) > 0 }.sorted { $0.provider < $1.provider }
        let total = weighted.reduce(0) { $0 + (weights[$1.provider] ?? 0) }
        guard total > 0 else { return [] }
        var left = Int(draw % UInt64(total))
        let chosen = weighted.first { offer in
            left -= weights[offer.provider] ?? 0
            return left < 0
        }
        let rest = stable(weighted.filter { $0.provider != chosen?.provider }) {
            (weights[$0.provider] ?? 0) > (weights[$1.provider] ?? 0)
        }
        func share(_ offer: ProviderOffer) -> String { "\(weights[offer.provider] ?? 0) of \(total)" }
        return (chosen.map { [($0, "chosen by its weight, \(share($0))")] } ?? [])
            + rest.map { ($0, "stands by with weight \(share($0))") }
    }

    private static func stable(
        _ offers: [ProviderOffer],
        _ precedes: (ProviderOffer, ProviderOffer) -> Bool
    ) -> [ProviderOffer] {
        // The standard library's sort is stable in practice but does not promise it; the index decides ties.
        offers.enumerated().sorted { first, second in
            if precedes(first.element, second.element) { return true }
            if precedes(second.element, first.element) { return false }
            return first.offset < second.offset
        }
        .map(\.element)
    }
}

extension ProviderTranslation {
    /// Whether a requested parameter would have no effect at this provider.
    var drops: Bool { entries.contains { $0.action == .dropped } }
}
