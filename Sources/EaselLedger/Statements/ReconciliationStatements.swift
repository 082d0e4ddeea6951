import EaselBase
import EaselCore
import Foundation

/// The statements that compare the log with the providers' figures and keep what came of it.
///
/// What a doubt is and how much room it leaves is `LoggedAttempt`'s definition; a test compares the two.
enum ReconciliationStatements {
    private static let wasSent = "sent IS DISTINCT FROM false"

    private static let doubt = """
        CASE WHEN cost_nusd IS NULL THEN 'unknown' WHEN cost_basis = 'provider' THEN NULL
            WHEN cost_basis = 'unknown' THEN 'posted_at_bound' WHEN cost_nusd = 0 THEN 'assumed_free'
            ELSE 'estimated' END
        """

    private static let startedOn = "to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')"

    // MARK: - Reading the log

    /// One row for each day, model and doubt.
    static func sums(_ span: ReconciliationSpan) -> SQLCommand {
        SQLCommand(
            """
            SELECT day, provider_model, doubt, count(*), coalesce(sum(cost_nusd), 0)::bigint,
                coalesce(sum(cost_nusd) FILTER (WHERE cost_basis IS DISTINCT FROM 'provider'), 0)::bigint,
                sum(images_returned)::bigint, sum(lowest)::bigint,
                CASE WHEN bool_and(highest IS NOT NULL) THEN sum(highest)::bigint END
            FROM (
                SELECT day, provider_model, doubt, cost_nusd, cost_basis, images_returned,
                    CASE WHEN doubt IN ('estimated', 'posted_at_bound') THEN -cost_nusd ELSE 0 END AS lowest,
                    CASE WHEN doubt IS NULL THEN 0 WHEN doubt IN ('unknown', 'assumed_free') THEN bound_nusd
                        ELSE greatest(bound_nusd, cost_nusd) - cost_nusd END AS highest
                FROM (
                    SELECT \(startedOn) AS day, provider_model, cost_nusd, cost_basis, bound_nusd,
                        images_returned, \(doubt) AS doubt
                    FROM provider_requests
                    WHERE provider = $1 AND started_at >= $2 AND started_at < $3 AND \(wasSent)
                ) AS logged
            ) AS roomy
            GROUP BY day, provider_model, doubt
            """,
            [.text(span.provider), .time(span.start), .time(span.end)]
        )
    }

    static func readSums(_ result: SQLResult) throws(PostgresError) -> [ReconciliationSum] {
        var sums: [String: ReconciliationSum] = [:]
        for cells in result.rows {
            var row = RowReader(cells)
            let day = try Self.day(try row.text())
            let model = try row.text()
            let doubt = try row.optionalWord(Doubt.self)
            let attempts = try row.int()
            let known = try row.money()
            let estimated = try row.money()
            let images = try row.int()
            let room = CostRoom(lowest: try row.money(), highest: try row.optionalMoney())
            var sum =
                sums["\(day) \(model)"]
                ?? ReconciliationSum(
                    day: day,
                    model: model,
                    known: .zero,
                    estimated: .zero,
                    requests: 0,
                    images: 0,
                    open: []
                )
            sum.known += known
            sum.estimated += estimated
            sum.requests += attempts
            sum.images += images
            if let doubt { sum.open.append(.init(doubt: doubt, attempts: attempts, room: room)) }
            sums["\(day) \(model)"] = sum
        }
        return sums.values.map { sum in
            var sum = sum
            sum.open = Doubt.allCases.compactMap { doubt in sum.open.first { $0.doubt == doubt } }
            return sum
        }
        .sorted { ($0.day, $0.model) < ($1.day, $1.model) }
    }

    static func day(_ text: String) throws(PostgresError) -> CivilDay {
        guard let day = CivilDay(text) else { throw PostgresError(.unexpected, message: "a day cannot be read") }
        return day
    }

