import EaselBase

/// Puts the offers that a policy names in its order, each with the reason for its place.
enum PlanOrdering {
    /// An offer by its place among the offers: offers are large, and copies of them are what a plan would cost most.
    typealias Placed = (offer: Int, why: Plan.Reason)

    static func ordered(_ inputs: PlanInputs) -> [Placed] {
        var placed = preferred(inputs)
        if let canary = inputs.policy.canary, canary.share.includes(Mixing.derive(inputs.draw, "canary")) {
            lead(canary, inputs.offers, &placed)
        }
        if let share = inputs.policy.explore { explore(share, inputs, &placed) }
        return placed
    }

    /// A canary that its policy does not name otherwise is a candidate for its share only.
    private static func lead(_ canary: Policy.Canary, _ offers: [ProviderOffer], _ placed: inout [Placed]) {
        guard let index = offers.firstIndex(where: { $0.provider == canary.provider }) else { return }
        placed.removeAll { $0.offer == index }
        placed.insert((index, Plan.Reason(.canary(canary.share))), at: 0)
    }

    private static func explore(_ share: Share, _ inputs: PlanInputs, _ placed: inout [Placed]) {
        let draw = Mixing.derive(inputs.callDraw, "explore")
        guard placed.count > 1, share.includes(draw) else { return }
        // Which of the others: by a draw of its own, or the rarest would come with the lowest draws only.
        let others = UInt64(placed.count - 1)
        let index = 1 + Int(others.multipliedFullWidth(by: Mixing.derive(draw, "which")).high)
        var chosen = placed.remove(at: index)
        chosen.why.explored = share
        placed.insert(chosen, at: 0)
    }

    private static func preferred(_ inputs: PlanInputs) -> [Placed] {
        let offers = inputs.offers
        func by(_ key: (Int) -> Int64, _ place: (Int) -> Plan.Reason.Place) -> [Placed] {
            stable(Array(offers.indices), by: key).map { ($0, Plan.Reason(place($0))) }
        }
        switch inputs.policy.ordering {
        case .order(let names):
            var placed: [Placed] = []
            placed.reserveCapacity(names.count)
            for (number, name) in names.enumerated() {
                guard let index = offers.firstIndex(where: { $0.provider == name }) else { continue }
                placed.append((index, Plan.Reason(.listed(number + 1))))
            }
            return placed
        case .weights(let weights): return byWeight(offers, weights, inputs)
        case .cost:
            return by({ offers[$0].pricePerImage?.nanodollars ?? .max }, { .price(offers[$0].pricePerImage) })
        case .latency:
            return by({ offers[$0].expectedLatencyMS ?? .max }, { .latency(offers[$0].expectedLatency) })
        case .success:
            return by({ -Int64(offers[$0].success?.millionths ?? -1) }, { .success(offers[$0].success) })
        case .inFlight:
            return by({ Int64(offers[$0].loadPercent) }, { .load(percent: offers[$0].loadPercent) })
        }
    }

    /// An offer that its policy gives a weight.
    private struct Weighted {
        let offer: Int
        let name: String
        let weight: Int
        /// Among the names.
        var place = 0
    }

    private static func byWeight(_ offers: [ProviderOffer], _ weights: [String: Int], _ inputs: PlanInputs) -> [Placed]
    {
        var weighted: [Weighted] = []
        weighted.reserveCapacity(offers.count)
        var total = 0
        for index in offers.indices {
            let name = offers[index].provider
            guard let weight = weights[name], weight > 0 else { continue }
            weighted.append(Weighted(offer: index, name: name, weight: weight))
            total += weight
        }
        guard total > 0 else { return [] }
        // By name, so that the draw means the same whatever the order of the offers is.
        weighted.sort { $0.name < $1.name }
        for place in weighted.indices { weighted[place].place = place }
        // A place on a line, not a remainder: under `sticky` a change of the weights moves as few as it can.
        var left = Int(UInt64(total).multipliedFullWidth(by: inputs.draw).high)
        let drawn = weighted.firstIndex { entry in
            left -= entry.weight
            return left < 0
        }
        var placed: [Placed] = []
        placed.reserveCapacity(weighted.count)
        if let drawn {
            let chosen = weighted.remove(at: drawn)
            placed.append((chosen.offer, Plan.Reason(.drawn(weight: chosen.weight, of: total, inputs.policy.sticky))))
        }
        weighted.sort { ($1.weight, $0.place) < ($0.weight, $1.place) }
        for entry in weighted {
            placed.append((entry.offer, Plan.Reason(.standsBy(weight: entry.weight, of: total))))
        }
        return placed
    }

    /// By rising key; the place among `indices` decides ties, since the standard library does not promise a stable sort.
    private static func stable(_ indices: [Int], by key: (Int) -> Int64) -> [Int] {
        struct Entry {
            var key: Int64
            var place: Int
        }
        let entries = indices.enumerated().map { Entry(key: key($1), place: $0) }
        return entries.sorted { ($0.key, $0.place) < ($1.key, $1.place) }.map { indices[$0.place] }
    }
}
