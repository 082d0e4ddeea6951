import EaselBase
import EaselCore
import Testing

/// A random question to the planner, the same for the same seed.
private struct PlannerCase {
    var request: RemixRequest
    var policy: Policy
    var offers: [ProviderOffer]
    var draw: UInt64

    init(using random: inout SeededRandom) {
        func one(in chances: Int) -> Bool { Int.random(in: 1...chances, using: &random) == 1 }
        let names = Array(
            ["a", "b", "c", "d", "e"].shuffled(using: &random).prefix(Int.random(in: 1...5, using: &random))
        )
        request = Samples.request(count: Int.random(in: 1...20, using: &random))
        request.strict = one(in: 4)
        if one(in: 3) { request.maxCost = Samples.cents(Int64.random(in: 0...120, using: &random)) }
        if one(in: 3) { request.deadline = .seconds(Int64.random(in: 1...600, using: &random)) }
        let ordering: Policy.Ordering
        switch Int.random(in: 0...3, using: &random) {
        case 0:
            ordering = .order(
                names.shuffled(using: &random).filter { _ in !one(in: 5) } + (one(in: 5) ? ["ghost"] : [])
            )
        case 1:
            let weights = names.map { ($0, Int.random(in: 0...5, using: &random)) } + (one(in: 5) ? [("ghost", 3)] : [])
            ordering = .weights(Dictionary(uniqueKeysWithValues: weights))
        case 2: ordering = .cost
        default: ordering = .latency
        }
        policy = Policy(name: "random", ordering: ordering, attempts: Int.random(in: 1...20, using: &random))
        if one(in: 3) { policy.require = [.seed, .copyrightDetection] }
        if one(in: 3) { policy.maxCost = Samples.cents(Int64.random(in: 0...120, using: &random)) }
        if one(in: 3) { policy.deadline = .seconds(Int64.random(in: 1...600, using: &random)) }
        offers = []
        for name in names {
            var entries = [TranslationEntry(.prompt, "prompt", .mapped)]
            for parameter in [RemixParameter.seed, .strength, .copyrightDetection] where one(in: 2) {
                let action: TranslationEntry.Action = one(in: 2) ? .mapped : one(in: 2) ? .approximated : .dropped
                entries.append(TranslationEntry(parameter, "x", action))
            }
            offers.append(
                Samples.offer(
                    name,
                    price: one(in: 6) ? nil : Samples.cents(Int64.random(in: 0...10, using: &random)),
                    latency: one(in: 4) ? nil : .seconds(Int64.random(in: 1...4, using: &random)),
                    entries: entries,
                    impossible: one(in: 8) ? "cannot" : nil,
                    unavailable: one(in: 8) ? .init(reason: "away", retryAfter: .seconds(3)) : nil
                )
            )
        }
        draw = random.next()
    }

    func plan(offers: [ProviderOffer]? = nil) -> Plan {
        Planner.plan(request: request, policy: policy, offers: offers ?? self.offers, draw: draw)
    }

    /// What is wrong with a plan; nil when nothing is.
    func violation(of plan: Plan) -> String? {
        let byName = Dictionary(uniqueKeysWithValues: offers.map { ($0.provider, $0) })
        let ceiling = [request.maxCost, policy.maxCost].compactMap { $0 }.min()
        func dropsSomething(_ name: String) -> Bool {
            byName[name]?.translation.entries.contains { $0.action == .dropped } ?? false
        }
        for candidate in plan.candidates {
            guard let offer = byName[candidate.provider] else { return "\(candidate.provider) was never offered" }
            let entries = offer.translation.entries
            if offer.translation.impossible != nil { return "\(candidate.provider) is impossible" }
            if offer.unavailable != nil { return "\(candidate.provider) is in a cooldown" }
            if candidate.bound != offer.pricePerImage.map({ Money(nanodollars: $0.nanodollars * Int64(request.count)) })
            {
                return "\(candidate.provider) has a bound of \(candidate.bound?.usd ?? "nothing")"
            }
            if let ceiling, (candidate.bound.map { $0 > ceiling } ?? true) {
                return "\(candidate.provider) is too dear"
            }
            if request.strict, entries.contains(where: { $0.action != .mapped }) {
                return "\(candidate.provider) is not strict"
            }
            for entry in entries where entry.action == .dropped {
                if policy.require.contains(where: { $0.rawValue == entry.parameter }) {
                    return "\(candidate.provider) drops the required \(entry.parameter)"
                }
            }
        }
        let names = plan.candidates.map(\.provider)
        let settled = names + plan.dropped.map(\.provider)
        if Set(settled).count != settled.count { return "a provider stands twice" }
        if Set(settled) != wanted(among: byName) { return "\(settled.sorted()) are not the providers of the policy" }
        let lossy = names.map(dropsSomething)
        if let first = lossy.firstIndex(of: true), lossy[first...].contains(false) {
            return "a lossy one before a whole one"
        }
        for part in [names.filter { !dropsSomething($0) }, names.filter(dropsSomething)] {
            if let fault = orderFault(part, byName) { return fault }
        }
        for dropped in plan.dropped {
            guard let offer = byName[dropped.provider] else { return "dropped \(dropped.provider), never offered" }
            if let fault = dropFault(dropped, offer, ceiling: ceiling) { return fault }
        }
        let bounds = plan.candidates.map(\.bound)
        if plan.bound != (bounds.contains(nil) ? nil : bounds.compactMap { $0 }.max() ?? .zero) {
            return "a wrong bound"
        }
        let deadline = [request.deadline, policy.deadline].compactMap { $0 }.min() ?? .seconds(300)
        if plan.deadline != deadline { return "a deadline of \(plan.deadline)" }
        if plan.attempts != policy.attempts || plan.count != request.count { return "other attempts or count" }
        return nil
    }

