import EaselBase
import EaselCore

/// The one definition of the comparison of shadows with their calls (L5).
///
/// A shadow is one request, so it stands beside one request: the first attempt of its call. Failovers, retries and further
/// requests of a call for more images would only blur what the two providers made of the same. Both sides are counted by
/// the same expressions.
enum ShadowReportStatement {
    static func figures(_ query: ShadowQuery) -> SQLCommand {
        var parameters: [SQLValue] = [.time(query.from), .time(query.to)]
        var conditions = ""
        if let policy = query.policy {
            parameters.append(.text(policy))
            conditions += " AND s.policy = $\(parameters.count)"
        }
        if let teamID = query.teamID {
            parameters.append(.int(teamID))
            conditions += " AND s.team_id = $\(parameters.count)"
        }
        return SQLCommand(
            """
            WITH pair AS MATERIALIZED (
                SELECT s.*, c.status <> 'in_progress' AND s.outcome <> 'pending' AS is_over,
                    coalesce(a.provider, '') AS primary_provider, a.outcome AS a_outcome, a.cost_nusd AS a_cost_nusd,
                    a.cost_basis AS a_cost_basis, a.total_ms AS a_total_ms, a.images_asked AS a_images_asked,
                    a.images_returned AS a_images_returned, i.*
                FROM shadows AS s
                JOIN calls AS c ON c.team_id = s.team_id AND c.received_at = s.received_at AND c.call_id = s.call_id
                LEFT JOIN attempts AS a ON a.team_id = s.team_id AND a.call_id = s.call_id AND a.ordinal = 1
                    AND \(window("a.started_at"))
                LEFT JOIN LATERAL (
                    SELECT count(*) FILTER (WHERE i.withheld) AS i_withheld,
                        count(*) FILTER (WHERE i.nsfw) AS i_nsfw,
                        count(i.nsfw) AS i_nsfw_checked,
                        count(*) FILTER (WHERE i.copyright <> 'not_requested') AS i_checked,
                        count(*) FILTER (WHERE i.copyright = 'flagged') AS i_flagged,
                        count(*) FILTER (WHERE i.copyright = 'undetermined') AS i_undetermined
                    FROM images AS i
                    WHERE i.team_id = s.team_id AND i.call_id = s.call_id AND i.attempt_id = a.attempt_id
                        AND \(window("i.created_at"))
                ) AS i ON true
                WHERE s.received_at >= $1 AND s.received_at < $2 AND \(window("s.started_at"))\(conditions)
                    AND s.error_code IS DISTINCT FROM '\(ShadowEnd.neverSent)'
            ), side AS (
                SELECT policy, model, primary_provider, provider, is_over, true AS is_shadow, outcome, cost_nusd,
                    cost_basis, total_ms, images_asked, images_returned, withheld, nsfw_images, nsfw_checked,
                    copyright_checked, copyright_flagged, copyright_undetermined
                FROM pair
                UNION ALL
                SELECT policy, model, primary_provider, provider, is_over, false, a_outcome, a_cost_nusd,
                    a_cost_basis, a_total_ms, a_images_asked, a_images_returned, i_withheld, i_nsfw, i_nsfw_checked,
                    i_checked, i_flagged, i_undetermined
                FROM pair
            )
            SELECT policy, model, primary_provider, provider, is_over, is_shadow, count(*),
                \(ShadowField.allCases.map(counted).joined(separator: ",\n    "))
            FROM side GROUP BY policy, model, primary_provider, provider, is_over, is_shadow
            ORDER BY policy COLLATE "C", model COLLATE "C", primary_provider COLLATE "C", provider COLLATE "C"
            """,
            parameters,
            isPrepared: false
        )
    }

    /// What belongs to the calls of the window lies in it or shortly after; the range prunes partitions.
    private static func window(_ column: String) -> String {
        "\(column) >= $1 - interval '1 hour' AND \(column) < $2 + interval '7 days'"
    }

    /// What a field of one side is, over the requests of a group.
    private static func counted(_ field: ShadowField) -> String {
        switch field {
        case .succeeded: "count(*) FILTER (WHERE outcome = 'succeeded')"
        case .partial: "count(*) FILTER (WHERE outcome = 'partial')"
        case .refused: "count(*) FILTER (WHERE outcome = 'refused')"
        case .failed: "count(*) FILTER (WHERE outcome = 'failed')"
        case .unknown: "count(*) FILTER (WHERE outcome = 'unknown')"
        case .imagesAsked: sum("images_asked")
        case .images: sum("images_returned - withheld")
        case .withheld: sum("withheld")
        case .cost: "sum(cost_nusd)::bigint"
        case .estimated: "sum(CASE WHEN cost_basis = 'provider' THEN 0 ELSE cost_nusd END)::bigint"
        case .unpriced: "count(*) FILTER (WHERE cost_nusd IS NULL)"
        case .costPerImage:
            """
            round(sum(cost_nusd)
                / nullif(sum(images_returned - withheld) FILTER (WHERE cost_nusd IS NOT NULL), 0))::bigint
            """
        case .nsfwImages: sum("nsfw_images")
        case .nsfwChecked: sum("nsfw_checked")
        case .copyrightChecked: sum("copyright_checked")
        case .copyrightFlagged: sum("copyright_flagged")
        case .copyrightUndetermined: sum("copyright_undetermined")
        case .p50: percentile(0.5)
        case .p90: percentile(0.9)
        case .p99: percentile(0.99)
        }
    }

    private static func sum(_ expression: String) -> String { "coalesce(sum(\(expression)), 0)::bigint" }

    /// Of requests that delivered: one that fails at once is not a quick one.
    private static func percentile(_ share: Double) -> String {
        """
        floor(percentile_disc(\(share)) WITHIN GROUP (ORDER BY total_ms)
            FILTER (WHERE outcome IN ('succeeded', 'partial')))::bigint
        """
    }

    /// Throws for a row that is of something unknown.
    static func check(_ cells: [SQLValue]) throws(PostgresError) {
        var row = RowReader(cells)
        _ = try row.text()
        _ = try row.word(RemixModel.self)
    }

    static func rows(_ result: SQLResult) throws(PostgresError) -> [ShadowReport.Row] {
        var rows: [ShadowReport.Row] = []
        for cells in result.rows {
            var row = RowReader(cells)
            let head = ShadowReport.Row(
                policy: try row.text(),
                model: try row.word(RemixModel.self).rawValue,
                primaryProvider: try row.text(),
                shadowProvider: try row.text()
            )
            let isSame = rows.last.map { last in
                (last.policy, last.model, last.primaryProvider, last.shadowProvider)
                    == (head.policy, head.model, head.primaryProvider, head.shadowProvider)
            }
            if isSame != true { rows.append(head) }
            let isOver = try row.bool()
            let isShadow = try row.bool()
            let count = try row.int()
            let side = try side(&row)
            switch (isOver, isShadow) {
            case (true, true):
                rows[rows.count - 1].compared = count
                rows[rows.count - 1].shadow = side
            case (true, false): rows[rows.count - 1].primary = side
            case (false, true): rows[rows.count - 1].pending = count
            case (false, false): break
            }
        }
        return rows
    }

    private static func side(_ row: inout RowReader) throws(PostgresError) -> ShadowSide {
        var side = ShadowSide()
        for field in ShadowField.allCases { side[field] = try row.optionalInt64() }
        return side
    }
}
