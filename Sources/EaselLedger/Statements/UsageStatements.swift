import EaselBase
import EaselCore

/// The one definition of the usage figures (L5).
///
/// Counted are settled calls by the time they were received. Calls, pictures, failovers and latencies belong to the
/// provider that delivered, or the last one asked when nobody did; costs belong to the provider of each attempt. So
/// sums over any grouping are equal to the totals.
enum UsageStatements {
    private static let figureNames = [
        "calls", "succeeded", "partial", "refused", "failed", "images", "cost", "estimated", "reconciled",
        "failovers", "failover_cost", "hedges", "hedge_cost", "nsfw", "checked", "flagged", "undetermined",
    ]

    /// The figures by group, or, not grouped, one row of totals.
    static func figures(_ query: UsageQuery, grouped: Bool) -> SQLCommand {
        var parameters: [SQLValue] = [.time(query.from), .time(query.to)]
        let dimensions = grouped ? query.groupBy : []
        let names = dimensions.indices.map { "d\($0)" }
        var expressions: [String] = []
        for dimension in dimensions { expressions.append(expression(dimension, query, &parameters)) }
        let selected = zip(expressions, names).map { "\($0) AS \($1), " }.joined()
        let list = names.map { "\($0), " }.joined()
        let grouping = names.isEmpty ? "" : "GROUP BY " + names.joined(separator: ", ")
        let order =
            names.isEmpty
            ? "" : "ORDER BY " + names.map { "\($0) COLLATE \"C\" NULLS LAST" }.joined(separator: ", ")
        // A call's cost goes to the provider of the attempt; every other dimension is the call's.
        let attemptList = zip(dimensions, names)
            .map { dimension, name in dimension == .provider ? "a.provider AS \(name), " : "c.\(name), " }.joined()
        let sums = figureNames.map { "sum(\($0))::bigint AS \($0)" }.joined(separator: ", ")
        return SQLCommand(
            """
            WITH c AS MATERIALIZED (
                SELECT \(selected)c.team_id, c.call_id, c.status, c.images_delivered, c.latency_ms, c.failover,
                    c.failover_cost_nusd
                FROM calls AS c \(dimensions.contains(.team) ? "JOIN teams AS t ON t.id = c.team_id" : "")
                WHERE c.received_at >= $1 AND c.received_at < $2 AND c.status <> 'in_progress'
                    \(team(query, &parameters))
            )
            SELECT \(list)\(sums), max(p50)::bigint, max(p90)::bigint, max(p99)::bigint
            FROM (
                SELECT \(list)count(*) AS calls,
                    count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
                    count(*) FILTER (WHERE status = 'partial') AS partial,
                    count(*) FILTER (WHERE status = 'refused') AS refused,
                    count(*) FILTER (WHERE status = 'failed') AS failed,
                    coalesce(sum(images_delivered), 0) AS images,
                    0::bigint AS cost, 0::bigint AS estimated, 0::bigint AS reconciled,
                    count(*) FILTER (WHERE failover) AS failovers,
                    coalesce(sum(failover_cost_nusd), 0) AS failover_cost,
                    0::bigint AS hedges, 0::bigint AS hedge_cost,
                    0::bigint AS nsfw, 0::bigint AS checked, 0::bigint AS flagged, 0::bigint AS undetermined,
                    percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) AS p50,
                    percentile_disc(0.9) WITHIN GROUP (ORDER BY latency_ms) AS p90,
                    percentile_disc(0.99) WITHIN GROUP (ORDER BY latency_ms) AS p99
                FROM c \(grouping)
                UNION ALL
                SELECT \(list)0, 0, 0, 0, 0, 0, coalesce(sum(cost_nusd), 0),
                    coalesce(sum(cost_nusd) FILTER (WHERE cost_basis IN ('price_book', 'unknown')), 0),
                    coalesce(sum(cost_nusd) FILTER (WHERE reconciliation_id IS NOT NULL), 0),
                    0, 0,
                    count(DISTINCT call_id) FILTER (WHERE hedge IN ('second', 'second_lost')),
                    coalesce(sum(cost_nusd) FILTER (WHERE hedge IN ('first_lost', 'second_lost')), 0),
                    0, 0, 0, 0, NULL, NULL, NULL
                FROM (
                    SELECT \(attemptList)a.call_id, a.cost_nusd, a.cost_basis, a.reconciliation_id,
                        a.extra ->> '\(AttemptEnd.hedgeMark)' AS hedge
                    FROM c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
                    WHERE \(window("a.started_at"))
                ) AS spent \(grouping)
                UNION ALL
                SELECT \(list)0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                    count(*) FILTER (WHERE i.nsfw),
                    count(*) FILTER (WHERE i.copyright <> 'not_requested'),
                    count(*) FILTER (WHERE i.copyright = 'flagged'),
                    count(*) FILTER (WHERE i.copyright = 'undetermined'),
                    NULL, NULL, NULL
                FROM c JOIN images AS i ON i.team_id = c.team_id AND i.call_id = c.call_id
                WHERE \(window("i.created_at")) \(grouping)
            ) AS parts
            \(grouping) \(order)
            """,
            parameters,
            isPrepared: false
        )
    }

