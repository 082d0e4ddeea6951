import EaselBase

/// Replays logged calls against another book of policies. Calls are added one by one, so that memory does not grow with
/// their number. Pure: the same calls give the same report (R1).
package struct Simulation: Sendable {
    private let book: PolicyBook
    /// Nil: each call keeps its policy where the book has one of that name.
    private let forAll: RoutingPolicy?
    private let records: [ProviderRecord]
    private let lookup: ProviderRecords
    /// Shares of a budget, in percent, between which no condition of the book changes its mind.
    private let budgetPoints: [Double]

    private var coverage = SimulationReport.Coverage()
    private var choices = SimulationReport.Choices()
    private var log = SimulationTally()
    private var simulated = SimulationTally()
    private var turnedAway: [String: Int] = [:]
    private var substituted = 0
    private var remade = 0
    private var hedged = 0
    private var shadowed = 0
    private var shadowBound = Money.zero

    /// - Parameters:
    ///   - book: where a call finds its policy, and the policies that it names.
    ///   - policy: every call gets it. Nil: each call keeps its policy where the book has one of that name, and gets the
    ///     book's default where it has not.
    ///   - records: how attempts went in the window, for what is projected.
    package init(book: PolicyBook, forAll policy: RoutingPolicy? = nil, records: [ProviderRecord]) {
        self.book = book
        forAll = policy
        self.records = records
        lookup = ProviderRecords(records)
        budgetPoints = Self.budgetPoints(of: Array(book.policies.values) + (policy.map { [$0] } ?? []))
    }

    package mutating func add(_ call: LoggedCall) {
        coverage.read += 1
        guard let stored = call.inputs else {
            coverage.withoutInputs += 1
            return
        }
        guard let policy = forAll ?? book[call.policy] ?? book[nil] else { return turnAway(call, "no_case") }
        switch choose(policy, call, stored) {
        case .undecidable: coverage.withoutBudgets += 1
        case .none: turnAway(call, "no_case")
        case .chosen(let choice): compare(call, stored, inputs(stored, choice, call))
        }
    }

    package func report(_ window: SimulationReport.Window) -> SimulationReport {
        SimulationReport(
            window: window,
            coverage: coverage,
            choices: choices,
            log: log.figures,
            simulated: simulated.figures,
            turnedAway: turnedAway,
            notes: notes,
            providers: records
        )
    }

    // MARK: - One call

    private mutating func replayed(_ call: LoggedCall) {
        coverage.replayed += 1
        log.add(call.outcome, first: call.candidates.first)
    }

    private mutating func turnAway(_ call: LoggedCall, _ cause: String) {
        replayed(call)
        simulated.addTurnedAway()
        turnedAway[cause, default: 0] += 1
    }

    private mutating func compare(_ call: LoggedCall, _ stored: PlanInputs, _ inputs: PlanInputs) {
        let plan = Planner.plan(inputs)
        if let shadow = plan.shadow {
            shadowed += 1
            shadowBound += shadow.bound
        }
        guard let first = plan.candidates.first else {
            return turnAway(call, plan.dropped.first?.cause.rawValue ?? "no_provider")
        }
        replayed(call)
        let names = plan.candidates.map(\.provider)
        if names.first == call.candidates.first { choices.sameFirst += 1 }
        let isSameOrder = names == call.candidates
        if isSameOrder { choices.sameOrder += 1 }
        let ran = Planner.plan(stored)
        if ran.candidates.map(\.provider) != call.candidates { remade += 1 }
        // What happened stands only where nothing of the plan is different, and whatever it was: keeping it where it went
        // well and projecting where it did not would make any other policy look better.
        if isSameOrder, ran.behavesAs(plan) {
            choices.samePlan += 1
            simulated.add(call.outcome, first: first.provider)
        } else {
            if plan.hedge != nil { hedged += 1 }
            simulated.add(SimulationProjection(plan, call.model, call.renderingSpeed, lookup), first: first)
        }
    }

    private mutating func inputs(_ stored: PlanInputs, _ choice: PolicyBook.Choice, _ call: LoggedCall) -> PlanInputs {
        var inputs = stored
        inputs.policy = choice.policy
        inputs.path = choice.path
        let sticky = choice.policy.sticky
        if sticky != stored.policy.sticky {
            // The log has no hash of the image; another call's share of it is as good for the sums.
            if sticky == .image, choice.policy.usesDraw { substituted += 1 }
            inputs.draw = StickyDraw.draw(
                sticky,
                team: call.team,
                keyID: call.keyID,
                tags: call.tags,
                imageSHA256: nil,
                callDraw: stored.callDraw
            )
        }
        return inputs
    }

    // MARK: - Cases

    private enum Chosen {
        case chosen(PolicyBook.Choice)
        case none
        /// The log does not have what the cases look at.
        case undecidable
    }

    private func choose(_ policy: RoutingPolicy, _ call: LoggedCall, _ stored: PlanInputs) -> Chosen {
        func choose(_ percent: Double?) -> PolicyBook.Choice? {
            book.choose(policy) { call.facts(stored, budgetLeftPercent: percent) }
        }
        let told = stored.budgetLeftPercent
        if told != nil || !book.asksForBudgets(policy) {
            return choose(told).map { .chosen($0) } ?? .none
        }
        // Decided all the same where every standing of the budgets leads to the same policy.
        let possible = [choose(nil)] + budgetPoints.map { choose($0) }
        guard Set(possible.map { $0?.policy }).count == 1 else { return .undecidable }
        return possible[0].map { .chosen($0) } ?? .none
    }

    private static func budgetPoints(of policies: [RoutingPolicy]) -> [Double] {
        var limits: Set<Double> = [0, 100]
        func collect(_ policy: RoutingPolicy) {
            guard case .cases(let cases) = policy else { return }
            for entry in cases.cases {
                if let test = entry.match.budgetLeftPercent { limits.insert(test.number) }
                if case .inline(let inline) = entry.target { collect(inline) }
            }
            if case .inline(let inline)? = cases.otherwise { collect(inline) }
        }
        policies.forEach(collect)
        let sorted = limits.filter { (0...100).contains($0) }.sorted()
        return sorted + zip(sorted, sorted.dropFirst()).map { ($0 + $1) / 2 }
    }

    // MARK: - Notes

    private var notes: [String] {
        var notes: [String] = []
        func note(_ count: Int, _ text: String) {
            if count > 0 { notes.append("\(count) call\(count == 1 ? "" : "s"): \(text)") }
        }
        note(
            substituted,
            "the policy is sticky by image and the log does not have the images' hashes; each draws for itself"
        )
        note(hedged, "may be hedged, which the projection leaves out")
        note(shadowed, "get a shadow request for at most \(shadowBound.dollars) together, which the figures leave out")
        note(
            remade,
            "this version of Easel plans the stored inputs differently from the log, so not every "
                + "difference is due to the policy"
        )
        return notes
    }
}

extension Plan {
    /// Whether a call goes the same way under both plans, if their candidates are the same.
    func behavesAs(_ other: Plan) -> Bool {
        attempts == other.attempts && deadline == other.deadline && ceiling == other.ceiling
            && onRefusal == other.onRefusal && onUnknown == other.onUnknown && hedge == other.hedge
    }
}
