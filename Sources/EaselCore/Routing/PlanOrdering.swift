import EaselBase

/// Puts the offers that a policy names in its order, each with the reason for its place.
enum PlanOrdering {
    typealias Placed = (offer: ProviderOffer, reason: String)

    static func ordered(_ inputs: PlanInputs) -> [Placed] {
        var placed = preferred(inputs)
        if let canary = inputs.policy.canary {
            let isChosen = canary.share.includes(Mixing.derive(inputs.draw, "canary"))
            lead(canary, isChosen: isChosen, inputs.offers, &placed)
        }
        if let share = inputs.policy.explore { explore(share, inputs, &placed) }
        return placed
    }

    /// A canary that its policy does not name otherwise is a candidate for its share only.
    private static func lead(
        _ canary: Policy.Canary,
        isChosen: Bool,
        _ offers: [ProviderOffer],
        _ placed: inout [Placed]
    ) {
        guard isChosen, let offer = offers.first(where: { $0.provider == canary.provider }) else { return }
        placed.removeAll { $0.offer.provider == canary.provider }
        placed.insert((offer, "canary for \(canary.share.text) of the calls"), at: 0)
    }

    private static func explore(_ share: Share, _ inputs: PlanInputs, _ placed: inout [Placed]) {
        let draw = Mixing.derive(inputs.callDraw, "explore")
        guard placed.count > 1, share.includes(draw) else { return }
        // Which of the others: by a draw of its own, or the rarest would come with the lowest draws only.
        let others = UInt64(placed.count - 1)
        let index = 1 + Int(others.multipliedFullWidth(by: Mixing.derive(draw, "which")).high)
        let chosen = placed.remove(at: index)
        placed.insert((chosen.offer, "explored for \(share.text) of the calls; \(chosen.reason)"), at: 0)
    }

    private static func preferred(_ inputs: PlanInputs) -> [Placed] {
        let offers = inputs.offers
        switch inputs.policy.ordering {
        case .order(let names):
            return names.enumerated().compactMap { index, name in
                offers.first { $0.provider == name }.map { ($0, "number \(index + 1) of the policy's order") }
            }
        case .weights(let weights): return byWeight(offers, weights, inputs)
        case .cost:
            return stable(offers) { $0.pricePerImage?.nanodollars ?? .max }
                .map { ($0, $0.pricePerImage.map { "costs $\($0.usd) a picture" } ?? "has no price") }
        case .latency:
            return stable(offers) { $0.expectedLatency?.milliseconds ?? .max }
                .map { ($0, $0.expectedLatency.map { "usually takes \($0.milliseconds) ms" } ?? "not measured yet") }
        case .success:
            return stable(offers) { -Int64($0.success?.millionths ?? -1) }
                .map { ($0, $0.success.map { "\($0.text) of its attempts succeeded" } ?? "not measured yet") }
        case .inFlight:
            return stable(offers) { Int64($0.loadPercent) }
                .map { ($0, "\($0.loadPercent)% of its places are taken") }
        }
    }

    private static func byWeight(_ offers: [ProviderOffer], _ weights: [String: Int], _ inputs: PlanInputs) -> [Placed]
    {
        let weighted = offers.filter { (weights[$0.provider] ?? 0) > 0 }.sorted { $0.provider < $1.provider }
        let total = weighted.reduce(0) { $0 + (weights[$1.provider] ?? 0) }
        guard total > 0 else { return [] }
        // A place on a line, not a remainder: under `sticky` a change of the weights moves as few as it can.
        var left = Int(UInt64(total).multipliedFullWidth(by: inputs.draw).high)
        let chosen = weighted.first { offer in
            left -= weights[offer.provider] ?? 0
            return left < 0
        }
        let rest = stable(weighted.filter { $0.provider != chosen?.provider }) { -Int64(weights[$0.provider] ?? 0) }
        func share(_ offer: ProviderOffer) -> String { "\(weights[offer.provider] ?? 0) of \(total)" }
        let by = inputs.policy.sticky.map { ", the same for each \($0.text)" } ?? ""
        return (chosen.map { [($0, "chosen by its weight, \(share($0))\(by)")] } ?? [])
            + rest.map { ($0, "stands by with weight \(share($0))") }
    }

    /// By rising key; the index decides ties, since the standard library does not promise a stable sort.
    private static func stable(_ offers: [ProviderOffer], by key: (ProviderOffer) -> Int64) -> [ProviderOffer] {
        let keys = offers.map(key)
        return offers.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { offers[$0] }
    }
}
