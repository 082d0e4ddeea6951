package import EaselBase
import Foundation

extension Policy {
    /// The policy in the words of the configuration, as it is stored with a call: everything that a plan depends on.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name),
            "on_refusal": .string(onRefusal.rawValue),
            "on_unknown": .string(onUnknown.rawValue),
            "attempts": .number(.init(attempts)),
        ]
        switch ordering {
        case .order(let names): members["order"] = .array(names.map { .string($0) })
        case .weights(let weights): members["weights"] = .object(weights.mapValues { .number(.init($0)) })
        case .cost: members["prefer"] = "cost"
        case .latency: members["prefer"] = "latency"
        case .success: members["prefer"] = "success"
        case .inFlight: members["prefer"] = "in_flight"
        }
        func put(_ name: String, _ value: String?) { if let value { members[name] = .string(value) } }
        func put(_ name: String, _ parameters: Set<RemixParameter>) {
            if parameters.isEmpty { return }
            members[name] = .array(parameters.map(\.rawValue).sorted().map { .string($0) })
        }
        put("sticky", sticky?.text)
        if let canary {
            members["canary"] = .object([
                "provider": .string(canary.provider), "share": .string(canary.share.text),
            ])
        }
        put("explore", explore?.text)
        if floor != Floor() { members["floor"] = floor.json }
        put("require", require)
        put("avoid", avoid)
        put("max_cost_usd", maxCost?.usd)
        put("deadline", deadline.map(DurationText.format))
        if let hedge {
            members["hedge"] = .object(["after": .string(hedge.after.text), "budget": .string(hedge.budget.text)])
        }
        if let shadow {
            members["shadow"] = .object([
                "provider": .string(shadow.provider), "sample": .string(shadow.sample.text),
                "budget": .string("$\(shadow.dailyBudget.usd)/day"),
            ])
        }
        return .object(members)
    }
}

extension Policy: Decodable {
    private enum CodingKeys: String, CodingKey {
        case name, order, weights, prefer, sticky, canary, explore, floor, require, avoid, attempts, deadline, hedge
        case shadow
        case onRefusal = "on_refusal"
        case onUnknown = "on_unknown"
        case maxCost = "max_cost_usd"
    }

    /// Reads what `json` wrote. Throws `DecodingError` when it is something else.
    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func text(_ key: CodingKeys) throws -> String? { try values.decodeIfPresent(String.self, forKey: key) }
        func texts(_ key: CodingKeys) throws -> [String: String]? {
            try values.decodeIfPresent([String: String].self, forKey: key)
        }
        func parameters(_ key: CodingKeys) throws -> Set<RemixParameter> {
            Set(try values.decodeIfPresent([RemixParameter].self, forKey: key) ?? [])
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

extension Policy.Floor {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if let success { members["success"] = .string(success.text) }
        if let latency { members["latency"] = .string(DurationText.format(latency)) }
        if let price { members["cost_usd"] = .string(price.usd) }
        return .object(members)
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
