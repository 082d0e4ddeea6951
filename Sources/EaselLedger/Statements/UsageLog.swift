import EaselBase
import EaselCore

/// The one definition of the figures over the log (L5): rollups are made with it, what is not rolled up yet is read with
/// it, and `db verify` compares with it.
///
/// Counted are settled calls by the minute in which they were received. Calls, images, failovers and latencies belong to
/// the provider that delivered, or the last one asked when nobody did; costs and attempts belong to the provider of each
/// attempt. So sums over any grouping are equal to the totals.
enum UsageLog {
    /// Columns of `calls` for the other parts, to be put between SELECT and FROM calls AS c.
    static let callColumns = """
        c.team_id, date_trunc('minute', c.received_at) AS bucket, coalesce(c.provider, c.last_provider, '') AS provider,
        c.model, coalesce(c.project, '') AS project, c.key_id, md5(c.tags::text)::uuid AS tags_id, c.tags, c.call_id,
        c.status, c.images_delivered, c.latency_ms, c.failover, c.failover_cost_nusd, c.provider AS winner
        """

    /// What a row of the log's usage is about.
    static let keys = UsageColumns.window + UsageColumns.details

    /// Rows of the log's usage, several for one key: `calls` is the name of a list of calls with `callColumns`, `from` and
    /// `to` are expressions for the first and the last moment that any of them was received at.
    ///
    /// - Parameter keys: without `tags`, rows are grouped by what stands for them, which takes less time.
    static func usage(calls: String, from: String, to: String, keys: [String] = Self.keys) -> String {
        let list = UsageColumns.list(keys)
        let expressions = UsageField.allCases.map { (field: $0, counted: counted($0, from, to)) }
        /// The figures that are counted over this; the others are zero.
        func figures(_ source: Source?) -> String {
            expressions.map { field, counted in
                "\(counted.source == source ? counted.expression : "0::bigint") AS \(field.figure.storedName)"
            }
            .joined(separator: ", ")
        }
        let group = "GROUP BY \(list)"
        // The provider of a cost is its attempt's; every other dimension is the call's.
        let attemptKeys = keys.map { $0 == "provider" ? "a.provider" : "c.\($0)" }.joined(separator: ", ")
        let imageKeys = keys.map { "c.\($0)" }.joined(separator: ", ")
        return """
            SELECT \(list), \(figures(.calls)), ''::bytea AS latency_histogram
            FROM \(calls) AS c \(group)
            UNION ALL
            SELECT \(list), \(figures(nil)),
                string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
            FROM (
                SELECT \(list), easel_bucket(latency_ms) AS slot, count(*) AS count
                FROM \(calls) WHERE latency_ms IS NOT NULL GROUP BY \(list), slot
            ) AS slots \(group)
            UNION ALL
            SELECT \(attemptKeys), \(figures(.attempts)), ''::bytea
            FROM \(calls) AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE \(window("a.started_at", from, to)) GROUP BY \(attemptKeys)
            UNION ALL
            SELECT \(imageKeys), \(figures(.images)), ''::bytea
            FROM \(calls) AS c JOIN images AS i ON i.team_id = c.team_id AND i.call_id = c.call_id
            WHERE \(window("i.created_at", from, to)) GROUP BY \(imageKeys)
            """
    }

    /// The rows that a figure is counted over: calls `c`, their attempts `a`, or their images `i`.
    private enum Source { case calls, attempts, images }