    static func attempts(_ selection: ReconciliationSelection, limit: Int) -> SQLCommand {
        let provider: String
        let window: (Timestamp, Timestamp)
        let condition: String
        var parameters: [SQLValue] = []
        switch selection {
        case .nearMidnight(let span):
            provider = span.provider
            window = (span.first.previous.start, span.last.next.end)
            // Hours and not days: a day of the session's time zone may have 23 hours.
            condition = """
                cost_nusd IS DISTINCT FROM 0 AND (
                    started_at < date_trunc('day', started_at, 'UTC') + make_interval(secs => $5)
                    OR least(greatest(coalesce(ended_at, started_at), started_at), started_at + make_interval(secs => $6))
                        >= date_trunc('day', started_at, 'UTC') + interval '24 hours' - make_interval(secs => $5))
                """
            parameters = [
                .double(Double(LoggedAttempt.midnightSlack.milliseconds) / 1000),
                .double(Double(LoggedAttempt.longestRun.milliseconds) / 1000),
            ]
        case .open(let name, let day, let models, let wanted):
            provider = name
            window = (day.start, day.end)
            condition = "provider_model = ANY ($5) AND \(doubt) = $6"
            parameters = [.texts(models), .text(wanted.rawValue)]
        }
        return SQLCommand(
            """
            SELECT attempt_id, call_id, provider_model, started_at, ended_at, images_returned, cost_nusd, cost_basis,
                bound_nusd
            FROM provider_requests
            WHERE provider = $1 AND started_at >= $2 AND started_at < $3 AND \(wasSent) AND \(condition)
            ORDER BY started_at, attempt_id LIMIT $4
            """,
            [.text(provider), .time(window.0), .time(window.1), .int(limit)] + parameters
        )
    }

    static func attempt(_ cells: [SQLValue]) throws(PostgresError) -> LoggedAttempt {
        var row = RowReader(cells)
        return LoggedAttempt(
            attemptID: try row.uuid(),
            callID: try row.uuid(),
            model: try row.text(),
            startedAt: try row.time(),
            endedAt: try row.optionalTime(),
            images: try row.int(),
            charge: try row.cost(),
            bound: try row.optionalMoney()
        )
    }

    // MARK: - Keeping

    static func insert(_ reconciliation: Reconciliation) -> [SQLCommand] {
        let totals = reconciliation.totals
        let head = SQLCommand(
            """
            INSERT INTO reconciliations (id, provider, from_day, to_day, source, created_at, log_nusd, estimated_nusd,
                provider_nusd, equal_rows, explained_rows, unexplained_rows, foreign_usage, remarks)
            VALUES ($1, $2, $3::text::date, $4::text::date, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (id) DO NOTHING
            """,
            [
                .uuid(reconciliation.id), .text(reconciliation.provider), .text(reconciliation.from.description),
                .text(reconciliation.to.description), .text(reconciliation.source), .time(reconciliation.createdAt),
                .money(totals.log), .money(totals.estimated), .money(totals.provider), .int(totals.equal),
                .int(totals.explained), .int(totals.unexplained), .json(encoding: reconciliation.foreign),
                .json(encoding: reconciliation.remarks),
            ]
        )
        return [head] + reconciliation.rows.map { insert($0, reconciliation.id) }
    }

