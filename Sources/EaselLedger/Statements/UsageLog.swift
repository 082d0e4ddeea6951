import EaselBase
import EaselCore

/// The one definition of the figures over the log (L5): rollups are made with it, what is not rolled up yet is read with
/// it, and `db verify` compares with it.
///
/// Counted are settled calls by the minute in which they were received. Calls, pictures, failovers and latencies belong to
/// the provider that delivered, or the last one asked when nobody did; costs and attempts belong to the provider of each
/// attempt. So sums over any grouping are equal to the totals.
enum UsageLog {
    /// Columns of `calls` for the other parts, to be put between SELECT and FROM calls AS c.
    static let callColumns = """
        c.team_id, date_trunc('minute', c.received_at) AS bucket, coalesce(c.provider, c.last_provider, '') AS provider,
        c.model, coalesce(c.project, '') AS project, c.key_id, md5(c.tags::text)::uuid AS tags_id, c.tags, c.call_id,
        c.status, c.images_delivered, c.latency_ms, c.failover, c.failover_cost_nusd, c.provider AS winner
        """

    private static let keys = UsageColumns.window + UsageColumns.details

    /// Rows of the log's usage, several for one key: `calls` is the name of a list of calls with `callColumns`, `from` and
    /// `to` are expressions for the first and the last moment that any of them was received at.
    static func usage(calls: String, from: String, to: String) -> String {
        let list = UsageColumns.list(keys)
        /// The figures that a part knows; the others are zero.
        func figures(_ known: [String: String]) -> String {
            UsageColumns.figures.map { "\(known[$0] ?? "0::bigint") AS \($0)" }.joined(separator: ", ")
        }
        let group = "GROUP BY \(list)"
        // The provider of a cost is its attempt's; every other dimension is the call's.
        let attemptKeys = keys.map { $0 == "provider" ? "a.provider" : "c.\($0)" }.joined(separator: ", ")
        let pictureKeys = keys.map { "c.\($0)" }.joined(separator: ", ")
        return """
            SELECT \(list), \(figures([
                "calls": "count(*)",
                "succeeded": "count(*) FILTER (WHERE status = 'succeeded')",
                "partial": "count(*) FILTER (WHERE status = 'partial')",
                "refused": "count(*) FILTER (WHERE status = 'refused')",
                "failed": "count(*) FILTER (WHERE status = 'failed')",
                "images": "coalesce(sum(images_delivered), 0)::bigint",
                "failovers": "count(*) FILTER (WHERE failover)",
                "failover_cost_nusd": "coalesce(sum(failover_cost_nusd), 0)::bigint",
            ])), ''::bytea AS latency_histogram
            FROM \(calls) \(group)
            UNION ALL
            SELECT \(list), \(figures([:])),
                string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
            FROM (
                SELECT \(list), easel_bucket(latency_ms) AS slot, count(*) AS count
                FROM \(calls) WHERE latency_ms IS NOT NULL GROUP BY \(list), slot
            ) AS slots \(group)
            UNION ALL
            SELECT \(attemptKeys), \(figures([
                "cost_nusd": "coalesce(sum(a.cost_nusd), 0)::bigint",
                "estimated_nusd":
                    "coalesce(sum(a.cost_nusd) FILTER (WHERE a.cost_basis IN ('price_book', 'unknown')), 0)::bigint",
                "reconciled_nusd":
                    "coalesce(sum(a.cost_nusd) FILTER (WHERE a.reconciliation_id IS NOT NULL), 0)::bigint",
                "hedges": "count(DISTINCT a.call_id) FILTER (WHERE a.race = 'second' AND a.sent)",
                "hedge_cost_nusd": "coalesce(sum(a.cost_nusd) FILTER (WHERE \(hasLost(from, to))), 0)::bigint",
                "unpriced_attempts": "count(*) FILTER (WHERE \(isUnpriced))",
                "unknown_attempts": "count(*) FILTER (WHERE a.outcome = 'unknown')",
            ])), ''::bytea
            FROM \(calls) AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE \(window("a.started_at", from, to)) GROUP BY \(attemptKeys)
            UNION ALL
            SELECT \(pictureKeys), \(figures([
                "pictures": "count(*)",
                "withheld": "count(*) FILTER (WHERE i.withheld)",
                "nsfw_images": "count(*) FILTER (WHERE i.nsfw)",
                "nsfw_clear": "count(*) FILTER (WHERE NOT i.nsfw)",
                "copyright_checked": "count(*) FILTER (WHERE i.copyright <> 'not_requested')",
                "copyright_flagged": "count(*) FILTER (WHERE i.copyright = 'flagged')",
                "copyright_undetermined": "count(*) FILTER (WHERE i.copyright = 'undetermined')",
            ])), ''::bytea
            FROM \(calls) AS c JOIN images AS i ON i.team_id = c.team_id AND i.call_id = c.call_id
            WHERE \(window("i.created_at", from, to)) GROUP BY \(pictureKeys)
            """
    }