    /// Attempts and pictures of the calls of the window lie in it or shortly after; the range prunes partitions.
    private static func window(_ column: String) -> String {
        "\(column) >= $1 - interval '1 hour' AND \(column) < $2 + interval '7 days'"
    }

    private static func team(_ query: UsageQuery, _ parameters: inout [SQLValue]) -> String {
        guard let teamID = query.teamID else { return "" }
        parameters.append(.int(teamID))
        return "AND c.team_id = $\(parameters.count)"
    }

    private static func expression(
        _ dimension: UsageQuery.Dimension,
        _ query: UsageQuery,
        _ parameters: inout [SQLValue]
    ) -> String {
        func parameter(_ text: String) -> String {
            parameters.append(.text(text))
            return "$\(parameters.count)"
        }
        switch dimension {
        case .team: return "t.name"
        case .provider: return "coalesce(c.provider, c.last_provider)"
        case .model: return "c.model"
        case .project: return "c.project"
        case .key: return "c.key_id::text"
        case .day: return "to_char(c.received_at AT TIME ZONE \(parameter(query.timezone)), 'YYYY-MM-DD')"
        case .hour:
            // With the zone as its third argument date_trunc keeps the two hours of an autumn night apart and knows
            // zones whose hours begin at half past.
            return """
                to_char(date_trunc('hour', c.received_at, \(parameter(query.timezone))) AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                """
        case .tag(let name): return "c.tags ->> \(parameter(name))"
        }
    }

    /// How good the figures of the window are, calls in progress included.
    ///
    /// Unknown: sent, and the end is not known (M7). Unpriced: sent and ended, without a cost, and not an unknown
    /// attempt that has an upper bound; so every attempt that misses from the sums is in one of the two.
    static func quality(_ query: UsageQuery) -> SQLCommand {
        var parameters: [SQLValue] = [.time(query.from), .time(query.to)]
        return SQLCommand(
            """
            SELECT count(*) FILTER (WHERE a.sent AND a.outcome <> 'pending' AND a.cost_nusd IS NULL
                    AND NOT (a.outcome = 'unknown' AND a.bound_nusd IS NOT NULL)),
                count(*) FILTER (WHERE a.outcome = 'unknown')
            FROM calls AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE c.received_at >= $1 AND c.received_at < $2 AND \(window("a.started_at")) \(team(query, &parameters))
            """,
            parameters,
            isPrepared: false
        )
    }

    // MARK: - Reading the answers

    static func row(_ cells: [SQLValue], dimensions: Int) throws(PostgresError) -> UsageReport.Row {
        var row = RowReader(cells)
        var group: [String?] = []
        for _ in 0..<dimensions { group.append(try row.optionalText()) }
        var figures = UsageFigures()
        figures.calls = try row.optionalInt() ?? 0
        figures.succeeded = try row.optionalInt() ?? 0
        figures.partial = try row.optionalInt() ?? 0
        figures.refused = try row.optionalInt() ?? 0
        figures.failed = try row.optionalInt() ?? 0
        figures.images = try row.optionalInt() ?? 0
        figures.cost = try row.optionalMoney() ?? .zero
        figures.estimated = try row.optionalMoney() ?? .zero
        figures.reconciled = try row.optionalMoney() ?? .zero
        figures.failovers = try row.optionalInt() ?? 0
        figures.failoverCost = try row.optionalMoney() ?? .zero
        figures.hedges = try row.optionalInt() ?? 0
        figures.hedgeCost = try row.optionalMoney() ?? .zero
        figures.nsfwImages = try row.optionalInt() ?? 0
        figures.copyrightChecked = try row.optionalInt() ?? 0
        figures.copyrightFlagged = try row.optionalInt() ?? 0
        figures.copyrightUndetermined = try row.optionalInt() ?? 0
        figures.p50Ms = try row.optionalInt()
        figures.p90Ms = try row.optionalInt()
        figures.p99Ms = try row.optionalInt()
        return UsageReport.Row(group: group, figures: figures)
    }

    static func quality(_ result: SQLResult) throws(PostgresError) -> UsageReport.DataQuality {
        var quality = UsageReport.DataQuality()
        guard let cells = result.rows.first else { return quality }
        var row = RowReader(cells)
        quality.unpricedAttempts = try row.int()
        quality.unknownAttempts = try row.int()
        return quality
    }
}
