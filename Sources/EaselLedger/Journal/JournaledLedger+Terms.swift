package import EaselBase
package import EaselCore
package import Foundation

/// Prices and budgets are not journalled: whoever changes them must know that they hold.
extension JournaledLedger {
    package func spendingTerms() async throws(LedgerError) -> SpendingTerms { try await base.spendingTerms() }

    package func prices() async throws(LedgerError) -> [PriceEntry] { try await base.prices() }

    @discardableResult
    package func setPrices(
        _ entries: [PriceEntry],
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> PriceWriting {
        try await base.setPrices(entries, by: actor, at: moment)
    }

    package func priceChanges(limit: Int) async throws(LedgerError) -> [PriceChange] {
        try await base.priceChanges(limit: limit)
    }

    package func estimates(
        since: Timestamp,
        after cursor: UUID?,
        limit: Int
    ) async throws(LedgerError) -> [EstimatedAttempt] {
        try await base.estimates(since: since, after: cursor, limit: limit)
    }

    package func reprice(_ repricing: Repricing) async throws(LedgerError) { try await base.reprice(repricing) }

    package func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        try await base.budgets(teamID: teamID, at: moment)
    }

    package func changeBudget(
        _ change: BudgetChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetWriting {
        try await base.changeBudget(change, by: actor, at: moment)
    }

    package func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try await base.raiseBudget(id, raise, by: actor, at: moment)
    }

    package func removeBudget(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try await base.removeBudget(id, by: actor, at: moment)
    }

    package func explainBudget(
        _ id: UUID,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> BudgetExplanation? {
        try await base.explainBudget(id, at: moment, limit: limit)
    }

    package func changeTeam(_ name: String, _ change: TeamChange) async throws(LedgerError) -> TeamRecord {
        try await base.changeTeam(name, change)
    }
}
