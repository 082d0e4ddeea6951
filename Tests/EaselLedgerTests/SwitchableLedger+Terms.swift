import EaselBase
import EaselCore
import EaselLedger
import Foundation

extension SwitchableLedger {
    func spendingTerms() async throws(LedgerError) -> SpendingTerms { try await reach().spendingTerms() }

    func prices() async throws(LedgerError) -> [PriceEntry] { try await reach().prices() }

    @discardableResult
    func setPrices(
        _ entries: [PriceEntry],
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> PriceWriting {
        try await reach().setPrices(entries, by: actor, at: moment)
    }

    func priceChanges(limit: Int) async throws(LedgerError) -> [PriceChange] {
        try await reach().priceChanges(limit: limit)
    }

    func estimates(
        since: Timestamp,
        after cursor: UUID?,
        limit: Int
    ) async throws(LedgerError) -> [EstimatedAttempt] {
        try await reach().estimates(since: since, after: cursor, limit: limit)
    }

    func reprice(_ repricing: Repricing) async throws(LedgerError) { try await reach().reprice(repricing) }

    func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        try await reach().budgets(teamID: teamID, at: moment)
    }

    func changeBudget(
        _ change: BudgetChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetWriting {
        try await reach().changeBudget(change, by: actor, at: moment)
    }

    func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try await reach().raiseBudget(id, raise, by: actor, at: moment)
    }

    func removeBudget(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try await reach().removeBudget(id, by: actor, at: moment)
    }

    func explainBudget(
        _ id: UUID,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> BudgetExplanation? {
        try await reach().explainBudget(id, at: moment, limit: limit)
    }

    func changeTeam(_ name: String, _ change: TeamChange) async throws(LedgerError) -> TeamRecord {
        try await reach().changeTeam(name, change)
    }
}