    private static func counted(
        _ field: UsageField,
        _ from: String,
        _ to: String
    ) -> (source: Source, expression: String) {
        switch field {
        case .calls: (.calls, "count(*)")
        case .succeeded: (.calls, count("c.status = 'succeeded'"))
        case .partial: (.calls, count("c.status = 'partial'"))
        case .refused: (.calls, count("c.status = 'refused'"))
        case .failed: (.calls, count("c.status = 'failed'"))
        case .images: (.calls, sum("c.images_delivered"))
        case .failovers: (.calls, count("c.failover"))
        case .failoverCost: (.calls, sum("c.failover_cost_nusd"))
        case .cost: (.attempts, sum("a.cost_nusd"))
        case .estimated: (.attempts, sum("a.cost_nusd", "a.cost_basis IN ('price_book', 'unknown')"))
        case .reconciled: (.attempts, sum("a.cost_nusd", "a.reconciliation_id IS NOT NULL"))
        case .hedges: (.attempts, "count(DISTINCT a.call_id) FILTER (WHERE a.race = 'second' AND a.sent)")
        case .hedgeCost: (.attempts, sum("a.cost_nusd", hasLost(from, to)))
        case .unpricedAttempts: (.attempts, count(isUnpriced))
        case .unknownAttempts: (.attempts, count("a.outcome = 'unknown'"))
        case .imagesReturned: (.images, "count(*)")
        case .withheld: (.images, count("i.withheld"))
        case .nsfwImages: (.images, count("i.nsfw"))
        case .nsfwClear: (.images, count("NOT i.nsfw"))
        case .copyrightChecked: (.images, count("i.copyright <> 'not_requested'"))
        case .copyrightFlagged: (.images, count("i.copyright = 'flagged'"))
        case .copyrightUndetermined: (.images, count("i.copyright = 'undetermined'"))
        }
    }

    private static func counted(_ field: AttemptField, _ from: String, _ to: String) -> String {
        switch field {
        case .attempts: "count(*)"
        case .sent: count("a.sent")
        case .succeeded: count("a.outcome = 'succeeded'")
        case .partial: count("a.outcome = 'partial'")
        case .refused: count("a.outcome = 'refused'")
        case .failed: count("a.outcome = 'failed'")
        case .unknown: count("a.outcome = 'unknown'")
        case .images: sum("a.images_returned")
        case .cost: sum("a.cost_nusd")
        case .wasted: sum("a.cost_nusd", "a.outcome NOT IN ('succeeded', 'partial') OR \(inVain(from, to))")
        }
    }

    private static func count(_ condition: String) -> String { "count(*) FILTER (WHERE \(condition))" }

    private static func sum(_ column: String, _ condition: String? = nil) -> String {
        "coalesce(sum(\(column))\(condition.map { " FILTER (WHERE \($0))" } ?? ""), 0)::bigint"
    }

    /// Rows of the log's attempts, one for each key.
    static func attempts(calls: String, from: String, to: String) -> String {
        let figures = AttemptField.allCases.map { "\(counted($0, from, to)) AS \($0.figure.storedName)" }
        let phases = AttemptPhase.allCases.map(\.name)
        let slots = phases.map { phase in
            """
            coalesce(string_agg(int2send(slot::smallint) || int4send(count::integer), '' ORDER BY slot)
                FILTER (WHERE phase = '\(phase)'), ''::bytea) AS \(phase)_histogram
            """
        }
        let values = phases.map { "('\($0)', a.\($0)_ms)" }.joined(separator: ", ")
        return """
            SELECT f.*, \(UsageColumns.phaseHistograms.map { "coalesce(h.\($0), ''::bytea) AS \($0)" }
                .joined(separator: ", "))
            FROM (
                SELECT c.team_id, c.bucket, a.provider, c.model, left(coalesce(a.error_code, ''), \(ForeignText.codeBytes)) AS error_code,
                    \(UsageColumns.list(figures))
                FROM \(calls) AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
                WHERE \(window("a.started_at", from, to)) GROUP BY 1, 2, 3, 4, 5
            ) AS f LEFT JOIN (
                SELECT team_id, bucket, provider, model, error_code, \(UsageColumns.list(slots))
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

    /// Attempts and images of calls lie at their call's time or shortly after; the range prunes partitions.
    static func window(_ column: String, _ from: String, _ to: String) -> String {
        "\(column) >= \(from) - interval '1 hour' AND \(column) < \(to) + interval '7 days'"
    }
}
