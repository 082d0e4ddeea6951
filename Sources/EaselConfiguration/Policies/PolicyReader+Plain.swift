import EaselBase
import EaselCore

extension PolicyReader {
    /// Every setting of a policy without cases.
    static let plainKeys = [
        "order", "weights", "prefer", "sticky", "canary", "explore", "floor", "require", "avoid", "on_refusal",
        "on_unknown", "on_unchecked", "attempts", "max_cost_usd", "deadline", "hedge", "shadow",
    ]

    func plain(_ name: String, _ section: SectionReader) -> Policy? {
        let ordering = ordering(section)
        var policy = Policy(name: name, ordering: ordering ?? .cost)
        section.read("require", into: &policy.require) { capabilities($0) }
        section.read("avoid", into: &policy.avoid) { capabilities($0) }
        let both = policy.require.intersection(policy.avoid)
        if let name = both.map(\.rawValue).min() {
            section.fault("avoid", "holds \(name), which is required as well; it could never choose anything")
        }
        section.read("on_refusal", into: &policy.onRefusal) { $0.choice() }
        section.read("on_unknown", into: &policy.onUnknown) { $0.choice() }
        section.read("on_unchecked", into: &policy.onUnchecked) { $0.choice() }
        section.read("attempts", into: &policy.attempts) { $0.integer(in: 1...20) }
        section.read("max_cost_usd", into: &policy.maxCost) { $0.money() }
        section.read("deadline", into: &policy.deadline) { $0.duration(in: .milliseconds(100)...(.seconds(3600))) }
        section.read("sticky", into: &policy.sticky) { setting in
            setting.scalar("one of team, key, image, tag:NAME") { Policy.Sticky($0) }
        }
        section.read("canary", into: &policy.canary) { canary($0) }
        section.read("explore", into: &policy.explore) { share($0) }
        section.read("floor", into: &policy.floor) { floor($0, ordering) }
        section.read("hedge", into: &policy.hedge) { hedge($0) }
        if !allowsShadow, section.has("shadow") {
            section.fault("shadow", "spends outside the team's budgets, so it is only allowed in the configuration")
        }
        section.read("shadow", into: &policy.shadow) { shadow($0) }
        if let ordering { check(policy, ordering, section) }
        return ordering == nil ? nil : policy
    }

    /// Parts that could never have an effect.
    private func check(_ policy: Policy, _ ordering: Policy.Ordering, _ section: SectionReader) {
        let named: [String] =
            switch ordering {
            case .order(let names): names
            case .weights(let weights): weights.filter { $0.value > 0 }.map(\.key)
            default: providers
            }
        if policy.sticky != nil, policy.canary == nil {
            if case .weights = ordering {
            } else {
                section.fault("sticky", "has no effect without weights or canary; remove it or add one of them")
            }
        }
        let all = Set(named).union(policy.canary.map { [$0.provider] } ?? [])
        if policy.explore != nil, all.count < 2 {
            section.fault("explore", "has no effect on a policy with one provider; remove it")
        }
        if policy.hedge != nil, all.count < 2 {
            section.fault("hedge", "needs a second provider to ask; name one")
        } else if policy.hedge != nil, policy.attempts < 2 {
            section.fault("hedge", "asks a second time, and attempts is \(policy.attempts); allow at least 2")
        }
        if let shadow = policy.shadow, policy.canary == nil, policy.explore == nil, case .order(let names) = ordering,
            names.first == shadow.provider
        {
            section.fault("shadow", "asks \(shadow.provider), which the order already asks first; name another one")
        }
        if let canary = policy.canary, canary.share < .all, case .order(let names) = ordering,
            names.first == canary.provider
        {
            section.fault("canary", "is for \(canary.provider), which the order already asks first; name another one")
        }
    }

    // MARK: - Order

    private func ordering(_ section: SectionReader) -> Policy.Ordering? {
        var found: [Policy.Ordering?] = []
        if let setting = section.take("order") { found.append(order(setting)) }
        if let setting = section.take("weights") { found.append(weights(setting)) }
        if let setting = section.take("prefer") {
            let choices: [String: Policy.Ordering] = [
                "cost": .cost, "latency": .latency, "success": .success, "in_flight": .inFlight,
            ]
            let names = ["cost", "latency", "success", "in_flight"]
            found.append(setting.choice(names).flatMap { choices[$0] })
        }
        let given = ["order", "weights", "prefer"].filter { section.has($0) }
        if given.isEmpty {
            section.fault("does not say how to choose; add `order: [...]`, `weights: {...}` or `prefer: cost`")
        } else if given.count > 1 {
            section.fault("has \(given.joined(separator: " and ")) at once; keep one of them")
            return nil
        }
        return found.first ?? nil
    }

