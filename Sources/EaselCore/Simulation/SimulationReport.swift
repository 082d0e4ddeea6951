package import EaselBase

/// What another policy would have made of the log, beside what happened.
package struct SimulationReport: Sendable, Hashable, Codable {
    /// Which calls it is about.
    package struct Window: Sendable, Hashable, Codable {
        package var since: Timestamp
        /// Not included.
        package var until: Timestamp
        /// Nil: every team.
        package var team: String?
        /// Finished calls in the window. Fewer are read when it holds more than the limit.
        package var calls: Int

        package init(since: Timestamp, until: Timestamp, team: String?, calls: Int) {
            self.since = since
            self.until = until
            self.team = team
            self.calls = calls
        }
    }

    /// What became of the calls that were read; only those that were replayed are in the figures.
    package struct Coverage: Sendable, Hashable, Codable {
        package var read = 0
        package var replayed = 0
        /// The log does not have what their plans were computed from.
        package var withoutInputs = 0
        /// The policy asks what was left in a budget, which the log does not have for them.
        package var withoutBudgets = 0

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case read, replayed
            case withoutInputs = "without_inputs"
            case withoutBudgets = "without_budgets"
        }
    }

    /// How the choices compare, in replayed calls.
    package struct Choices: Sendable, Hashable, Codable {
        /// Calls with the same first provider.
        package var sameFirst = 0
        /// Calls with the same providers in the same order.
        package var sameOrder = 0
        /// Calls whose whole plan is the same, so that what happened stands; the others are projected.
        package var samePlan = 0

        package init() {}

        private enum CodingKeys: String, CodingKey {
            case sameFirst = "same_first"
            case sameOrder = "same_order"
            case samePlan = "same_plan"
        }
    }

    package var window: Window
    package var coverage: Coverage
    package var choices: Choices
    package var log: SimulationFigures
    package var simulated: SimulationFigures
    /// By reason the calls that no provider may be asked for: why the first of the policy's providers was left out,
    /// `no_case` where no case matches, `no_provider` where none is offered.
    package var turnedAway: [String: Int]
    /// What the figures leave out or replace, in sentences.
    package var notes: [String]
    /// What the projection is made from.
    package var providers: [ProviderRecord]

    private enum CodingKeys: String, CodingKey {
        case window, coverage, choices, log, simulated
        case turnedAway = "turned_away"
        case notes, providers
    }
}
