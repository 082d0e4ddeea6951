import EaselBase

/// Makes a plan from values: no clock, no socket, no database (R1).
package enum Planner {
    /// The time for a call whose policy and request say nothing.
    package static let defaultDeadline = Duration.seconds(300)

    /// The plan for one request. `draw` is uniform over calls; it decides weights.
    package static func plan(
        request: RemixRequest,
        policy: Policy,
        offers: [ProviderOffer],
        draw: UInt64,
        requiresPrice: Bool = false
    ) -> Plan {
        plan(
            PlanInputs(
                request: PlanInputs.Request(request),
                policy: policy,
                offers: offers,
                draw: draw,
                requiresPrice: requiresPrice
            )
        )
    }

    package static func plan(_ inputs: PlanInputs) -> Plan {
        let policy = inputs.policy
        let ceiling = [inputs.request.maxCost, policy.maxCost].compactMap(\.self).min()
        let deadline = [inputs.request.deadline, policy.deadline].compactMap(\.self).min() ?? defaultDeadline
        var dropped: [Plan.Dropped] = []
        var ranked: [Ranked] = []
        for (offer, reason) in PlanOrdering.ordered(inputs) {
            let bound = offer.pricePerImage.map { $0 * inputs.request.count }
            if let drop = verdict(on: offer, inputs, bound: bound, ceiling: ceiling, deadline: deadline) {
                dropped.append(drop)
            } else {
                ranked.append(Ranked(offer: offer, bound: bound, reason: reason, floor: policy.floor))
            }
        }
        var candidates = sorted(ranked)
        for candidate in candidates.dropFirst(policy.attempts) {
            let why = "the policy asks at most \(policy.attempts) times"
            dropped.append(Plan.Dropped(provider: candidate.provider, cause: .attempts, reason: why))
        }
        candidates.removeLast(max(0, candidates.count - policy.attempts))
        var plan = Plan(
            policy: inputs.path.first ?? policy.name,
            candidates: candidates,
            dropped: dropped,
            count: inputs.request.count,
            attempts: policy.attempts,
            deadline: deadline,
            ceiling: ceiling,
            onRefusal: policy.onRefusal,
            onUnknown: policy.onUnknown,
            notes: []
        )
        if policy.hedge != nil || policy.shadow != nil { PlanExtras.add(to: &plan, inputs) }
        return plan
    }

    // MARK: - Ranking

    /// A candidate with what ranks it lower.
    private struct Ranked {
        var offer: ProviderOffer
        var bound: Money?
        var reason: String
        var below: String?

        init(offer: ProviderOffer, bound: Money?, reason: String, floor: Policy.Floor) {
            self.offer = offer
            self.bound = bound
            self.reason = reason
            below = floor.fault(of: offer)
        }

        /// Those that drop a parameter come after those that honour all (R5), then those that limp, then those below the
        /// policy's floor.
        var rank: Int {
            (offer.translation.drops ? 4 : 0) + (offer.demoted == nil ? 0 : 2) + (below == nil ? 0 : 1)
        }
    }

    /// By rank; the policy's order holds within each.
    private static func sorted(_ ranked: [Ranked]) -> [Plan.Candidate] {
        guard let best = ranked.map(\.rank).min() else { return [] }
        // The standard library does not promise a stable sort.
        let places = ranked.indices.sorted { (ranked[$0].rank, $0) < (ranked[$1].rank, $1) }
        return places.map { index in
            let entry = ranked[index]
            var reason = entry.reason
            if entry.rank > best {
                if entry.offer.translation.drops {
                    let names = entry.offer.translation.lossTable.filter { $0.action == .dropped }.map(\.parameter)
                    reason += "; ranked lower because it drops \(names.joined(separator: ", "))"
                }
                if let why = entry.offer.demoted { reason += "; ranked lower because \(why)" }
                if let why = entry.below { reason += "; ranked lower because \(why)" }
            }
            if entry.offer.isProbe { reason += "; this request finds out whether it works again" }
            return Plan.Candidate(
                provider: entry.offer.provider,
                translation: entry.offer.translation,
                pricePerImage: entry.offer.pricePerImage,
                bound: entry.bound,
                reason: reason,
                isProbe: entry.offer.isProbe
            )
        }
    }

    // MARK: - Leaving out

    private static func verdict(
        on offer: ProviderOffer,
        _ inputs: PlanInputs,
        bound: Money?,
        ceiling: Money?,
        deadline: Duration
    ) -> Plan.Dropped? {
        func drop(_ cause: Plan.Dropped.Cause, _ reason: String, _ retryAfter: Duration? = nil) -> Plan.Dropped {
            Plan.Dropped(provider: offer.provider, cause: cause, reason: reason, retryAfter: retryAfter)
        }
        let policy = inputs.policy
        if let reason = offer.translation.impossible { return drop(.impossible, reason) }
        if !policy.require.isSubset(of: offer.capabilities) {
            let names = policy.require.subtracting(offer.capabilities).map(\.rawValue).sorted()
            return drop(.incapable, "does not honour \(names.joined(separator: ", ")), which the policy requires")
        }
        if !policy.avoid.isDisjoint(with: offer.capabilities) {
            let names = policy.avoid.intersection(offer.capabilities).map(\.rawValue).sorted()
            return drop(.incapable, "has \(names.joined(separator: ", ")), which the policy avoids")
        }
        if inputs.request.strict || (!policy.require.isEmpty && offer.translation.drops) {
            let lost = offer.translation.lossTable.filter { parameter, action in
                if inputs.request.strict { return true }
                return action == .dropped && policy.require.contains { $0.rawValue == parameter }
            }
            if !lost.isEmpty {
                return drop(.lossy, lost.map { "\($0) would be \($1.rawValue)" }.joined(separator: ", "))
            }
        }
        if let ceiling {
            guard let bound else { return drop(.tooDear, "has no price, and the call has a limit of $\(ceiling.usd)") }
            if bound > ceiling {
                return drop(.tooDear, "would cost up to $\(bound.usd), more than the limit of $\(ceiling.usd)")
            }
        }
        if inputs.requiresPrice, bound == nil { return drop(.unpriced, "has no price, and a hard budget applies") }
        if let away = offer.unavailable { return drop(.unavailable, away.reason, away.retryAfter) }
        return lateness(of: offer, deadline: deadline, drop)
    }

    /// What cannot finish in time is refused before it costs anything.
    private static func lateness(
        of offer: ProviderOffer,
        deadline: Duration,
        _ drop: (Plan.Dropped.Cause, String, Duration?) -> Plan.Dropped
    ) -> Plan.Dropped? {
        let wait = offer.expectedWait?.milliseconds ?? 0
        let limit = deadline.milliseconds
        if offer.queueFull {
            return drop(.overloaded, "has as many requests waiting as it may", .milliseconds(max(wait, 1000)))
        }
        guard let finish = offer.fastestFinish?.milliseconds, finish > limit else {
            guard wait > limit else { return nil }
            return drop(
                .overloaded,
                "has requests waiting for \(wait) ms, longer than the deadline of \(limit) ms",
                .milliseconds(max(wait - limit, 1000))
            )
        }
        guard finish - wait <= limit else {
            return drop(.tooSlow, "takes \(finish - wait) ms at least, and the deadline is \(limit) ms", nil)
        }
        let why = "has requests waiting for \(wait) ms and could not answer before the deadline of \(limit) ms"
        return drop(.overloaded, why, .milliseconds(max(finish - limit, 1000)))
    }
}

extension ProviderTranslation {
    /// Whether a requested parameter would have no effect at this provider.
    var drops: Bool { entries.contains { $0.action == .dropped } }

    /// What is not honoured exactly, one line a parameter with the worst of it, in the order of the names: the order in
    /// which a provider translates does not outlive the call.
    var lossTable: [(parameter: String, action: TranslationEntry.Action)] {
        var worst: [String: TranslationEntry.Action] = [:]
        for entry in entries where entry.action != .mapped && worst[entry.parameter] != .dropped {
            worst[entry.parameter] = entry.action
        }
        return worst.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension Policy.Floor {
    /// What an offer falls short of; nil when of nothing, or nothing is known.
    func fault(of offer: ProviderOffer) -> String? {
        if let success, let share = offer.success, share < success {
            return "only \(share.text) of its attempts succeeded, less than \(success.text)"
        }
        if let latency, let usual = offer.expectedLatency, usual.milliseconds > latency.milliseconds {
            return "it usually takes \(usual.milliseconds) ms, longer than \(latency.milliseconds) ms"
        }
        if let price, let own = offer.pricePerImage, own > price {
            return "it costs $\(own.usd) a picture, more than $\(price.usd)"
        }
        return nil
    }
}
