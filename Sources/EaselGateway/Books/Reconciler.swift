import EaselBase
import EaselCore

/// Runs a comparison: the provider is asked first, then the log is read, so that the log is as fresh as it can be when the
/// result is kept.
struct Reconciler {
    /// Attempts close to a midnight that are looked at.
    static let mostNearMidnight = 20_000

    /// Why there is no comparison.
    enum Failure: Error {
        case unsupported(String)
        case failed(String)
        case ledger(LedgerError)
    }

    let ledger: any ReconciliationBook

    /// `usage` are the provider's figures where they were handed in, and `source` what is noted about where they come from;
    /// without them the provider is asked.
    func run(
        _ span: ReconciliationSpan,
        _ provider: any Provider,
        usage: ProviderUsageTable?,
        source: String,
        at moment: Timestamp
    ) async throws(Failure) -> Reconciliation {
        let table = if let usage { usage } else { try await ask(provider, span) }
        do throws(LedgerError) {
            let sums = try await ledger.reconciliationSums(span)
            let near = try await ledger.reconciliationAttempts(.nearMidnight(span), limit: Self.mostNearMidnight)
            let outcome = ReconciliationComparison(
                span: span,
                names: provider.billingNames,
                sums: sums,
                nearMidnight: near
            )
            .compare(table)
            var rows: [ReconciliationRow] = []
            for row in outcome.rows { rows.append(try await listed(row, span)) }
            let reconciliation = Reconciliation(
                id: UUIDv7.mint(at: moment),
                provider: span.provider,
                from: span.first,
                to: span.last,
                source: source,
                createdAt: Timestamp(microseconds: moment.millisecondsSince1970 * 1000),
                rows: rows,
                foreign: outcome.foreign,
                remarks: outcome.remarks
            )
            try await ledger.keep(reconciliation)
            return reconciliation
        } catch {
            throw .ledger(error)
        }
    }

    private func ask(_ provider: any Provider, _ span: ReconciliationSpan) async throws(Failure) -> ProviderUsageTable {
        let models: [String]
        do throws(LedgerError) {
            models = Set(try await ledger.reconciliationSums(span).map(\.model)).sorted()
        } catch {
            throw .ledger(error)
        }
        switch await provider.usage(span, models: models) {
        case .rows(let table): return table
        case .unsupported(let reason): throw .unsupported(reason)
        case .failed(let reason): throw .failed(reason)
        }
    }

    /// The row with the attempts that its explanations are about.
    private func listed(_ row: ReconciliationRow, _ span: ReconciliationSpan) async throws(LedgerError)
        -> ReconciliationRow
    {
        var row = row
        for (index, explanation) in row.explanations.enumerated() where explanation.attempts.isEmpty {
            let attempts = try await ledger.reconciliationAttempts(
                .open(provider: span.provider, day: row.day, models: row.logModels, doubt: explanation.kind),
                limit: ReconciliationRow.listedAttempts
            )
            row.explanations[index].attempts = attempts.map { ReconciliationRow.Attempt($0) }
        }
        return row
    }
}
