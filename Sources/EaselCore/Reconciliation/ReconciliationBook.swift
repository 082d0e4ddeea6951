package import Foundation

/// The part of the ledger that comparisons with the providers' figures read and are kept in.
package protocol ReconciliationBook: Sendable {
    /// The log's sums by day and model, of attempts that were sent; in the order of day and model.
    func reconciliationSums(_ span: ReconciliationSpan) async throws(LedgerError) -> [ReconciliationSum]

    /// Attempts of a kind, the earliest first, at most `limit`.
    func reconciliationAttempts(
        _ selection: ReconciliationSelection,
        limit: Int
    ) async throws(LedgerError) -> [LoggedAttempt]

    /// Keeps a comparison and, in the same transaction, notes its id at the attempts of every row that is equal or
    /// explained, as far as their cost is known; at those of an unexplained row an earlier id is taken away.
    ///
    /// A row whose log has changed since it was compared is left as it was. Keeping the same id twice is keeping it once.
    func keep(_ reconciliation: Reconciliation) async throws(LedgerError)

    /// The newest first; nil: of every provider.
    func reconciliations(provider: String?, limit: Int) async throws(LedgerError) -> [ReconciliationHead]

    /// Nil when there is none of this id.
    func reconciliation(_ id: UUID) async throws(LedgerError) -> Reconciliation?
}

/// Which attempts of a provider are asked for.
package enum ReconciliationSelection: Sendable, Hashable {
    /// Those with a `neighbour`, of the span and of the days beside it.
    case nearMidnight(ReconciliationSpan)
    /// Those of one day with one doubt.
    case open(provider: String, day: CivilDay, models: [String], doubt: Doubt)
}
