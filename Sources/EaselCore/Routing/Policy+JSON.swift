package import EaselBase
import Foundation

// Written on every call, so straight into bytes.
extension Policy: JSONWritable {
    /// The policy in the words of the configuration, as it is stored with a call: everything that a plan depends on.
    package func write(to text: inout JSONText) {
        text.object { text in
            text.member("name", name)
            writeOrdering(to: &text)
            text.member("on_refusal", onRefusal.rawValue)
            text.member("on_unknown", onUnknown.rawValue)
            if onUnchecked != .refuse { text.member("on_unchecked", onUnchecked.rawValue) }
            text.member("attempts", attempts)
            if let sticky { text.member("sticky", sticky.text) }
            if let canary {
                text.key("canary")
                text.object { text in
                    text.member("provider", canary.provider)
                    text.member("share", canary.share.text)
                }
            }
            if let explore { text.member("explore", explore.text) }
            if floor != Floor() { text.member("floor", floor) }
            if !require.isEmpty { text.member("require", require) }
            if !avoid.isEmpty { text.member("avoid", avoid) }
            if let maxCost { text.member("max_cost_usd", maxCost.usd) }
            if let deadline { text.member("deadline", DurationText.format(deadline)) }
            if let hedge {
                text.key("hedge")
                text.object { text in
                    text.member("after", hedge.after.text)
                    text.member("budget", hedge.budget.text)
                }
            }
            if let shadow {
                text.key("shadow")
                text.object { text in
                    text.member("provider", shadow.provider)
                    text.member("sample", shadow.sample.text)
                    text.member("budget", "$\(shadow.dailyBudget.usd)/day")
                }
            }
        }
    }

    private func writeOrdering(to text: inout JSONText) {
        switch ordering {
        case .order(let names):
            text.key("order")
            text.array(names) { $0.string($1) }
        case .weights(let weights):
            text.key("weights")
            text.object { text in
                for (name, weight) in weights.sorted(by: { $0.key < $1.key }) { text.member(name, weight) }
            }
        case .cost: text.member("prefer", "cost")
        case .latency: text.member("prefer", "latency")
        case .success: text.member("prefer", "success")
        case .inFlight: text.member("prefer", "in_flight")
        }
    }

    /// The same as a value.
    package var json: JSONValue { JSONDocument(self).value ?? .null }
}

extension Policy: Decodable {
    private enum CodingKeys: String, CodingKey {
        case name, order, weights, prefer, sticky, canary, explore, floor, require, avoid, attempts, deadline, hedge
        case shadow
        case onRefusal = "on_refusal"
        case onUnknown = "on_unknown"
        case onUnchecked = "on_unchecked"
        case maxCost = "max_cost_usd"
    }

    /// Reads what `json` wrote. Throws `DecodingError` when it is something else.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try values.decodeIfPresent(String.self, forKey: key) }
        func texts(_ key: CodingKeys) throws -> [String: String]? {
            try values.decodeIfPresent([String: String].self, forKey: key)
        }
        func parameters(_ key: CodingKeys) throws -> RemixParameters {
            RemixParameters(try values.decodeIfPresent([RemixParameter].self, forKey: key) ?? [])
        }
        let ordering: Ordering
        if let names = try values.decodeIfPresent([String].self, forKey: .order) {
            ordering = .order(names)
        } else if let weights = try values.decodeIfPresent([String: Int].self, forKey: .weights) {
            ordering = .weights(weights)
        } else {
            switch try text(.prefer) {
            case "cost": ordering = .cost
            case "latency": ordering = .latency
            case "success": ordering = .success
            case "in_flight": ordering = .inFlight
            default:
                throw DecodingError.dataCorruptedError(forKey: .prefer, in: values, debugDescription: "no ordering")
            }
        }
        self.init(name: try text(.name) ?? "", ordering: ordering)
        onRefusal = try text(.onRefusal).flatMap(OnRefusal.init(rawValue:)) ?? onRefusal
        onUnknown = try text(.onUnknown).flatMap(OnUnknown.init(rawValue:)) ?? onUnknown
        onUnchecked = try text(.onUnchecked).flatMap(OnUnchecked.init(rawValue:)) ?? onUnchecked
        attempts = try values.decodeIfPresent(Int.self, forKey: .attempts) ?? attempts
        sticky = try text(.sticky).flatMap { Sticky($0) }
        explore = try text(.explore).flatMap { Share($0) }
        require = try parameters(.require)
        avoid = try parameters(.avoid)
        maxCost = try text(.maxCost).flatMap { Money(usd: $0) }
        deadline = try text(.deadline).flatMap { DurationText.parse($0) }
        if let canary = try texts(.canary), let name = canary["provider"],
            let part = canary["share"].flatMap({ Share($0) })
        {
            self.canary = Canary(provider: name, share: part)
        }
        if let floor = try texts(.floor) { self.floor = Floor(floor) }
        if let hedge = try texts(.hedge), let after = hedge["after"].flatMap({ Hedge.After($0) }),
            let budget = hedge["budget"].flatMap({ Share($0) })
        {
            self.hedge = Hedge(after: after, budget: budget)
        }
        if let shadow = try texts(.shadow), let name = shadow["provider"],
            let sample = shadow["sample"].flatMap({ Share($0) }), let budget = shadow["budget"].flatMap(Shadow.budget)
        {
            self.shadow = Shadow(provider: name, sample: sample, dailyBudget: budget)
        }
    }
}

extension RemixParameters: JSONWritable {
    package func write(to text: inout JSONText) {
        text.array(self) { $0.string($1.rawValue) }
    }
}

extension Policy.Floor: JSONWritable {
    package func write(to text: inout JSONText) {
        text.object { text in
            if let success { text.member("success", success.text) }
            if let latency { text.member("latency", DurationText.format(latency)) }
            if let price { text.member("cost_usd", price.usd) }
        }
    }

    fileprivate init(_ texts: [String: String]) {
        self.init(
            success: texts["success"].flatMap { Share($0) },
            latency: texts["latency"].flatMap { DurationText.parse($0) },
            price: texts["cost_usd"].flatMap { Money(usd: $0) }
        )
    }
}

extension Policy.Shadow {
    /// The amount of `$5/day`; nil when the text is something else.
    package static func budget(_ text: String) -> Money? {
        guard text.hasPrefix("$"), text.hasSuffix("/day") else { return nil }
        return Money(usd: String(text.dropFirst().dropLast(4)))
    }
}
