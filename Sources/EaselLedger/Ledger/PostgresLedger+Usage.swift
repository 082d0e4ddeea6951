import EaselBase
package import EaselCore

// MARK: - Usage

extension PostgresLedger {
    /// From the rollups, and from the log for what is not rolled up yet. `journalPending` is left at zero: this ledger knows no journal.
    package func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport {
        try await checkZone(query.timezone)
        guard !query.groupBy.contains(.error) else { throw .rejected("calls cannot be grouped by error") }
        return try await report(
            query,
            UsageFigures.self,
            // Figures and their quality must come from one snapshot, or they would not fit while calls are settled.
            [UsageStatements.quality(query)]
        ) { groups, edges, others throws(PostgresError) in
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
    }

    package func attempts(_ query: UsageQuery) async throws(LedgerError) -> AttemptReport {
        try await checkZone(query.timezone)
        guard UsageQuery.Dimension.ofAttempts.isSuperset(of: query.groupBy) else {
            throw .rejected("attempts are grouped by team, provider, model, day, hour and error only")
        }
        return try await report(query, AttemptFigures.self) { groups, _, _ in
            var totals = AttemptFigures()
            for group in groups { totals.add(group.figures) }
            let rows = query.groupBy.isEmpty ? [] : groups.map { AttemptReport.Row(group: $0, figures: $1) }
            return AttemptReport(query: query, rows: rows, totals: totals)
        }
    }

    /// Reads where the rollups end and adds the figures up, in one snapshot with `others`. `finish` makes the
    /// report of it on the reader's thread.
    ///
    /// Throws `.rejected` for what is too much: parts of the log that were dropped, too many rows, too long.
    private func report<Figures: GatheredFigures, Report: Sendable>(
        _ query: UsageQuery,
        _ figures: Figures.Type,
        _ others: [SQLCommand] = [],
        finish:
            @escaping @Sendable ([(group: [String?], figures: Figures)], UsageEdges, [SQLResult]) throws(PostgresError)
            -> Report
    ) async throws(LedgerError) -> Report {
        let now = time.now
        let span = UsageSpan(query, now: now)
        try await checkLog(query, span)
        let (deadline, most) = (SteadyInstant.now + options.reportLimit, options.mostReportRows)
        let advice = "use fewer groups, or choose a shorter time"
        let report: Report?
        do throws(LedgerError) {
            report = try await readers.read(
                limit: options.reportLimit
            ) { connection, deadline throws(PostgresError) in
                var gathering = ReportGathering<Figures>(dimensions: query.groupBy.count, limit: most)
                let (edges, results) = try connection.snapshot(
                    UsageEdges.command(query, span),
                    { (result) throws(PostgresError) in try UsageEdges(result, span: span, now: now) },
                    following: { (UsageStatements.figures(Figures.self, query, span, $0), others) },
                    rows: { gathering.add($0) },
                    deadline: deadline
                )
                let groups = try gathering.rows()
                return gathering.hasTooMany ? nil : try finish(groups, edges, results)
            }
        } catch {
            // The database was there a moment ago: it is the report that takes long.
            guard case .unavailable = error, SteadyInstant.now >= deadline else { throw error }
            let seconds = Int(options.reportLimit.secondsAsDouble)
            throw .rejected("the report was not ready after \(seconds) s; \(advice)")
        }
        guard let report else { throw .rejected("the report has more than \(most) rows; \(advice)") }
        return report
    }

    /// Refuses what needs a part of the log that was dropped.
    private func checkLog(_ query: UsageQuery, _ span: UsageSpan) async throws(LedgerError) {
        let (log, rollups) = try await readers.read(
            limit: options.readLimit
        ) { connection, deadline throws(PostgresError) in
            (
                try Horizon.read(Horizon.log, on: connection, deadline),
                try Horizon.read(Horizon.rollups, on: connection, deadline)
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
