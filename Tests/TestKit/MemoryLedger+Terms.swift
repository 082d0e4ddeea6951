package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func spendingTerms() async throws(LedgerError) -> SpendingTerms {
        try with("spendingTerms") { state in
            state.book.terms
        }
    }

    package func idempotentCall(
        teamID: Int64,
        key: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> IdempotentCall? {
        try with("idempotentCall") { state in
            state.book.idempotentCall(teamID: teamID, key: key, at: moment)
        }
    }

    // MARK: Prices

    package func prices() async throws(LedgerError) -> [PriceEntry] { try with("prices") { $0.book.pricesInOrder } }

    @discardableResult
    package func setPrices(
        _ entries: [PriceEntry],
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> PriceWriting {
        try with("setPrices") { state in
            let writing = state.book.setPrices(entries, by: actor, at: moment)
            if !writing.changed.isEmpty {
                let lines = state.book.priceChanges.suffix(writing.changed.count).map {
                    (entry: $0.entry, before: $0.before)
                }
                state.note(.prices(lines, by: actor, at: moment))
            }
            return writing
        }
    }

    package func priceChanges(limit: Int) async throws(LedgerError) -> [PriceChange] {
        try with("priceChanges") { Array($0.book.priceChanges.reversed().prefix(limit)) }
    }

    package func estimates(
        since: Timestamp,
        after cursor: UUID?,
        limit: Int
    ) async throws(LedgerError) -> [EstimatedAttempt] {
        try with("estimates") { $0.book.estimates(since: since, after: cursor, limit: limit) }
    }

    package func reprice(_ repricing: Repricing) async throws(LedgerError) {
        try with("reprice") { state in
            state.book.reprice(repricing)
            state.events.append("reprice")
        }
    }

    // MARK: Budgets

    package func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        try with("budgets") { $0.book.standings(teamID: teamID, at: moment) }
    }

    package func changeBudget(
        _ wish: BudgetChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetWriting {
        try with("changeBudget") { (state) throws(LedgerError) in
            let writing = try state.book.changeBudget(wish, at: moment)
            state.note(.budget(.setBudget, writing.before, writing.after.budget, by: actor, at: moment))
            return writing
        }
    }

    package func previewBudget(
        _ wish: BudgetChange,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetPreview {
        try with("previewBudget") { (state) throws(LedgerError) in
            var copy = state.book
            let writing = try copy.changeBudget(wish, at: moment)
            let budget = writing.after.budget
            let teams = state.book.teams.filter { budget.teamID == 0 || budget.teamID == $0.id }.map { team in
                let keys = state.book.keys(team: team.name).filter { $0.revokedAt == nil }
                return BudgetPreview.Team(
                    name: team.name,
                    keys: keys.count,
                    spent: writing.after.posted,
                    reserved: writing.after.reserved
                )
            }
            return BudgetPreview(writing: writing, teams: teams)
        }
    }

    package func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try with("raiseBudget") { (state) throws(LedgerError) in
            let old = state.book.budgets.first { $0.id == id }
            let standing = try state.book.raiseBudget(id, raise, at: moment)
            let action = raise == nil ? AuditEvent.Action.endRaise : .raiseBudget
            state.note(.budget(action, old, standing.budget, by: actor, at: moment))
            return standing
        }
    }

    package func removeBudget(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try with("removeBudget") { state in
            let old = state.book.budgets.first { $0.id == id }
            guard state.book.removeBudget(id) else { return false }
            if let old { state.note(.budget(.removeBudget, old, nil, by: actor, at: moment)) }
            return true
        }
    }

    package func explainBudget(
        _ id: UUID,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> BudgetExplanation? {
        try with("explainBudget") { state in
            state.book.budgets.first { $0.id == id }.map {
                BudgetExplanation(
                    standing: state.book.standing($0, at: moment),
                    groups: [],
                    calls: [],
                    reservations: []
                )
            }
        }
    }
}
