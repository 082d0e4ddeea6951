import EaselBase
package import EaselCore
package import Foundation

// MARK: - Comparisons with the providers' figures

extension PostgresLedger {
    /// How long noting a comparison at its attempts may take: a busy month is many rows.
    private static let keepLimit = Duration.seconds(280)
    private static let keepTries = 4

    package func reconciliationSums(_ span: ReconciliationSpan) async throws(LedgerError) -> [ReconciliationSum] {
        try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            try ReconciliationStatements.readSums(
                try connection.run([ReconciliationStatements.sums(span)], deadline: deadline).first ?? SQLResult()
            )
        }
    }

    package func reconciliationAttempts(
        _ selection: ReconciliationSelection,
        limit: Int
    ) async throws(LedgerError) -> [LoggedAttempt] {
        let command = ReconciliationStatements.attempts(selection, limit: limit)
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            try (connection.run([command], deadline: deadline).first?.rows ?? [])
                .map { (cells) throws(PostgresError) in try ReconciliationStatements.attempt(cells) }
        }
    }

    package func keep(_ reconciliation: Reconciliation) async throws(LedgerError) {
        try await workers.read(limit: Self.keepLimit) { connection, deadline throws(PostgresError) in
            for attempt in 1...Self.keepTries {
                do throws(PostgresError) {
                    return try Self.keep(reconciliation, on: connection, deadline)
                } catch {
                    if connection.isUsable { try connection.script("ROLLBACK", deadline: .now + .seconds(2)) }
                    // A settlement came between (serialization_failure, deadlock_detected): begin anew.
                    guard ["40001", "40P01"].contains(error.sqlState), attempt < Self.keepTries else { throw error }
                }
            }
        }
    }

    /// One snapshot for the sums and the rows that are marked, so that a row's attempts are those that were compared.
    private static func keep(
        _ reconciliation: Reconciliation,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) {
        try connection.script(
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = '280s'",
            deadline: deadline
        )
        let span = ReconciliationSpan(
            provider: reconciliation.provider,
            first: reconciliation.from,
            last: reconciliation.to
        )
        let result = try connection.run([ReconciliationStatements.sums(span)], deadline: deadline)
        let standing = Dictionary(
            grouping: try ReconciliationStatements.readSums(result.first ?? SQLResult()),
            by: \.day
        )
        let unchanged = reconciliation.rows.filter { row in
            let sums = (standing[row.day] ?? []).filter { row.model == nil || row.logModels.contains($0.model) }
            return sums.map(\.model) == row.logModels && sums.reduce(.zero) { $0 + $1.known } == row.log
        }
        _ = try connection.run(
            ReconciliationStatements.insert(reconciliation)
                + unchanged.map { ReconciliationStatements.mark($0, of: reconciliation) },
            deadline: deadline
        )
        try connection.script("COMMIT", deadline: deadline)
    }

    package func reconciliations(
        provider: String?,
        limit: Int
    ) async throws(LedgerError) -> [ReconciliationHead] {
        let command = ReconciliationStatements.list(provider: provider, limit: limit)
        let setAside = setAside
        return try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let rows = try connection.run([command], deadline: deadline).first?.rows ?? []
            return setAside.read(rows, for: .reconciliations) { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return try ReconciliationStatements.head(&row)
            }
        }
    }

    package func reconciliation(_ id: UUID) async throws(LedgerError) -> Reconciliation? {
        try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let results = try connection.run(ReconciliationStatements.one(id), deadline: deadline)
            guard results.count == 2, let cells = results[0].rows.first else { return nil }
            var row = RowReader(cells)
            let head = try ReconciliationStatements.head(&row)
            let foreign = try row.optionalJSON([ForeignUsage].self) ?? []
            let remarks = try row.optionalJSON([String].self) ?? []
            return Reconciliation(
                id: head.id,
                provider: head.provider,
                from: head.from,
                to: head.to,
                source: head.source,
                createdAt: head.createdAt,
                rows: try results[1].rows.map { (cells) throws(PostgresError) in
                    try ReconciliationStatements.row(cells)
                },
                foreign: foreign,
                remarks: remarks
            )
        }
    }
}
