import EaselBase
import EaselCore
import Foundation

/// The statements that read the log for a simulation. All are bounded by a window of `received_at`, which prunes the
/// partitions.
enum SimulationStatements {
    /// From 0 to the highest bigint, uniform over calls; see `SimulationSample.threshold`.
    private static let hash = "uuid_hash_extended(c.call_id, 0) & 9223372036854775807"

    private static let window = """
        ($1::bigint IS NULL OR c.team_id = $1) AND c.received_at >= $2 AND c.received_at < $3
            AND c.status <> 'in_progress'
        """

    private static func window(_ query: SimulationQuery) -> [SQLValue] {
        [.int(query.teamID), .time(query.since), .time(query.until)]
    }

    static func count(_ query: SimulationQuery) -> SQLCommand {
        SQLCommand("SELECT count(*) FROM calls AS c WHERE \(window)", window(query))
    }

    /// The highest hash of a sample of `query.limit` calls. To sort a little more than the sample and not the window, only
    /// hashes that can be in it are looked at: five standard deviations above what is expected.
    static func threshold(_ query: SimulationQuery, total: Int) -> SQLCommand {
        let limit = Double(query.limit)
        let share = min(1, (limit + 5 * limit.squareRoot() + 10) / Double(max(total, 1)))
        let highest = share < 1 ? Int64(share * Double(Int64.max)) : .max
        return SQLCommand(
            """
            SELECT max(hash) FROM (
                SELECT \(hash) AS hash FROM calls AS c WHERE \(window) AND \(hash) <= $4
                ORDER BY 1 LIMIT $5) AS lowest
            """,
            window(query) + [.int(highest), .int(query.limit)]
        )
    }

    private static let inSample = "\(window) AND ($4::bigint IS NULL OR \(hash) <= $4)"

    private static func sample(_ sample: SimulationSample) -> [SQLValue] {
        window(sample.query) + [.int(sample.threshold)]
    }

    // MARK: - Calls

    /// Of the plan only what is needed: the reasons make up half of it.
    static func calls(
        _ sample: SimulationSample,
        after cursor: SimulationSample.Cursor?,
        limit: Int
    ) -> SQLCommand {
        SQLCommand(
            """
            SELECT c.call_id, t.name, c.key_id, c.received_at, c.project, c.tags, c.policy, c.model, c.provider, c.status,
                c.images_requested, c.images_delivered, c.cost_nusd, c.latency_ms, c.attempts, c.failover,
                p.parameters, p.plan -> 'inputs', jsonb_path_query_array(p.plan, '$.candidates[*].provider'),
                jsonb_path_query_array(p.translation, '$[*] ? (@.action != "mapped").parameter')
            FROM calls AS c
            JOIN teams AS t ON t.id = c.team_id
            LEFT JOIN call_payloads AS p
                ON p.team_id = c.team_id AND p.received_at = c.received_at AND p.call_id = c.call_id
            WHERE \(inSample)
                AND ($5::timestamptz IS NULL OR (c.received_at >= $5 AND (c.received_at, c.call_id) > ($5, $6)))
            ORDER BY c.received_at, c.call_id LIMIT $7
            """,
            self.sample(sample) + [
                .time(cursor?.receivedAt), .uuid(cursor?.callID),
                .int(min(max(limit, 1), SimulationQuery.longestPage)),
            ]
        )
    }

    /// Where a row of `calls` stands, also of one that cannot be read.
    static func cursor(_ cells: [SQLValue]) -> SimulationSample.Cursor? {
        guard cells.count > 3, case .uuid(let id?) = cells[0], case .time(let receivedAt?) = cells[3] else {
            return nil
        }
        return SimulationSample.Cursor(receivedAt: receivedAt, callID: id)
    }