    private func wanted(among byName: [String: ProviderOffer]) -> Set<String> {
        switch policy.ordering {
        case .order(let names): Set(names).intersection(byName.keys)
        case .weights(let weights): Set(weights.filter { $0.value > 0 }.keys).intersection(byName.keys)
        case .cost, .latency: Set(byName.keys)
        }
    }

    private func orderFault(_ names: [String], _ byName: [String: ProviderOffer]) -> String? {
        for (first, second) in zip(names, names.dropFirst()) {
            guard let left = byName[first], let right = byName[second] else { return "no offer" }
            switch policy.ordering {
            case .order(let order):
                if order.firstIndex(of: first)! > order.firstIndex(of: second)! { return "\(second) before \(first)" }
            case .weights(let weights):
                // The one that was drawn may stand before a heavier one.
                if first != names[0], weights[first, default: 0] < weights[second, default: 0] {
                    return "\(second) weighs more"
                }
            case .cost:
                guard let price = left.pricePerImage else {
                    if right.pricePerImage != nil { return "unpriced \(first) before \(second)" }
                    continue
                }
                if let other = right.pricePerImage, other < price { return "\(second) is cheaper than \(first)" }
            case .latency:
                guard let latency = left.expectedLatency else {
                    if right.expectedLatency != nil { return "unmeasured \(first) before \(second)" }
                    continue
                }
                if let other = right.expectedLatency, other < latency { return "\(second) is faster than \(first)" }
            }
        }
        return nil
    }

    private func dropFault(_ dropped: Plan.Dropped, _ offer: ProviderOffer, ceiling: Money?) -> String? {
        let entries = offer.translation.entries
        let holds =
            switch dropped.cause {
            case .impossible: offer.translation.impossible != nil
            case .lossy: entries.contains { $0.action == .dropped || (request.strict && $0.action == .approximated) }
            case .tooDear:
                ceiling.map { ceiling in offer.pricePerImage.map { $0 * request.count > ceiling } ?? true } ?? false
            case .unpriced: offer.pricePerImage == nil
            case .unavailable: offer.unavailable != nil && dropped.retryAfter == offer.unavailable?.retryAfter
            }
        return holds && !dropped.reason.isEmpty
            ? nil : "\(dropped.provider) was dropped as \(dropped.cause) for nothing"
    }
}

@Suite("Planner, random cases (R1, R5, M3)")
struct PlannerPropertyTests {
    @Test func `20,000 random plans keep every rule and can be replayed`() {
        var planned = 0
        var dropped: [Plan.Dropped.Cause: Int] = [:]
        for seed in UInt64(0x0E5E_A000)..<0x0E5E_A000 + 20_000 {
            var random = SeededRandom(seed: seed)
            let example = PlannerCase(using: &random)
            let plan = example.plan()
            if let violation = example.violation(of: plan) {
                Issue.record("seed \(seed): \(violation)\n\(plan)")
                return
            }
            if example.plan() != plan {
                Issue.record("seed \(seed): the same question gave another plan")
                return
            }
            switch example.policy.ordering {
            case .order, .weights:
                if example.plan(offers: example.offers.shuffled(using: &random)) != plan {
                    Issue.record("seed \(seed): the plan depends on the order of the offers")
                    return
                }
            case .cost, .latency: break
            }
            planned += plan.candidates.count
            for drop in plan.dropped { dropped[drop.cause, default: 0] += 1 }
        }
        // The cases are worth something only if all of it happens often.
        #expect(planned > 10_000)
        for cause in [Plan.Dropped.Cause.impossible, .lossy, .tooDear, .unavailable] {
            #expect(dropped[cause, default: 0] > 500, "\(cause)")
        }
    }
}
