import EaselBase
package import EaselCore

/// The rules in force and how often each has been asked.
package final class FaultBook: Sendable {
    private struct State {
        var rules: [FaultRule] = []
        var asked: [Int] = []
    }

    private let state = Locked(State())
    private let chance: Chance

    init(rules: [FaultRule], chance: Chance) {
        self.chance = chance
        replace(rules)
    }

    /// Puts other rules in force; all counting begins anew.
    func replace(_ rules: [FaultRule]) {
        state.withLock { $0 = State(rules: rules, asked: [Int](repeating: 0, count: rules.count)) }
    }

    var rules: [FaultRule] { state.withLock { $0.rules } }

    /// What goes wrong with the next request of this kind.
    package func next(_ provider: ProviderKind, _ route: FaultRoute) -> Misbehaviour {
        // The chance has a lock of its own and is drawn first, so that locks are never nested.
        let drawn = chance.fraction()
        return state.withLock { state in
            var misbehaviour = Misbehaviour()
            for (index, rule) in state.rules.enumerated() {
                guard rule.provider == nil || rule.provider == provider, rule.route == route else { continue }
                state.asked[index] += 1
                if Self.strikes(rule.timing, time: state.asked[index], drawn: drawn) { misbehaviour.add(rule.kind) }
            }
            return misbehaviour
        }
    }

    private static func strikes(_ timing: FaultTiming, time: Int, drawn: Double) -> Bool {
        switch timing {
        case .always: true
        case .probability(let chance): drawn < chance
        case .first(let count): time <= count
        case .every(let count): time % count == 0
        }
    }
}