    static func call(_ cells: [SQLValue]) throws(PostgresError) -> LoggedCall {
        var row = RowReader(cells)
        let callID = try row.uuid()
        let team = try row.text()
        let keyID = try row.uuid()
        let receivedAt = try row.time()
        let project = try row.optionalText()
        let tags = try row.optionalJSON([String: String].self) ?? [:]
        let policy = try row.text()
        let model = try row.word(RemixModel.self)
        let provider = try row.optionalText()
        let status = try row.word(CallStatus.self)
        let imagesRequested = try row.int()
        let imagesDelivered = try row.int()
        let cost = try row.optionalMoney()
        let latencyMs = try row.optionalInt()
        let attempts = try row.int()
        let failover = try row.bool()
        let parameters = try row.optionalJSON(JSONValue.self)?.objectValue ?? [:]
        let inputs = try row.optionalJSONText().flatMap { PlanInputs(json: Array($0.utf8)) }
        let candidates = try row.optionalJSON([String].self) ?? []
        let losses = try row.optionalJSON([String].self) ?? []
        return LoggedCall(
            callID: callID,
            team: team,
            keyID: keyID,
            project: project,
            tags: tags,
            policy: policy,
            model: model,
            parameters: parameters,
            receivedAt: receivedAt,
            inputs: inputs,
            candidates: candidates,
            outcome: LoggedCall.Outcome(
                status: status,
                provider: provider,
                imagesRequested: imagesRequested,
                imagesDelivered: imagesDelivered,
                cost: cost,
                latencyMs: latencyMs,
                attempts: attempts,
                failover: failover,
                losses: losses
            )
        )
    }

    // MARK: - Records

    /// What a record counts is `ProviderRecord`'s definition. Attempts that nobody has looked into yet are none.
    static func records(_ sample: SimulationSample) -> SQLCommand {
        func latency(_ condition: String) -> String {
            """
            avg(ms) FILTER (WHERE \(condition)),
                percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FILTER (WHERE \(condition)),
                percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) FILTER (WHERE \(condition))
            """
        }
        let delivered = "outcome IN ('succeeded', 'partial')"
        return SQLCommand(
            """
            SELECT provider, model, speed, count(*) FILTER (WHERE \(delivered)),
                count(*) FILTER (WHERE outcome = 'refused'), count(*) FILTER (WHERE outcome = 'failed'),
                count(*) FILTER (WHERE outcome = 'unknown'),
                coalesce(sum(images_asked) FILTER (WHERE \(delivered)), 0)::bigint,
                coalesce(sum(images_returned) FILTER (WHERE \(delivered)), 0)::bigint,
                coalesce(sum(cost_nusd) FILTER (WHERE \(delivered)), 0)::bigint,
                coalesce(sum(images_returned) FILTER (WHERE \(delivered) AND cost_nusd IS NOT NULL), 0)::bigint,
                \(latency(delivered)),
                \(latency("NOT \(delivered)"))
            FROM (
                SELECT a.provider, c.model, p.parameters ->> 'rendering_speed' AS speed, a.outcome, a.images_asked,
                    a.images_returned, a.cost_nusd,
                    coalesce(a.total_ms, extract(epoch FROM a.ended_at - a.started_at)::double precision * 1000) AS ms
                FROM calls AS c
                JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
                    AND a.started_at >= $2 - make_interval(secs => $5) AND a.started_at < $3 + make_interval(secs => $6)
                LEFT JOIN call_payloads AS p
                    ON p.team_id = c.team_id AND p.received_at = c.received_at AND p.call_id = c.call_id
                WHERE \(inSample) AND a.outcome <> 'pending'
            ) AS logged
            GROUP BY provider, model, speed ORDER BY provider, model, speed NULLS FIRST
            """,
            self.sample(sample) + [
                .double(Double(CallStatements.clockSlack.milliseconds) / 1000),
                .double(Double(CallStatements.callWindow.milliseconds) / 1000),
            ]
        )
    }

    static func record(_ cells: [SQLValue]) throws(PostgresError) -> ProviderRecord {
        var row = RowReader(cells)
        func latency() throws(PostgresError) -> ProviderRecord.Latency? {
            let mean = try row.optionalDouble()
            let p50 = try row.optionalDouble()
            let p95 = try row.optionalDouble()
            guard let mean, let p50, let p95 else { return nil }
            return ProviderRecord.Latency(mean: mean, p50: p50, p95: p95)
        }
        return ProviderRecord(
            provider: try row.text(),
            model: try row.word(RemixModel.self),
            renderingSpeed: try row.optionalWord(RenderingSpeed.self),
            succeeded: try row.int(),
            refused: try row.int(),
            failed: try row.int(),
            unknown: try row.int(),
            imagesAsked: try row.int(),
            imagesReturned: try row.int(),
            billed: try row.money(),
            billedImages: try row.int(),
            deliveredMs: try latency(),
            otherMs: try latency()
        )
    }
}
