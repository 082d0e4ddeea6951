package import EaselBase

/// What an operator says about a budget. What is nil stays as it was, or is the usual one where the budget is new.
package struct BudgetChange: Sendable, Hashable {
    package var scope: BudgetScope
    package var period: BudgetPeriod?
    package var limit: BudgetLimit?
    package var isHard: Bool?
    package var warnAt: [Int]?
    package var timezone: String?

    package init(
        scope: BudgetScope,
        period: BudgetPeriod? = nil,
        limit: BudgetLimit? = nil,
        isHard: Bool? = nil,
        warnAt: [Int]? = nil,
        timezone: String? = nil
    ) {
        self.scope = scope
        self.period = period
        self.limit = limit
        self.isHard = isHard
        self.warnAt = warnAt
        self.timezone = timezone
    }

    /// All of a budget.
    package init(_ wish: BudgetWish) {
        self.init(
            scope: wish.scope,
            period: wish.period,
            limit: wish.limit,
            isHard: wish.isHard,
            warnAt: wish.warnAt,
            timezone: wish.timezone
        )
    }

    /// The period of a new budget of which none is named.
    package static let usualPeriod = BudgetPeriod.month

    /// Which budget is meant.
    package enum Target: Sendable, Hashable {
        case existing(Budget)
        case new(BudgetWish)
        /// Why it cannot be told, and what to say.
        case unclear(String)
    }

    /// - Parameter budgets: at least those of the scope.
    package func target(among budgets: [Budget]) -> Target {
        let theirs = budgets.filter { budget in
            budget.scope == scope && (period.map { $0 == budget.period } ?? true)
                && (limit.map { $0.isAlike(budget.limit) } ?? true)
        }
        if theirs.count > 1 {
            let names = theirs.map(\.shortText).joined(separator: ", ")
            // A sentence of its own, which may be begun with a capital: a scope's name may not.
            let hint = period == nil ? "name the period of one" : "name a limit, in money or in images"
            return .unclear("the scope \(scope.text) has several budgets (\(names)); \(hint)")
        }
        if let one = theirs.first { return .existing(one) }
        guard let limit else {
            return .unclear("the scope \(scope.text) has no such budget yet; a new one needs a limit")
        }
        return .new(
            BudgetWish(
                scope: scope,
                period: period ?? Self.usualPeriod,
                limit: limit,
                isHard: isHard ?? true,
                warnAt: warnAt ?? BudgetWish.defaultWarnings,
                timezone: timezone ?? BudgetWish.defaultTimezone
            )
        )
    }

    /// The budget as it is afterwards. A raise that stands goes on.
    package func applied(to budget: Budget) -> Budget {
        Budget(
            id: budget.id,
            teamID: budget.teamID,
            scope: budget.scope,
            period: budget.period,
            limit: limit ?? budget.limit,
            isHard: isHard ?? budget.isHard,
            warnAt: warnAt ?? budget.warnAt,
            timezone: timezone ?? budget.timezone,
            raise: budget.raise
        )
    }
}

/// What came of setting a budget.
package struct BudgetWriting: Sendable, Hashable {
    /// The budget as it was; nil for a new one.
    package let before: Budget?
    package let after: BudgetStanding

    package init(before: Budget?, after: BudgetStanding) {
        self.before = before
        self.after = after
    }
}

/// What would come of a change of a budget, and whom it concerns. Nothing has changed.
package struct BudgetPreview: Sendable, Hashable {
    /// A team whose calls count for the budget.
    package struct Team: Sendable, Hashable {
        package var name: String
        /// Its keys that may be used now and whose calls count for the budget.
        package var keys: Int
        /// What its calls that count have cost in the window.
        package var spent: Money
        /// What those of them hold back that are under way or of which something is not known.
        package var reserved: Money

        package init(name: String, keys: Int, spent: Money, reserved: Money) {
            self.name = name
            self.keys = keys
            self.spent = spent
            self.reserved = reserved
        }
    }

    /// Teams that are listed at most.
    package static let mostTeams = 200

    package let writing: BudgetWriting
    /// Those that spent most first.
    package let teams: [Team]

    package init(writing: BudgetWriting, teams: [Team]) {
        self.writing = writing
        self.teams = teams
    }

    /// Whether every further call would be refused at once.
    package func refusesAll(at moment: Timestamp) -> Bool {
        guard writing.after.budget.isHard else { return false }
        return switch writing.after.remaining(at: moment) {
        case .money(let amount): amount <= .zero
        case .images(let count): count <= 0
        }
    }
}

extension BudgetLedger {
    /// Makes a budget or replaces all of the one of the same scope, period and unit.
    package func setBudget(
        _ wish: BudgetWish,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try await changeBudget(BudgetChange(wish), by: actor, at: moment).after
    }
}

extension Budget {
    /// A new one.
    package init(_ wish: BudgetWish, teamID: Int64, at moment: Timestamp) {
        self.init(
            id: UUIDv7.mint(at: moment),
            teamID: teamID,
            scope: wish.scope,
            period: wish.period,
            limit: wish.limit,
            isHard: wish.isHard,
            warnAt: wish.warnAt,
            timezone: wish.timezone
        )
    }

    /// `month: $500.00`.
    fileprivate var shortText: String { "\(period.rawValue): \(limit.text)" }

    /// What an operator has set, in one line: `$500.00, hard, warned at 50%, 80%, 100%, calendar of UTC`.
    package var termsText: String {
        let warnings = warnAt.isEmpty ? "never warned" : "warned at " + warnAt.map { "\($0)%" }.joined(separator: ", ")
        return "\(limit.text), \(isHard ? "hard" : "soft"), \(warnings), calendar of \(timezone)"
    }
}
