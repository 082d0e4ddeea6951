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
        let most = options.mostReportRows
        let report: UsageReport? = try await readReport { connection, deadline throws(PostgresError) in
            // Figures and their quality must come from one snapshot, or they would not fit while calls are settled.
            let (edges, groups, others) = try Self.gather(
                UsageFigures.self,
                (query, span, now, most),
                UsageStatements.figures,
                [UsageStatements.quality(query)],
                on: connection,
                deadline
            )
            guard let groups else { return nil }
            var figures = groups.map(\.figures)
            let totals = UsageFigures.sumReadingPercentiles(of: &figures)
            let rows = zip(groups, figures).map { UsageReport.Row(group: $0.group, figures: $1) }
            return UsageReport(
                query: query,
                rows: query.groupBy.isEmpty ? [] : rows,
                totals: totals,
                dataQuality: try UsageStatements.quality(others[0], totals, edges)
            )
        }
        guard let report else { throw tooManyRows }
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
        let most = options.mostReportRows
        let report: AttemptReport? = try await readReport { connection, deadline throws(PostgresError) in
            let (_, groups, _) = try Self.gather(
                AttemptFigures.self,
                (query, span, now, most),
                UsageStatements.attempts,
                on: connection,
                deadline
            )
            guard let groups else { return nil }
            var totals = AttemptFigures()
            for group in groups { totals.add(group.figures) }
            let rows = query.groupBy.isEmpty ? [] : groups.map { AttemptReport.Row(group: $0, figures: $1) }
            return AttemptReport(query: query, rows: rows, totals: totals)
        }
        guard let report else { throw tooManyRows }
        return report
    }

    /// Whoever asks for too much is told so: the database was there a moment ago (`checkLog`).
    private func readReport<Value: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection, SteadyInstant) throws(PostgresError) -> Value
    ) async throws(LedgerError) -> Value {
        let deadline = SteadyInstant.now + options.reportLimit
        do throws(LedgerError) {
            return try await readers.read(limit: options.reportLimit, body)
        } catch {
            guard case .unavailable = error, SteadyInstant.now >= deadline else { throw error }
            let seconds = Int(options.reportLimit.secondsAsDouble)
            throw .rejected(
                "the report was not ready after \(seconds) s; group by less, or choose a shorter time"
            )
        }
    }

    /// Reads where the rollups end and adds up what `statement` gives, in one snapshot with `others`. No groups when there
    /// are too many.
    private static func gather<Figures: GatheredFigures>(
        _ figures: Figures.Type,
        _ report: (query: UsageQuery, span: UsageSpan, now: Timestamp, mostRows: Int),
        _ statement: (UsageQuery, UsageSpan, UsageEdges) -> SQLCommand,
        _ others: [SQLCommand] = [],
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> (edges: UsageEdges, groups: [(group: [String?], figures: Figures)]?, others: [SQLResult])
    {
        var gathering = ReportGathering<Figures>(
            dimensions: report.query.groupBy.count,
            limit: report.mostRows
        )
        let (edges, results) = try connection.snapshot(
            UsageEdges.command(report.query, report.span),
            { (result) throws(PostgresError) in try UsageEdges(result, span: report.span, now: report.now) },
            following: { (statement(report.query, report.span, $0), others) },
            rows: { gathering.add($0) },
            deadline: deadline
        )
        let groups = try gathering.rows()
        return (edges, gathering.hasTooMany ? nil : groups, results)
    }

    private var tooManyRows: LedgerError {
        .rejected(
            "the report has more than \(options.mostReportRows) rows; group by less, or choose a shorter time"
        )
    }

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
