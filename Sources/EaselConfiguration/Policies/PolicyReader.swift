import EaselBase
import EaselCore

/// Reads routing policies (contract, section 3): of a configuration, or inline from a request.
struct PolicyReader {
    /// The name of the policy that stands when a configuration has none.
    static let builtInName = "failover"
    /// How deeply inline policies may nest in cases (S4).
    static let depthLimit = 4
    /// Policies of one text (S4).
    static let mostPolicies = 200

    /// All names in the file, also of providers with faults of their own.
    let providers: [String]
    /// The policies that `use` and `otherwise` may name.
    let names: [String]
    private let known: Set<String>
    /// Whether a policy may have a shadow: it spends outside the team's budgets, so that is the operator's to say.
    var allowsShadow = true

    init(providers: [String], names: [String], allowsShadow: Bool = true) {
        self.providers = providers
        self.names = names
        self.allowsShadow = allowsShadow
        known = Set(names)
    }

    /// The policy of a configuration without any: the providers in the order of the file.
    static func builtIn(providers: [String]) -> PolicyBook {
        let policy = Policy(name: builtInName, ordering: .order(providers))
        return PolicyBook(policies: [builtInName: policy], defaultName: builtInName)
    }

    /// Reads the section `routing`.
    static func book(_ section: SectionReader, providers: [String]) -> PolicyBook {
        var policies: [String: RoutingPolicy] = [:]
        let given = section.take("policies")
        var entries = given?.section()?.named() ?? []
        if entries.count > mostPolicies {
            section.fault("policies", "holds \(entries.count) policies; there may be \(mostPolicies)")
            entries.removeLast(entries.count - mostPolicies)
        }
        var names = entries.map(\.name)
        let reader = PolicyReader(providers: providers, names: names)
        for (name, setting) in entries {
            Names.check(name, setting, of: "policy")
            if let policy = reader.policy(name, setting) { policies[name] = policy }
        }
        checkCircles(policies, entries)
        if given == nil {
            policies = builtIn(providers: providers).policies
            names = [builtInName]
        } else if names.isEmpty {
            section.fault("policies", "holds no policy; add one or remove the line")
        }
        return PolicyBook(policies: policies, defaultName: defaultName(section, names))
    }

    private static func defaultName(_ section: SectionReader, _ names: [String]) -> String {
        let chosen = section.take("default")
        if let name = chosen?.text() {
            if !names.contains(name) {
                let near = chosen?.context.guess(name, among: names).map { "; did you mean \($0)?" } ?? ""
                chosen?.fault("names no policy of this file\(near)")
            }
            return name
        }
        if chosen == nil, !section.has("default"), names.count > 1, !names.contains(builtInName) {
            section.fault("does not say which policy is the default; add `default: \(names[0])`, for example")
        }
        return names.contains(builtInName) ? builtInName : names.first ?? builtInName
    }

    /// One policy, of cases or without.
    func policy(_ name: String, _ setting: SettingReader, depth: Int = 0) -> RoutingPolicy? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        if section.has("when") || section.has("otherwise") { return cases(name, section, depth: depth) }
        return plain(name, section).map { .plain($0) }
    }

    // MARK: - Cases

    private func cases(_ name: String, _ section: SectionReader, depth: Int) -> RoutingPolicy? {
        guard depth < Self.depthLimit else {
            section.fault("nests cases more than \(Self.depthLimit) deep; name the inner one and `use` it")
            return nil
        }
        for key in Self.plainKeys where section.has(key) {
            _ = section.take(key)
            section.fault(
                key,
                "has no place beside `when`; write it into the policies of the cases, or `otherwise: { \(key): ... }`"
            )
        }
        var cases: [CasePolicy.Case] = []
        let list = section.required("when", "list the cases, each with `match` and `use` or a policy")?.list() ?? []
        for (index, item) in list.enumerated() {
            guard section.context.takesCase() else {
                item.fault("is one case too many; there may be \(ReadingContext.mostCases) in all policies together")
                break
            }
            if let read = oneCase("\(name).when[\(index)]", item, depth: depth) { cases.append(read) }
        }
        var otherwise: CasePolicy.Target?
        if let setting = section.take("otherwise") {
            otherwise = target("\(name).otherwise", setting, depth: depth)
        } else if list.isEmpty, section.has("when") {
            section.fault("when", "holds no case and there is no otherwise; it could never choose anything")
        }
        return .cases(CasePolicy(name: name, cases: cases, otherwise: otherwise))
    }

    private func oneCase(_ name: String, _ setting: SettingReader, depth: Int) -> CasePolicy.Case? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let match = section.required("match", "name the calls that the case is for, such as `{ team: design }`")
            .flatMap { MatchReader.match($0) }
        let use = section.take("use")
        if let use {
            for key in Self.plainKeys + ["when", "otherwise"] where section.has(key) {
                _ = section.take(key)
                section.fault(key, "cannot be combined with `use`; keep one of them")
            }
            guard let named = named(use), let match else { return nil }
            return CasePolicy.Case(match: match, target: .named(named))
        }
        let inline: RoutingPolicy? =
            if section.has("when") || section.has("otherwise") {
                cases(name, section, depth: depth + 1)
            } else {
                plain(name, section).map { .plain($0) }
            }
        guard let inline, let match else { return nil }
        return CasePolicy.Case(match: match, target: .inline(inline))
    }

    private func target(_ name: String, _ setting: SettingReader, depth: Int) -> CasePolicy.Target? {
        if case .mapping = setting.node.content {
            return policy(name, setting, depth: depth + 1).map { .inline($0) }
        }
        return named(setting).map { .named($0) }
    }

    private func named(_ setting: SettingReader) -> String? {
        guard let name = setting.text() else { return nil }
        guard known.contains(name) else {
            let list = names.isEmpty ? "" : " (there are: \(names.prefix(20).joined(separator: ", ")))"
            let hint = setting.context.guess(name, among: names).map { "; did you mean \($0)?" } ?? list
            setting.fault("names no policy of this file\(hint)")
            return nil
        }
        return name
    }

    // MARK: - Circles

    /// A policy that leads back to itself could never choose anything.
    private static func checkCircles(
        _ policies: [String: RoutingPolicy],
        _ entries: [(name: String, setting: SettingReader)]
    ) {
        func targets(_ policy: RoutingPolicy) -> [String] {
            guard case .cases(let choice) = policy else { return [] }
            return (choice.cases.map(\.target) + (choice.otherwise.map { [$0] } ?? [])).flatMap { target in
                switch target {
                case .named(let name): [name]
                case .inline(let inline): targets(inline)
                }
            }
        }
        /// The way from a policy back to itself; nil when there is none. Every step remembers where it came from, so that
        /// the work for one policy grows with what can be reached, and not with the ways to it.
        func circle(from start: String) -> [String]? {
            var before: [String: String] = [:]
            var open = [start]
            while let last = open.popLast() {
                guard let policy = policies[last] else { continue }
                for next in targets(policy) {
                    if next == start {
                        var way = [start, last]
                        while let name = way.last, name != start, let earlier = before[name] { way.append(earlier) }
                        return way.reversed()
                    }
                    if before[next] == nil {
                        before[next] = last
                        open.append(next)
                    }
                }
            }
            return nil
        }
        var told: Set<String> = []
        for (name, setting) in entries where !told.contains(name) {
            guard let way = circle(from: name) else { continue }
            told.formUnion(way)
            setting.context.fault(
                setting.path,
                at: setting.keyPosition,
                "leads back to itself (\(way.joined(separator: " > "))); let one of them choose providers"
            )
        }
    }
}