    private func order(_ setting: SettingReader) -> Policy.Ordering? {
        guard let items = setting.list() else { return nil }
        if items.isEmpty { setting.fault("holds no provider; name at least one") }
        var names: [String] = []
        var seen: Set<String> = []
        for item in items {
            guard let name = provider(item) else { continue }
            if seen.insert(name).inserted {
                names.append(name)
            } else {
                item.fault("names \(name) a second time; name each provider once")
            }
        }
        return names.isEmpty ? nil : .order(names)
    }

    private func weights(_ setting: SettingReader) -> Policy.Ordering? {
        guard let section = setting.section() else { return nil }
        var weights: [String: Int] = [:]
        for (name, weight) in section.named() {
            if !providers.contains(name) {
                weight.context.fault(weight.path, at: weight.keyPosition, unknown(name, weight.context))
            }
            if let weight = weight.integer(in: 0...10_000) { weights[name] = weight }
        }
        if section.named().isEmpty || (!weights.isEmpty && weights.values.allSatisfy { $0 == 0 }) {
            setting.fault("could never choose a provider; give at least one a weight above 0")
        }
        return weights.isEmpty ? nil : .weights(weights)
    }

    // MARK: - Parts

    private func canary(_ setting: SettingReader) -> Policy.Canary? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let name = section.required("provider", "name the provider to try").flatMap { provider($0) }
        let part = section.required("share", "set the share of calls, such as 5%").flatMap { share($0) }
        guard let name, let part else { return nil }
        return Policy.Canary(provider: name, share: part)
    }

    private func floor(_ setting: SettingReader, _ ordering: Policy.Ordering?) -> Policy.Floor? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        var floor = Policy.Floor()
        section.read("success", into: &floor.success) { share($0) }
        section.read("latency", into: &floor.latency) { $0.duration(in: .milliseconds(1)...(.seconds(3600))) }
        section.read("cost_usd", into: &floor.price) { $0.money() }
        let sorted: (Policy.Ordering, String)? =
            switch ordering {
            case .cost: (.cost, "cost_usd")
            case .latency: (.latency, "latency")
            case .success: (.success, "success")
            default: nil
            }
        if let (_, key) = sorted, section.has(key) {
            section.fault(key, "has no effect: the policy sorts by it already; remove it")
        }
        if floor == Policy.Floor(), section.named().isEmpty {
            setting.fault("holds no bound; add success, latency or cost_usd")
        }
        return floor
    }

    private func hedge(_ setting: SettingReader) -> Policy.Hedge? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let after = section.required("after", "set how long to wait for the first provider, such as p95").flatMap {
            $0.scalar("p50, p95 or a duration such as 20s") { Policy.Hedge.After($0) }
        }
        let budget = section.required("budget", "set the share of calls that may be hedged, such as 5%")
            .flatMap { share($0) }
        guard let after, let budget else { return nil }
        return Policy.Hedge(after: after, budget: budget)
    }

    private func shadow(_ setting: SettingReader) -> Policy.Shadow? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let name = section.required("provider", "name the provider that also gets the request").flatMap { provider($0) }
        let sample = section.required("sample", "set the share of calls, such as 1%").flatMap { share($0) }
        let budget = section.required("budget", "set what it may cost, such as \"$5/day\"").flatMap {
            $0.scalar("an amount a day such as \"$5/day\", more than 0") {
                Policy.Shadow.budget($0).flatMap { $0 > .zero ? $0 : nil }
            }
        }
        guard let name, let sample, let budget else { return nil }
        return Policy.Shadow(provider: name, sample: sample, dailyBudget: budget)
    }

    private func share(_ setting: SettingReader) -> Share? {
        setting.scalar("a share such as 5% or 0.5%, more than 0% and at most 100%") {
            Share($0).flatMap { $0 > .none ? $0 : nil }
        }
    }

    private func capabilities(_ setting: SettingReader) -> RemixParameters? {
        guard let items = setting.list() else { return nil }
        return RemixParameters(items.compactMap { MatchReader.parameter($0) })
    }

    private func provider(_ setting: SettingReader) -> String? {
        guard let name = setting.text() else { return nil }
        if !providers.contains(name) { setting.fault(unknown(name, setting.context)) }
        return name
    }

    private func unknown(_ name: String, _ context: ReadingContext) -> String {
        let known = providers.isEmpty ? "" : " (there are: \(providers.joined(separator: ", ")))"
        let near = context.guess(name, among: providers).map { "; did you mean \($0)?" }
        return "names no provider of this file\(near ?? known)"
    }
}
