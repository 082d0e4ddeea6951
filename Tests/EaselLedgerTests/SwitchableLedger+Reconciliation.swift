import EaselCore
import EaselLedger
import Foundation

extension SwitchableLedger {
    func reconciliationSums(_ span: ReconciliationSpan) async throws(LedgerError) -> [ReconciliationSum] {
        try await reach().reconciliationSums(span)
    }
    func reconciliationAttempts(
        _ selection: ReconciliationSelection,
        limit: Int
    ) async throws(LedgerError) -> [LoggedAttempt] {
        try await reach().reconciliationAttempts(selection, limit: limit)
    }
    func keep(_ reconciliation: Reconciliation) async throws(LedgerError) { try await reach().keep(reconciliation) }
    func reconciliations(provider: String?, limit: Int) async throws(LedgerError) -> [ReconciliationHead] {
        try await reach().reconciliations(provider: provider, limit: limit)
    }
    func reconciliation(_ id: UUID) async throws(LedgerError) -> Reconciliation? {
        try await reach().reconciliation(id)
    }
}
