import EaselBase
package import EaselCore

// MARK: - Usage

extension PostgresLedger {
    /// Straight from the log. `journalPending` is left at zero: this ledger knows no journal.
    package func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport {
        let isKnown = try await isZoneKnown(query.timezone)
        guard isKnown else {
            throw .rejected("there is no time zone named \(query.timezone); IANA names such as Europe/Berlin are known")
        }
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            // Rows and totals must come from one snapshot, or they would not add up while calls are settled.
            let results = try connection.transaction(
                [
                    UsageStatements.figures(query, grouped: true),
                    UsageStatements.figures(query, grouped: false),
                    UsageStatements.quality(query),
                ],
                begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                deadline: deadline
            )
            let rows = try results[0].rows.map { (cells) throws(PostgresError) in
                try UsageStatements.row(cells, dimensions: query.groupBy.count)
            }
            let totals = try results[1].rows.first.map { (cells) throws(PostgresError) in
                try UsageStatements.row(cells, dimensions: 0).figures
            }
            return UsageReport(
                query: query,
                rows: query.groupBy.isEmpty ? [] : rows,
                totals: totals ?? UsageFigures(),
                dataQuality: try UsageStatements.quality(results[2])
            )
        }
    }

    /// The list of names is read once: PostgreSQL reads a few hundred files for it.
    func isZoneKnown(_ name: String) async throws(LedgerError) -> Bool {
        if zoneNames.withLock({ $0.contains(name) }) { return true }
        let names = try await readers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let result = try connection.run("SELECT name FROM pg_timezone_names", deadline: deadline)
            return Set(result.rows.compactMap { if case .text(let name) = $0.first { name } else { nil } })
        }
        zoneNames.withLock { $0 = names }
        return names.contains(name)
    }
}