    /// Rows of the log's attempts, one for each key.
    static func attempts(calls: String, from: String, to: String) -> String {
        let phases = UsageColumns.phases.map { phase in
            """
            coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                FILTER (WHERE phase = '\(phase)'), ''::bytea) AS \(phase)_histogram
            """
        }
        let values = UsageColumns.phases.map { "('\($0)', a.\($0)_ms)" }.joined(separator: ", ")
        return """
            SELECT f.*, \(UsageColumns.phaseHistograms.map { "coalesce(h.\($0), ''::bytea) AS \($0)" }
                .joined(separator: ", "))
            FROM (
                SELECT c.team_id, c.bucket, a.provider, c.model, left(coalesce(a.error_code, ''), \(ForeignText.codeBytes)) AS error_code,
                    count(*) AS attempts,
                    count(*) FILTER (WHERE a.sent) AS sent,
                    count(*) FILTER (WHERE a.outcome = 'succeeded') AS succeeded,
                    count(*) FILTER (WHERE a.outcome = 'partial') AS partial,
                    count(*) FILTER (WHERE a.outcome = 'refused') AS refused,
                    count(*) FILTER (WHERE a.outcome = 'failed') AS failed,
                    count(*) FILTER (WHERE a.outcome = 'unknown') AS unknown,
                    coalesce(sum(a.images_returned), 0)::bigint AS images,
                    coalesce(sum(a.cost_nusd), 0)::bigint AS cost_nusd,
                    coalesce(sum(a.cost_nusd) FILTER (
                        WHERE a.outcome NOT IN ('succeeded', 'partial') OR \(inVain(from, to))), 0)::bigint
                        AS wasted_nusd
                FROM \(calls) AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
                WHERE \(window("a.started_at", from, to)) GROUP BY 1, 2, 3, 4, 5
            ) AS f LEFT JOIN (
                SELECT team_id, bucket, provider, model, error_code, \(phases.joined(separator: ", "))
                FROM (
                    SELECT c.team_id, c.bucket, a.provider, c.model, left(coalesce(a.error_code, ''), \(ForeignText.codeBytes)) AS error_code, p.phase,
                        easel_bucket(round(p.ms * 1000)::bigint) AS slot, count(*) AS count
                    FROM \(calls) AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id,
                        LATERAL (VALUES \(values)) AS p(phase, ms)
                    WHERE \(window("a.started_at", from, to)) AND p.ms IS NOT NULL AND a.sent
                    GROUP BY 1, 2, 3, 4, 5, 6, 7
                ) AS slots GROUP BY 1, 2, 3, 4, 5
            ) AS h USING (team_id, bucket, provider, model, error_code)
            """
    }

    private static func inVain(_ from: String, _ to: String) -> String {
        AttemptStatements.hasRacedInVain(
            "a",
            from: "\(from) - interval '1 hour'",
            to: "\(to) + interval '7 days'"
        )
    }

    /// Whether an attempt `a` of a call `c` is of the side of a race that lost: what did not come of the side that was gone
    /// on with is not the race's cost.
    private static func hasLost(_ from: String, _ to: String) -> String {
        "c.winner IS DISTINCT FROM a.provider AND \(inVain(from, to))"
    }

    /// Sent and ended, without a cost, and not an unknown attempt that has an upper bound: every attempt that misses from
    /// the sums is either this or unknown (M7).
    static let isUnpriced = """
        a.sent AND a.outcome <> 'pending' AND a.cost_nusd IS NULL
            AND NOT (a.outcome = 'unknown' AND a.bound_nusd IS NOT NULL)
        """

    /// Attempts and pictures of calls lie at their call's time or shortly after; the range prunes partitions.
    static func window(_ column: String, _ from: String, _ to: String) -> String {
        "\(column) >= \(from) - interval '1 hour' AND \(column) < \(to) + interval '7 days'"
    }
}