    private static func insert(_ row: ReconciliationRow, _ id: UUID) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO reconciliation_rows (reconciliation_id, day, model, log_models, log_nusd, estimated_nusd,
                provider_nusd, log_requests, log_images, provider_requests, provider_images, status, unexplained_nusd,
                explanations)
            VALUES ($1, $2::text::date, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (reconciliation_id, day, model) DO NOTHING
            """,
            [
                .uuid(id), .text(row.day.description), .text(row.model ?? ""), .json(encoding: row.logModels),
                .money(row.log), .money(row.estimated), .money(row.provider), .int(row.logRequests),
                .int(row.logImages), .int(row.providerRequests), .int(row.providerImages),
                .text(row.status.rawValue), .money(row.unexplained), .json(encoding: row.explanations),
            ]
        )
    }

    /// Notes the comparison at a row's attempts, or takes an earlier one away. Where the difference is explained, an attempt
    /// whose cost is only its bound is a part of the explanation: nobody has confirmed it.
    static func mark(_ row: ReconciliationRow, of reconciliation: Reconciliation) -> SQLCommand {
        let isConfirmed = row.status != .unexplained
        let confirmation = "CASE WHEN $6 OR cost_basis <> 'unknown' THEN $1::uuid END"
        return SQLCommand(
            """
            WITH marked AS (
                UPDATE attempts SET reconciliation_id = \(confirmation)
                WHERE provider = $2 AND provider_model = ANY ($3) AND started_at >= $4 AND started_at < $5
                    AND cost_nusd IS NOT NULL AND \(wasSent) AND reconciliation_id IS DISTINCT FROM \(confirmation)
                RETURNING team_id, call_id)
            INSERT INTO usage_changes (team_id, change_id, bucket, changed_at)
            SELECT team_id, gen_random_uuid(), bucket, now()
            FROM (SELECT DISTINCT team_id, \(RollupStatements.minuteOfCall) AS bucket FROM marked) AS windows
            """,
            [
                .uuid(isConfirmed ? reconciliation.id : nil), .text(reconciliation.provider), .texts(row.logModels),
                .time(row.day.start), .time(row.day.end), .bool(row.status == .equal),
            ]
        )
    }

    // MARK: - Reading what was kept

    private static let headColumns = """
        id, provider, to_char(from_day, 'YYYY-MM-DD'), to_char(to_day, 'YYYY-MM-DD'), source, created_at, log_nusd,
        estimated_nusd, provider_nusd, equal_rows, explained_rows, unexplained_rows
        """

    static func list(provider: String?, limit: Int) -> SQLCommand {
        SQLCommand(
            """
            SELECT \(headColumns) FROM reconciliations WHERE $1::text IS NULL OR provider = $1
            ORDER BY created_at DESC, id DESC LIMIT $2
            """,
            [.text(provider), .int(limit)]
        )
    }

    static func one(_ id: UUID) -> [SQLCommand] {
        [
            SQLCommand("SELECT \(headColumns), foreign_usage, remarks FROM reconciliations WHERE id = $1", [.uuid(id)]),
            SQLCommand(
                """
                SELECT to_char(day, 'YYYY-MM-DD'), model, log_models, log_nusd, estimated_nusd, provider_nusd,
                    log_requests, log_images, provider_requests, provider_images, status, unexplained_nusd, explanations
                FROM reconciliation_rows WHERE reconciliation_id = $1 ORDER BY day, model COLLATE "C"
                """,
                [.uuid(id)]
            ),
        ]
    }

    static func head(_ row: inout RowReader) throws(PostgresError) -> ReconciliationHead {
        ReconciliationHead(
            id: try row.uuid(),
            provider: try row.text(),
            from: try day(try row.text()),
            to: try day(try row.text()),
            source: try row.text(),
            createdAt: try row.time(),
            totals: Reconciliation.Totals(
                log: try row.money(),
                estimated: try row.money(),
                provider: try row.optionalMoney(),
                equal: try row.int(),
                explained: try row.int(),
                unexplained: try row.int()
            )
        )
    }

    static func row(_ cells: [SQLValue]) throws(PostgresError) -> ReconciliationRow {
        var row = RowReader(cells)
        let day = try day(try row.text())
        let model = try row.text()
        return ReconciliationRow(
            day: day,
            model: model.isEmpty ? nil : model,
            logModels: try row.optionalJSON([String].self) ?? [],
            log: try row.money(),
            estimated: try row.money(),
            provider: try row.optionalMoney(),
            logRequests: try row.int(),
            logImages: try row.int(),
            providerRequests: try row.optionalInt(),
            providerImages: try row.optionalInt(),
            status: try row.word(ReconciliationRow.Status.self),
            unexplained: try row.optionalMoney(),
            explanations: try row.optionalJSON([ReconciliationRow.Explanation].self) ?? []
        )
    }
}
