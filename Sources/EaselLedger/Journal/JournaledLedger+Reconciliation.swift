package import EaselCore
package import Foundation

/// Passed through: a comparison that could not be kept is made again.
extension JournaledLedger {
    package func reconciliationSums(_ span: ReconciliationSpan) async throws(LedgerError) -> [ReconciliationSum] {
        try await base.reconciliationSums(span)
    }

    package func reconciliationAttempts(
        _ selection: ReconciliationSelection,
        limit: Int
    ) async throws(LedgerError) -> [LoggedAttempt] {
        try await base.reconciliationAttempts(selection, limit: limit)
    }

    package func keep(_ reconciliation: Reconciliation) async throws(LedgerError) {
        try await base.keep(reconciliation)
    }

    package func reconciliations(provider: String?, limit: Int) async throws(LedgerError) -> [ReconciliationHead] {
        try await base.reconciliations(provider: provider, limit: limit)
    }

    package func reconciliation(_ id: UUID) async throws(LedgerError) -> Reconciliation? {
        try await base.reconciliation(id)
    }
}
