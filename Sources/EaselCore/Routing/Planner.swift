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
        let placed = PlanOrdering.ordered(inputs)
        ranked.reserveCapacity(placed.count)
        let limits = Limits(ceiling: ceiling, deadlineMS: deadline.milliseconds)
        let offers = inputs.offers
        for place in placed.indices {
            // One copy for all questions: an offer is large.
            let offer = offers[placed[place].offer]
            let bound = offer.pricePerImage.map { $0 * inputs.request.count }
            if let drop = verdict(on: offer, inputs, bound: bound, limits) {
                dropped.append(drop)
            } else {
                ranked.append(Ranked(place: place, rank: rank(of: offer, policy.floor), bound: bound))
            }
        }
        sort(&ranked)
        var candidates: [Plan.Candidate] = []
        candidates.reserveCapacity(min(ranked.count, policy.attempts))
        for entry in ranked.prefix(policy.attempts) {
            let (index, why) = placed[entry.place]
            let isLower = entry.rank > ranked[0].rank
            candidates.append(candidate(offers[index], entry.bound, why, loweredBy: isLower ? policy.floor : nil))
        }
        for entry in ranked.dropFirst(policy.attempts) {
            let provider = offers[placed[entry.place].offer].provider
            let why = "the policy asks at most \(policy.attempts) times"
            dropped.append(Plan.Dropped(provider: provider, cause: .attempts, reason: why))
        }
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

    private struct Ranked {
        /// Its place in the policy's order.
        let place: Int
        let rank: Int
        let bound: Money?
    }

    /// Those that drop a parameter come after those that honour all (R5), then slow ones, then those below the policy's
    /// floor.
    private static func rank(of offer: ProviderOffer, _ floor: Policy.Floor) -> Int {
        (offer.translation.drops ? 4 : 0) + (offer.demoted == nil ? 0 : 2)
            + (floor.shortfall(of: offer) == nil ? 0 : 1)
    }

    /// By rank; within each rank in the policy's order.
    private static func sort(_ ranked: inout [Ranked]) {
        // The standard library does not promise a stable sort.
        ranked.sort { ($0.rank, $0.place) < ($1.rank, $1.place) }
    }

    /// `floor` is the policy's if others rank higher; nil for those of the highest rank.
    private static func candidate(
        _ offer: ProviderOffer,
        _ bound: Money?,
        _ why: Plan.Reason,
        loweredBy floor: Policy.Floor?
    ) -> Plan.Candidate {
        var why = why
        if let floor {
            if offer.translation.drops {
                why.drops = offer.translation.lossTable.filter { $0.action == .dropped }.map(\.parameter)
            }
            why.demoted = offer.demoted
            why.shortfall = floor.shortfall(of: offer)
        }
        why.isProbe = offer.isProbe
        return Plan.Candidate(
            provider: offer.provider,
            translation: offer.translation,
            pricePerImage: offer.pricePerImage,
            bound: bound,
            why: why
        )
    }

    // MARK: - Leaving out

    /// What applies to every candidate of a call.
    private struct Limits {
        let ceiling: Money?
        let deadlineMS: Int64
    }

    private static func verdict(
        on offer: ProviderOffer,
        _ inputs: PlanInputs,
        bound: Money?,
        _ limits: Limits
    ) -> Plan.Dropped? {
        func drop(_ cause: Plan.Dropped.Cause, _ reason: String, _ retryAfter: Duration? = nil) -> Plan.Dropped {
            Plan.Dropped(provider: offer.provider, cause: cause, reason: reason, retryAfter: retryAfter)
        }
        // Not as a copy of the policy: this runs for every offer.
        let (require, avoid) = (inputs.policy.require, inputs.policy.avoid)
        if let reason = offer.translation.impossible { return drop(.impossible, reason) }
        if !require.isSubset(of: offer.capabilities) {
            let names = require.subtracting(offer.capabilities).map(\.rawValue).sorted()
            return drop(.incapable, "does not honour \(names.joined(separator: ", ")), which the policy requires")
        }
        if !avoid.isDisjoint(with: offer.capabilities) {
            let names = avoid.intersection(offer.capabilities).map(\.rawValue).sorted()
            return drop(.incapable, "has \(names.joined(separator: ", ")), which the policy avoids")
        }
        if inputs.request.strict || (!require.isEmpty && offer.translation.drops) {
            let lost = offer.translation.lossTable.filter { parameter, action in
                if inputs.request.strict { return true }
                return action == .dropped && require.contains { $0.rawValue == parameter }
            }
            if !lost.isEmpty {
                return drop(.lossy, lost.map { "\($0) would be \($1.rawValue)" }.joined(separator: ", "))
            }
        }
        // "Checked" means checked: a safety check is made, or no provider is asked, unless the policy or the caller
        // says otherwise.
        if inputs.policy.onUnchecked == .refuse, !inputs.request.allowsUnchecked, offer.translation.dropsSafetyCheck {
            return drop(.unchecked, "cannot make the requested safety check")
        }
        if let ceiling = limits.ceiling {
            guard let bound else { return drop(.tooDear, "has no price, and the call has a limit of $\(ceiling.usd)") }
            if bound > ceiling {
                return drop(.tooDear, "would cost up to $\(bound.usd), more than the limit of $\(ceiling.usd)")
            }
        }
        if inputs.requiresPrice, bound == nil { return drop(.unpriced, "has no price, and a hard budget applies") }
        if let away = offer.unavailable { return drop(.unavailable, away.reason, away.retryAfter) }
        return lateness(of: offer, limit: limits.deadlineMS, drop)
    }

    /// A call that cannot finish in time is rejected before it costs anything.
    private static func lateness(
        of offer: ProviderOffer,
        limit: Int64,
        _ drop: (Plan.Dropped.Cause, String, Duration?) -> Plan.Dropped
    ) -> Plan.Dropped? {
        // In whole milliseconds, as the log keeps them: a plan must not depend on less (R1).
        let wait = offer.expectedWaitMS ?? 0
        func pause(_ milliseconds: Int64) -> Duration { .milliseconds(max(milliseconds, 1000)) }
        if offer.queueFull { return drop(.overloaded, "has a full queue", pause(wait)) }
        guard let finish = offer.fastestFinishMS, finish > limit else {
            guard wait > limit else { return nil }
            let why = "has a queue of \(wait) ms, longer than the deadline of \(limit) ms"
            return drop(.overloaded, why, pause(wait - limit))
        }
        guard finish - wait <= limit else {
            return drop(.tooSlow, "takes at least \(finish - wait) ms, and the deadline is \(limit) ms", nil)
        }
        let why = "has a queue of \(wait) ms and could not answer before the deadline of \(limit) ms"
        return drop(.overloaded, why, pause(finish - limit))
    }
}

