import EaselBase
import EaselCore

/// Reads routing policies (contract, section 3).
enum PolicyReader {
    /// The name of the policy that stands when a configuration has none.
    static let builtInName = "failover"

    /// The policy of a configuration without any: the providers in the order of the file.
    static func builtIn(providers: [String]) -> PolicyBook {
        let policy = Policy(name: builtInName, ordering: .order(providers))
        return PolicyBook(policies: [builtInName: policy], defaultName: builtInName)
    }

    /// Reads the section `routing`. `providers` are all names in the file, also of those with faults of their own.
    static func book(_ section: SectionReader, providers: [String]) -> PolicyBook {
        var policies: [String: Policy] = [:]
        var names: [String] = []
        let given = section.take("policies")
        for (name, setting) in given?.section()?.named() ?? [] {
            names.append(name)
            Names.check(name, setting, of: "policy")
            if let policy = policy(name, setting, providers: providers) { policies[name] = policy }
        }
        if given == nil {
            policies = builtIn(providers: providers).policies
            names = [builtInName]
        } else if names.isEmpty {
            section.fault("policies", "holds no policy; add one or remove the line")
        }
        let chosen = section.take("default")
        if let name = chosen?.text() {
            if !names.contains(name) {
                chosen?.fault("names no policy of this file\(Nearest.hint(name, among: names))")
            }
            return PolicyBook(policies: policies, defaultName: name)
        }
        if chosen == nil, !section.has("default"), names.count > 1, !names.contains(builtInName) {
            section.fault("does not say which policy is the default; add `default: \(names[0])`, for example")
        }
        let name = names.contains(builtInName) ? builtInName : names.first ?? builtInName
        return PolicyBook(policies: policies, defaultName: name)
    }

    private static func policy(_ name: String, _ setting: SettingReader, providers: [String]) -> Policy? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let ordering = ordering(section, providers: providers)
        section.unavailable("avoid", "sticky", "canary", "hedge", "shadow", "when", "otherwise")
        var policy = Policy(name: name, ordering: ordering ?? .cost)
        section.read("require", into: &policy.require) { required($0) }
        section.read("on_refusal", into: &policy.onRefusal) { setting in
            setting.choice(["stop", "next"]).flatMap { Policy.OnRefusal(rawValue: $0) }
        }
        section.read("on_unknown", into: &policy.onUnknown) { setting in
            setting.choice(["recover", "recover_then_next"]).flatMap { Policy.OnUnknown(rawValue: $0) }
        }
        section.read("attempts", into: &policy.attempts) { $0.integer(in: 1...20) }
        section.read("max_cost_usd", into: &policy.maxCost) { $0.money() }
        section.read("deadline", into: &policy.deadline) { $0.duration(in: .milliseconds(100)...(.seconds(3600))) }
        return ordering == nil ? nil : policy
    }

    private static func ordering(_ section: SectionReader, providers: [String]) -> Policy.Ordering? {
        var found: [Policy.Ordering?] = []
        if let setting = section.take("order") { found.append(order(setting, providers: providers)) }
        if let setting = section.take("weights") { found.append(weights(setting, providers: providers)) }
        if let setting = section.take("prefer") {
            let choice = setting.choice(["cost", "latency"], later: ["success"])
            found.append(choice.map { $0 == "cost" ? .cost : .latency })
        }
        let given = ["order", "weights", "prefer"].filter { section.has($0) }
        // A policy of cases has its orderings inside them; that it is not available is told elsewhere.
        if given.isEmpty, !section.has("when") {
            section.fault("does not say how to choose; add `order: [...]`, `weights: {...}` or `prefer: cost`")
        } else if given.count > 1 {
            section.fault("has \(given.joined(separator: " and ")) at once; keep one of them")
            return nil
        }
        return found.first ?? nil
    }

    private static func order(_ setting: SettingReader, providers: [String]) -> Policy.Ordering? {
        guard let items = setting.list() else { return nil }
        if items.isEmpty { setting.fault("holds no provider; name one at least") }
        var names: [String] = []
        for item in items {
            guard let name = item.text() else { continue }
            check(provider: name, providers, at: item)
            if names.contains(name) { item.fault("names \(name) a second time; name each provider once") }
            names.append(name)
        }
        return names.isEmpty ? nil : .order(names)
    }

    private static func weights(_ setting: SettingReader, providers: [String]) -> Policy.Ordering? {
        guard let section = setting.section() else { return nil }
        var weights: [String: Int] = [:]
        for (name, weight) in section.named() {
            if !providers.contains(name) {
                weight.context.fault(weight.path, at: weight.keyPosition, unknown(name, providers))
            }
            if let weight = weight.integer(in: 0...10_000) { weights[name] = weight }
        }
        if section.named().isEmpty || (!weights.isEmpty && weights.values.allSatisfy { $0 == 0 }) {
            setting.fault("could never choose a provider; give one at least a weight above 0")
        }
        return weights.isEmpty ? nil : .weights(weights)
    }

    private static func required(_ setting: SettingReader) -> Set<RemixParameter>? {
        guard let items = setting.list() else { return nil }
        let known = RemixParameter.allCases.map(\.rawValue)
        return Set(
            items.compactMap { item in
                guard let name = item.text() else { return nil }
                if let parameter = RemixParameter(rawValue: name) { return parameter }
                item.fault("is not a parameter of a remix request\(Nearest.hint(name, among: known))")
                return nil
            }
        )
    }

    private static func check(provider name: String, _ providers: [String], at setting: SettingReader) {
        if !providers.contains(name) { setting.fault(unknown(name, providers)) }
    }

    private static func unknown(_ name: String, _ providers: [String]) -> String {
        let known = providers.isEmpty ? "" : " (there are: \(providers.joined(separator: ", ")))"
        return
            "names no provider of this file\(Nearest.match(name, among: providers).map { "; did you mean \($0)?" } ?? known)"
    }
}
