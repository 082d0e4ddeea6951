import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func reconciliationSums(_ span: ReconciliationSpan) async throws(LedgerError) -> [ReconciliationSum] {
        try with("reconciliationSums") { state in
            ReconciliationSum.sums(of: Self.sent(span.provider, state).filter { span.contains($0.day) })
        }
    }

    package func reconciliationAttempts(
        _ selection: ReconciliationSelection,
        limit: Int
    ) async throws(LedgerError) -> [LoggedAttempt] {
        try with("reconciliationAttempts") { state in
            let found: [LoggedAttempt]
            switch selection {
            case .nearMidnight(let span):
                found = Self.sent(span.provider, state).filter { attempt in
                    attempt.neighbour != nil && attempt.day >= span.first.previous && attempt.day <= span.last.next
                }
            case .open(let provider, let day, let models, let doubt):
                found = Self.sent(provider, state).filter {
                    $0.day == day && models.contains($0.model) && $0.doubt == doubt
                }
            }
            return Array(
                found.sorted { ($0.startedAt, $0.attemptID.text) < ($1.startedAt, $1.attemptID.text) }.prefix(limit)
            )
        }
    }

    package func keep(_ reconciliation: Reconciliation) async throws(LedgerError) {
        try with("keep") { state in
            if !state.reconciliations.contains(where: { $0.id == reconciliation.id }) {
                state.reconciliations.append(reconciliation)
            }
            for row in reconciliation.rows {
                let attempts = Self.sent(reconciliation.provider, state).filter {
                    $0.day == row.day && (row.model == nil || row.logModels.contains($0.model))
                }
                // A row whose log has changed since is not the one that was compared.
                guard Set(attempts.map(\.model)).sorted() == row.logModels,
                    attempts.compactMap(\.cost).reduce(.zero, +) == row.log
                else { continue }
                for attempt in attempts where attempt.cost != nil {
                    // A bound is a part of the explanation.
                    let isConfirmed =
                        row.status == .equal || (row.status == .explained && attempt.costBasis != .unknown)
                    state.book.confirmations[attempt.attemptID] = isConfirmed ? reconciliation.id : nil
                }
            }
        }
    }

    package func reconciliations(provider: String?, limit: Int) async throws(LedgerError) -> [ReconciliationHead] {
        try with("reconciliations") { state in
            state.reconciliations.filter { provider == nil || $0.provider == provider }
                .sorted { ($0.createdAt, $0.id.text) > ($1.createdAt, $1.id.text) }
                .prefix(limit).map { ReconciliationHead($0) }
        }
    }

    package func reconciliation(_ id: UUID) async throws(LedgerError) -> Reconciliation? {
        try with("reconciliation") { state in state.reconciliations.first { $0.id == id } }
    }

    /// The comparison that an attempt was last confirmed by.
    package func reconciliationID(of attemptID: UUID) -> UUID? { state.withLock { $0.book.confirmations[attemptID] } }

    private static func sent(_ provider: String, _ state: State) -> [LoggedAttempt] {
        state.order.compactMap { state.calls[$0] }.flatMap { entry in
            entry.starts.filter { $0.provider == provider && entry.ends[$0.attemptID]?.sent != false }.map { start in
                let end = entry.ends[start.attemptID]
                return LoggedAttempt(
                    attemptID: start.attemptID,
                    callID: start.callID,
                    model: start.providerModel,
                    startedAt: start.startedAt,
                    endedAt: end?.endedAt,
                    images: end?.imagesReturned ?? 0,
                    charge: Cost.Recorded(end?.charge),
                    bound: start.bound
                )
            }
        }
    }
}
