import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

/// A random question to the planner, the same for the same seed.
private struct PlannerCase {
    var request: RemixRequest
    var policy: Policy
    var offers: [ProviderOffer]
    var draw: UInt64
    var callDraw: UInt64
    var requiresPrice: Bool

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
        switch Int.random(in: 0...5, using: &random) {
        case 0:
            ordering = .order(
                names.shuffled(using: &random).filter { _ in !one(in: 5) } + (one(in: 5) ? ["ghost"] : [])
            )
        case 1:
            let weights = names.map { ($0, Int.random(in: 0...5, using: &random)) } + (one(in: 5) ? [("ghost", 3)] : [])
            ordering = .weights(Dictionary(uniqueKeysWithValues: weights))
        case 2: ordering = .cost
        case 3: ordering = .success
        case 4: ordering = .inFlight
        default: ordering = .latency
        }
        policy = Policy(name: "random", ordering: ordering, attempts: Int.random(in: 1...20, using: &random))
        if one(in: 3) { policy.require = [.seed, .copyrightDetection] }
        if one(in: 6) { policy.avoid = [.magicPrompt] }
        if one(in: 6) { policy.floor.success = Share(fraction: .random(in: 0...1, using: &random)) }
        if one(in: 6) { policy.floor.latency = .seconds(2) }
        if one(in: 8), let name = names.randomElement(using: &random) {
            policy.canary = Policy.Canary(provider: name, share: Share(fraction: .random(in: 0...1, using: &random)))
        }
        if one(in: 8) { policy.explore = Share(fraction: .random(in: 0...1, using: &random)) }
        if one(in: 6) { policy.sticky = .tag("campaign") }
        if one(in: 4) {
            let after: Policy.Hedge.After = one(in: 2) ? .p95 : one(in: 2) ? .p50 : .duration(.seconds(9))
            policy.hedge = Policy.Hedge(after: after, budget: Share(millionths: 50_000))
        }
        if one(in: 4), let name = names.randomElement(using: &random) {
            policy.shadow = Policy.Shadow(
                provider: name,
                sample: Share(millionths: 500_000),
                dailyBudget: Samples.cents(500)
            )
        }
        if one(in: 3) { policy.maxCost = Samples.cents(Int64.random(in: 0...120, using: &random)) }
        if one(in: 4) { policy.onUnchecked = .proceed }
        request.allowsUnchecked = one(in: 5)
        if one(in: 3) { policy.deadline = .seconds(Int64.random(in: 1...600, using: &random)) }
        offers = []
        for name in names {
            var entries = [TranslationEntry(.prompt, "prompt", .mapped)]
            for parameter in [RemixParameter.seed, .strength, .copyrightDetection] where one(in: 2) {
                let action: TranslationEntry.Action = one(in: 2) ? .mapped : one(in: 2) ? .approximated : .dropped
                entries.append(TranslationEntry(parameter, "x", action))
            }
            if one(in: 5) { entries.append(TranslationEntry(.safetyCheck, "x", one(in: 2) ? .mapped : .dropped)) }
            var offer = Samples.offer(
                name,
                price: one(in: 6) ? nil : Samples.cents(Int64.random(in: 0...10, using: &random)),
                latency: one(in: 4) ? nil : .microseconds(Int64.random(in: 1_000_000...4_000_000, using: &random)),
                entries: entries,
                impossible: one(in: 8) ? "cannot" : nil,
                unavailable: one(in: 8) ? .init(reason: "away", retryAfter: .microseconds(3_000_700)) : nil
            )
            offer.capabilities = RemixParameters(RemixParameter.allCases.filter { _ in !one(in: 12) })
            if one(in: 2) { offer.slowLatency = .seconds(7) }
            if one(in: 2) { offer.success = Share(fraction: .random(in: 0...1, using: &random)) }
            offer.loadPercent = Int.random(in: 0...3, using: &random) * 50
            if one(in: 6) { offer.expectedWait = .seconds(Int64.random(in: 0...400, using: &random)) }
            if one(in: 6) {
                offer.fastestFinish =
                    (offer.expectedWait ?? .zero) + .seconds(Int64.random(in: 0...400, using: &random))
            }
            offer.queueFull = one(in: 16)
            offer.demoted = one(in: 8) ? "it limps" : nil
            offer.isProbe = one(in: 8)
            offers.append(offer)
        }
        draw = random.next()
        callDraw = random.next()
        requiresPrice = one(in: 4)
    }

    func inputs(offers: [ProviderOffer]? = nil) -> PlanInputs {
        PlanInputs(
            request: PlanInputs.Request(request),
            policy: policy,
            path: ["by-case", "when[0]", "random"],
            offers: offers ?? self.offers,
            draw: draw,
            callDraw: callDraw,
            requiresPrice: requiresPrice
        )
    }

    func plan(offers: [ProviderOffer]? = nil) -> Plan { Planner.plan(inputs(offers: offers)) }

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
            if policy.onUnchecked == .refuse, !request.allowsUnchecked,
                entries.contains(where: { $0.action == .dropped && $0.parameter == "safety_check" })
            {
                return "\(candidate.provider) cannot make the check"
            }
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
            if !policy.require.isSubset(of: offer.capabilities) {
                return "\(candidate.provider) lacks what is required"
            }
            if !policy.avoid.isDisjoint(with: offer.capabilities) { return "\(candidate.provider) has what is avoided" }
            if requiresPrice, candidate.bound == nil { return "\(candidate.provider) has no price" }
            if offer.queueFull { return "\(candidate.provider) takes nobody" }
            if let wait = offer.expectedWait, wait > plan.deadline { return "\(candidate.provider) is too late" }
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
        func rank(_ name: String) -> Int {
            (dropsSomething(name) ? 4 : 0) + (byName[name]?.demoted == nil ? 0 : 2)
                + (isBelowFloor(byName[name]) ? 1 : 0)
        }
        let ranks = names.map(rank)
        if ranks != ranks.sorted() { return "ranks \(ranks)" }
        // A canary or an explored one stands before those of its rank.
        if policy.canary == nil, policy.explore == nil {
            for value in Set(ranks) {
                if let fault = orderFault(names.filter { rank($0) == value }, byName) { return fault }
            }
        }
        if plan.candidates.count > plan.attempts { return "more candidates than attempts" }
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

    private func isBelowFloor(_ offer: ProviderOffer?) -> Bool {
        guard let offer else { return false }
        return (policy.floor.success.map { floor in offer.success.map { $0 < floor } ?? false } ?? false)
            || (policy.floor.latency.map { floor in
                offer.expectedLatency.map { $0.milliseconds > floor.milliseconds } ?? false
            } ?? false)
    }

    private func wanted(among byName: [String: ProviderOffer]) -> Set<String> {
        let named: Set<String> =
            switch policy.ordering {
            case .order(let names): Set(names)
            case .weights(let weights): Set(weights.filter { $0.value > 0 }.keys)
            default: Set(byName.keys)
            }
        let canary = policy.canary.map { $0.share.includes(Mixing.derive(draw, "canary")) ? [$0.provider] : [] } ?? []
        return named.union(canary).intersection(byName.keys)
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
                guard let latency = left.expectedLatency?.milliseconds else {
                    if right.expectedLatency != nil { return "unmeasured \(first) before \(second)" }
                    continue
                }
                if let other = right.expectedLatency?.milliseconds, other < latency {
                    return "\(second) is faster than \(first)"
                }
            case .success:
                if (left.success?.millionths ?? -1) < (right.success?.millionths ?? -1) {
                    return "\(second) succeeds more"
                }
            case .inFlight: if left.loadPercent > right.loadPercent { return "\(second) is less loaded" }
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
            case .unchecked:
                policy.onUnchecked == .refuse && !request.allowsUnchecked
                    && entries.contains { $0.action == .dropped && $0.parameter == "safety_check" }
            case .tooDear:
                ceiling.map { ceiling in offer.pricePerImage.map { $0 * request.count > ceiling } ?? true } ?? false
            case .unpriced: offer.pricePerImage == nil && requiresPrice
            case .incapable:
                !policy.require.isSubset(of: offer.capabilities) || !policy.avoid.isDisjoint(with: offer.capabilities)
            case .overloaded: offer.queueFull || offer.expectedWait ?? .zero > .zero
            case .tooSlow: offer.fastestFinish != nil
            case .attempts: true
            case .unavailable: offer.unavailable != nil && dropped.retryAfter == offer.unavailable?.retryAfter
            }
        return holds && !dropped.reason.isEmpty
            ? nil : "\(dropped.provider) was dropped as \(dropped.cause) for nothing"
    }
}

