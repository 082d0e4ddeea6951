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
        try with("setPrices") { $0.book.setPrices(entries, by: actor, at: moment) }
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
        try with("changeBudget") { (state) throws(LedgerError) in try state.book.changeBudget(wish, at: moment) }
    }

    package func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try with("raiseBudget") { (state) throws(LedgerError) in
            try state.book.raiseBudget(id, raise, at: moment)
        }
    }

    package func removeBudget(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try with("removeBudget") { $0.book.removeBudget(id) }
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
