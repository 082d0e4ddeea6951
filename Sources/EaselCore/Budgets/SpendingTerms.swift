package import Foundation

/// Under which terms money is spent: prices, budgets, and what teams may do. Every change gives it a higher version, and
/// an admission names the version it was planned with, so that nothing is spent under terms that no longer hold.
package struct SpendingTerms: Sendable {
    package let version: Int64
    package let prices: PriceBook
    package let budgets: [Budget]
    /// Teams whose unpriced calls pass hard budgets.
    package let unpricedTeams: Set<Int64>

    private let byTeam: [Int64: [Budget]]

    package init(version: Int64, prices: PriceBook, budgets: [Budget], unpricedTeams: Set<Int64> = []) {
        self.version = version
        self.prices = prices
        self.budgets = budgets
        self.unpricedTeams = unpricedTeams
        byTeam = Dictionary(grouping: budgets, by: \.teamID)
    }

    /// No prices, no budgets: before the first look into the ledger.
    package static let none = SpendingTerms(version: 0, prices: PriceBook([]), budgets: [])

    /// The budgets that a call counts against: the organisation's first, then the team's, each by id. That is also the
    /// order in which their rows are locked.
    package func budgets(teamID: Int64, project: String?, keyID: UUID) -> [Budget] {
        if byTeam.isEmpty { return [] }
        let candidates = (byTeam[0] ?? []) + (teamID == 0 ? [] : byTeam[teamID] ?? [])
        return candidates.filter { $0.applies(teamID: teamID, project: project, keyID: keyID) }
    }

    /// Whether the team's budgets or the organisation's may have rows to lock.
    package func hasBudgets(teamID: Int64) -> Bool { byTeam[0] != nil || byTeam[teamID] != nil }
}

/// A budget that a call is admitted under, with the window that the call belongs to.
package struct AppliedBudget: Sendable, Hashable {
    package let teamID: Int64
    package let budgetID: UUID
    package let window: BudgetWindow

    package init(teamID: Int64, budgetID: UUID, window: BudgetWindow) {
        self.teamID = teamID
        self.budgetID = budgetID
        self.window = window
    }
}
