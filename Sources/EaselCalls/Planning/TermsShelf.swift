import EaselBase
package import EaselCore
import Foundation

/// The spending terms as last read from the ledger: prices, budgets, and what teams may do.
///
/// Never decisive for money: an admission names the version it was planned with, and the ledger answers `.stale` if
/// that is not the one in force.
package final class TermsShelf: Sendable {
    private struct State {
        var terms = SpendingTerms.none
        /// The current window of each budget: the calendar is asked once per window, not once per call.
        var windows: [UUID: BudgetWindow] = [:]
    }

    private let state = Locked(State())

    package init() {}

    package var terms: SpendingTerms { state.withLock(\.terms) }

    /// Reads the terms again. The old ones stay if the ledger is down, and newer ones if one read overtakes another.
    package func refresh(from ledger: any TermsBook) async throws(LedgerError) {
        let fresh = try await ledger.spendingTerms()
        state.withLock { state in
            guard fresh.version >= state.terms.version else { return }
            if fresh.version > state.terms.version { state.windows = [:] }
            state.terms = fresh
        }
    }

    /// The budgets that a call counts against under these terms, each with its window at that moment.
    func applied(
        _ terms: SpendingTerms,
        account: Account,
        project: String?,
        at moment: Timestamp
    ) -> [AppliedBudget] {
        let budgets = terms.budgets(teamID: account.teamID, project: project, keyID: account.keyID)
        if budgets.isEmpty { return [] }
        return state.withLock { state in
            budgets.map { budget in
                let isCurrent = terms.version == state.terms.version
                let known = (isCurrent ? state.windows[budget.id] : nil).flatMap { $0.contains(moment) ? $0 : nil }
                let window = known ?? budget.window(at: moment)
                // A window from terms that have since been replaced may follow another calendar.
                if isCurrent { state.windows[budget.id] = window }
                return AppliedBudget(teamID: budget.teamID, budgetID: budget.id, window: window)
            }
        }
    }

    /// Whether a candidate without a price would be turned down: a hard money budget applies, and the team may not
    /// spend unpriced (M1).
    func requiresPrice(_ terms: SpendingTerms, account: Account, project: String?) -> Bool {
        if terms.unpricedTeams.contains(account.teamID) { return false }
        return terms.budgets(teamID: account.teamID, project: project, keyID: account.keyID).contains { budget in
            if budget.isHard, case .money = budget.limit { true } else { false }
        }
    }
}
