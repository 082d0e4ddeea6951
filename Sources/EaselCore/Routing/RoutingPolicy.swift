import EaselBase

/// What a policy's name stands for: one policy, or a choice among several by case.
package indirect enum RoutingPolicy: Sendable, Hashable {
    case plain(Policy)
    case cases(CasePolicy)

    package var name: String {
        switch self {
        case .plain(let policy): policy.name
        case .cases(let policy): policy.name
        }
    }

    /// The policy itself where it has no cases.
    package var plain: Policy? {
        if case .plain(let policy) = self { policy } else { nil }
    }
}

/// A policy that chooses another one by what the call is like. The first case that matches decides.
package struct CasePolicy: Sendable, Hashable {
    /// Where a case leads.
    package enum Target: Sendable, Hashable {
        case named(String)
        case inline(RoutingPolicy)
    }

    package struct Case: Sendable, Hashable {
        package var match: PolicyMatch
        package var target: Target

        package init(match: PolicyMatch, target: Target) {
            self.match = match
            self.target = target
        }
    }

    package var name: String
    package var cases: [Case]
    /// Nil: a call that no case matches is refused as invalid.
    package var otherwise: Target?

    package init(name: String, cases: [Case], otherwise: Target?) {
        self.name = name
        self.cases = cases
        self.otherwise = otherwise
    }
}

/// The policies of a configuration, and which one a request gets that names none.
package struct PolicyBook: Sendable, Hashable {
    /// The policy that was chosen for a call, and on which way.
    package struct Choice: Sendable, Hashable {
        package let policy: Policy
        /// The names and cases that led to it, such as `by-case`, `when[1]`, `cheapest`.
        package let path: [String]
    }

    package let policies: [String: RoutingPolicy]
    package let defaultName: String

    package init(policies: [String: RoutingPolicy], defaultName: String) {
        self.policies = policies
        self.defaultName = defaultName
    }

    /// Policies without cases.
    package init(policies: [String: Policy], defaultName: String) {
        self.init(policies: policies.mapValues { .plain($0) }, defaultName: defaultName)
    }

    package subscript(name: String?) -> RoutingPolicy? { policies[name ?? defaultName] }

    /// The policy for a call; nil when no case matches and there is no `otherwise`. `facts` are asked for only by a policy
    /// with cases.
    package func choose(_ policy: RoutingPolicy, facts: () -> RoutingFacts) -> Choice? {
        // The common policy needs neither facts nor a way.
        if case .plain(let plain) = policy { return Choice(policy: plain, path: [plain.name]) }
        let facts = facts()
        var current = policy
        var path = [policy.name]
        // A book that was checked has no circles; the bound is for one that was not.
        for _ in 0...policies.count {
            guard case .cases(let choice) = current else { break }
            let target: CasePolicy.Target
            if let index = choice.cases.firstIndex(where: { $0.match.holds(for: facts) }) {
                path.append("when[\(index)]")
                target = choice.cases[index].target
            } else if let otherwise = choice.otherwise {
                path.append("otherwise")
                target = otherwise
            } else {
                return nil
            }
            switch target {
            case .named(let name):
                guard let named = policies[name] else { return nil }
                path.append(name)
                current = named
            case .inline(let inline): current = inline
            }
        }
        guard case .plain(let plain) = current else { return nil }
        return Choice(policy: plain, path: path)
    }

    /// Whether a case on the way looks at what is left in the caller's budgets, which has to be read first.
    package func asksForBudgets(_ policy: RoutingPolicy) -> Bool {
        var seen: Set<String> = []
        return asksForBudgets(policy, &seen)
    }

    private func asksForBudgets(_ policy: RoutingPolicy, _ seen: inout Set<String>) -> Bool {
        guard case .cases(let choice) = policy else { return false }
        if choice.cases.contains(where: { $0.match.budgetLeftPercent != nil }) { return true }
        for target in choice.cases.map(\.target) + (choice.otherwise.map { [$0] } ?? []) {
            switch target {
            case .inline(let inline): if asksForBudgets(inline, &seen) { return true }
            case .named(let name):
                if seen.insert(name).inserted, let named = policies[name], asksForBudgets(named, &seen) { return true }
            }
        }
        return false
    }
}