extension ProviderTranslation {
    /// Whether a requested parameter would have no effect at this provider.
    var drops: Bool { entries.contains { $0.action == .dropped } }

    /// Whether a requested safety check would not be made.
    var dropsSafetyCheck: Bool {
        drops && entries.contains { $0.action == .dropped && $0.parameter == RemixParameter.safetyCheck.rawValue }
    }

    /// The parameters not honoured exactly, one entry per parameter with the worst action, ordered by name: the order
    /// of translation is not kept beyond the call.
    var lossTable: [(parameter: String, action: TranslationEntry.Action)] {
        var table: [(parameter: String, action: TranslationEntry.Action)] = []
        for entry in entries where entry.action != .mapped {
            if let index = table.firstIndex(where: { $0.parameter == entry.parameter }) {
                if entry.action == .dropped { table[index].action = .dropped }
            } else {
                table.append((entry.parameter, entry.action))
            }
        }
        return table.sorted { $0.parameter < $1.parameter }
    }
}

extension Policy.Floor {
    /// What an offer falls short of; nil if nothing, or nothing is known.
    func shortfall(of offer: ProviderOffer) -> Plan.Reason.Shortfall? {
        if let success, let share = offer.success, share < success { return .success(share, floor: success) }
        if let latency, let usual = offer.expectedLatencyMS, usual > latency.milliseconds {
            return .latency(.milliseconds(usual), floor: latency)
        }
        if let price, let own = offer.pricePerImage, own > price { return .price(own, floor: price) }
        return nil
    }
}
