import EaselBase
package import EaselCore

// MARK: - Usage

extension PostgresLedger {
    /// From the rollups, and from the log for what is not rolled up yet. `journalPending` is left at zero: this ledger knows no journal.
    package func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport {
        try await checkZone(query.timezone)
        guard !query.groupBy.contains(.error) else { throw .rejected("calls cannot be grouped by error") }
        let now = time.now
        let span = UsageSpan(query, now: now)
        try await checkLog(query, span)
        let report: UsageReport? = try await readers.read(
            limit: options.reportLimit
        ) { connection, deadline throws(PostgresError) in
            // Figures and their quality must come from one snapshot, or they would not fit while calls are settled.
            let (edges, results) = try connection.snapshot(
                UsageEdges.command(query, span),
                { (result) throws(PostgresError) in try UsageEdges(result, span: span, now: now) },
                following: { [UsageStatements.figures(query, span, $0), UsageStatements.quality(query)] },
                deadline: deadline
            )
            guard results[0].rows.count <= UsageStatements.mostRows else { return nil }
            let rows = try results[0].rows.map { (cells) throws(PostgresError) in
                try UsageStatements.row(cells, dimensions: query.groupBy.count)
            }
            let totals = UsageFigures.sum(rows.map(\.figures))
            return UsageReport(
                query: query,
                rows: query.groupBy.isEmpty ? [] : rows,
                totals: totals,
                dataQuality: try UsageStatements.quality(results[1], totals, edges)
            )
        }
        guard let report else { throw Self.tooManyRows }
        return report
    }

    package func attempts(_ query: UsageQuery) async throws(LedgerError) -> AttemptReport {
        try await checkZone(query.timezone)
        guard UsageQuery.Dimension.ofAttempts.isSuperset(of: query.groupBy) else {
            throw .rejected("attempts are grouped by team, provider, model, day, hour and error only")
        }
        let now = time.now
        let span = UsageSpan(query, now: now)
        try await checkLog(query, span)
        let rows: [AttemptReport.Row] = try await readers.read(
            limit: options.reportLimit
        ) { connection, deadline throws(PostgresError) in
            let (_, results) = try connection.snapshot(
                UsageEdges.command(query, span),
                { (result) throws(PostgresError) in try UsageEdges(result, span: span, now: now) },
                following: { [UsageStatements.attempts(query, span, $0)] },
                deadline: deadline
            )
            return try results[0].rows.map { (cells) throws(PostgresError) in
                try UsageStatements.attemptRow(cells, dimensions: query.groupBy.count)
            }
        }
        guard rows.count <= UsageStatements.mostRows else { throw Self.tooManyRows }
        var totals = AttemptFigures()
        for row in rows { totals.add(row.figures) }
        return AttemptReport(query: query, rows: query.groupBy.isEmpty ? [] : rows, totals: totals)
    }

    private static let tooManyRows = LedgerError.rejected(
        "the report has more than \(UsageStatements.mostRows) rows; group by less, or choose a shorter time"
    )

    /// Refuses what needs a part of the log that was dropped.
    private func checkLog(_ query: UsageQuery, _ span: UsageSpan) async throws(LedgerError) {
        let (log, rollups) = try await readers.read(
            limit: options.readLimit
        ) { connection, deadline throws(PostgresError) in
            (
                try Self.horizon(Self.logHorizon, on: connection, deadline),
                try Self.horizon(Self.rollupHorizon, on: connection, deadline)
            )
        }
        if let fault = Self.checkHorizon(query, span, log: log, rollups: rollups) { throw fault }
    }

    private func checkZone(_ name: String) async throws(LedgerError) {
        guard try await isZoneKnown(name) else {
            throw .rejected("there is no time zone named \(name); IANA names such as Europe/Berlin are known")
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