@Suite("Planner, random cases (R1, R5, M3)")
struct PlannerPropertyTests {
    /// Cases a chunk; chunks run beside each other.
    private static let chunk = 2500
    static let chunks = Array(0..<Effort.cases(100_000) / chunk)

    @Test(arguments: chunks)
    func `random plans keep every rule, and the stored inputs give the stored plan again`(_ number: Int) {
        var planned = 0
        var dropped: [Plan.Dropped.Cause: Int] = [:]
        let first = 0x0E5E_A000 + UInt64(number * Self.chunk)
        for seed in first..<first + UInt64(Self.chunk) {
            var random = SeededRandom(seed: seed)
            let example = PlannerCase(using: &random)
            let plan = example.plan()
            if let violation = example.violation(of: plan) {
                Issue.record("seed \(seed): \(violation)\n\(plan)")
                return
            }
            if let fault = Self.replayFault(example, plan) {
                Issue.record("seed \(seed): \(fault)")
                return
            }
            switch example.policy.ordering {
            case .order, .weights:
                if example.plan(offers: example.offers.shuffled(using: &random)) != plan {
                    Issue.record("seed \(seed): the plan depends on the order of the offers")
                    return
                }
            default: break
            }
            planned += plan.candidates.count
            for drop in plan.dropped { dropped[drop.cause, default: 0] += 1 }
        }
        // The cases are worth something only if all of it happens often.
        #expect(planned > Self.chunk / 2)
        for cause in Plan.Dropped.Cause.allCases { #expect(dropped[cause, default: 0] > 10, "\(cause)") }
    }

    private struct Stored: Decodable { let inputs: PlanInputs }

    /// As the log keeps it: from the stored inputs the stored plan, byte for byte (R1). Nil when it is so.
    private static func replayFault(_ example: PlannerCase, _ plan: Plan) -> String? {
        let stored = JSONText.bytes(of: PlanRecord(inputs: example.inputs(), plan: plan))
        guard let inputs = try? JSON.decode(Stored.self, from: stored).inputs else {
            return "the stored inputs cannot be read: \(String(decoding: stored, as: UTF8.self))"
        }
        let again = JSONText.bytes(of: PlanRecord(inputs: inputs, plan: Planner.plan(inputs)))
        if again == stored { return nil }
        let texts = [stored, again].map { String(decoding: $0, as: UTF8.self) }
        return "stored\n\(texts[0])\nreplayed\n\(texts[1])"
    }
}
