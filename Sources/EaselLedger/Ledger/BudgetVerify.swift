/// Whether the budgets' windows say what the log says (M2, M6).
///
/// A window's sum read by itself would read the calls of a team once for each of its windows. So the calls are summed up
/// once, by quarters of an hour, and each of these sums is added to the windows that it lies in, by the calendar of each
/// budget. Where that disagrees with the window, its calls are summed one by one: a time zone may have midnight within a
/// quarter of an hour, or PostgreSQL another opinion of it than we have.
enum BudgetVerify {
    /// A window disagrees at most so often before the calls are looked at one by one.
    private static let mostSuspects = 200

    /// Windows that the rule is about: of budgets that stand, with every call of theirs still in the log.
    private static let isChecked = """
        w.window_end > $1 AND w.window_start < $2
            AND w.window_start >= coalesce((SELECT watermark FROM daemon_state
                WHERE name = '\(Horizon.log)'), '-infinity')
        """

    /// The calls of a window; `team` is what they have to do with its team.
    private static func callsOfWindow(_ team: String) -> String {
        """
        \(team) AND c.received_at >= w.window_start AND c.received_at < w.window_end
            AND (w.project IS NULL OR c.project = w.project) AND (w.key_id IS NULL OR c.key_id = w.key_id)
        """
    }

    static let posted = disagreeing(
        label: "posted",
        nusd: "posted_nusd",
        images: "posted_images",
        others: "calls",
        source: """
            SELECT c.team_id, c.project, c.key_id, c.received_at, c.cost_nusd AS nusd, c.images_delivered AS images
            FROM calls AS c WHERE c.status <> 'in_progress'
                AND c.received_at >= (SELECT min(w.window_start) FROM budget_windows AS w WHERE \(isChecked))
            """,
        ofWindow: { team in
            """
            SELECT c.cost_nusd AS nusd, c.images_delivered AS images FROM calls AS c
            WHERE \(callsOfWindow(team)) AND c.status <> 'in_progress'
            """
        }
    )

    private static let reserved = """
        reservations AS r JOIN calls AS c
            ON c.team_id = r.team_id AND c.received_at = r.received_at AND c.call_id = r.call_id
        """

    static let held = disagreeing(
        label: "holds",
        nusd: "reserved_nusd",
        images: "reserved_images",
        others: "reservations",
        source: """
            SELECT c.team_id, c.project, c.key_id, c.received_at, r.amount_nusd AS nusd, r.images AS images
            FROM \(reserved)
            """,
        ofWindow: { team in
            "SELECT r.amount_nusd AS nusd, r.images AS images FROM \(reserved) WHERE \(callsOfWindow(team))"
        }
    )

    static let withinLimit = """
        SELECT w.team_id, w.budget_id AS call_id, format('window %s holds %s nanodollars of %s and %s images of %s',
            w.window_start, w.posted_nusd + w.reserved_nusd, w.ceiling_nusd,
            w.posted_images + w.reserved_images, w.ceiling_images) AS detail
        FROM budget_windows AS w JOIN budgets AS b ON b.team_id = w.team_id AND b.id = w.budget_id
        WHERE w.window_end > $1 AND w.window_start < $2 AND b.hard AND (
            (b.limit_nusd IS NOT NULL AND w.posted_nusd + w.reserved_nusd > w.ceiling_nusd)
            OR (b.limit_images IS NOT NULL AND w.posted_images + w.reserved_images > w.ceiling_images))
        """

    /// - Parameters:
    ///   - source: rows `team_id, project, key_id, received_at, nusd, images`.
    ///   - ofWindow: rows `nusd, images` of one window `w`, with a condition about its team.
    private static func disagreeing(
        label: String,
        nusd: String,
        images: String,
        others: String,
        source: String,
        ofWindow: (String) -> String
    ) -> String {
        """
        WITH sums AS MATERIALIZED (
            SELECT team_id, project, key_id, date_bin('15 minutes', received_at, timestamptz 'epoch') AS bucket,
                sum(nusd) AS nusd, sum(images) AS images
            FROM (\(source)) AS s GROUP BY 1, 2, 3, 4
        ), by_window AS (
            SELECT team_id, id, CASE period WHEN 'total' THEN timestamptz 'epoch'
                    ELSE date_trunc(period, bucket, timezone) END AS window_start, sum(nusd) AS nusd, sum(images) AS images
            FROM (
                SELECT b.team_id, b.id, b.period, b.timezone, s.bucket, s.nusd, s.images
                FROM sums AS s CROSS JOIN budgets AS b WHERE b.scope = 'org'
                UNION ALL
                SELECT b.team_id, b.id, b.period, b.timezone, s.bucket, s.nusd, s.images
                FROM sums AS s JOIN budgets AS b ON b.scope = 'team' AND b.team_id = s.team_id
                UNION ALL
                SELECT b.team_id, b.id, b.period, b.timezone, s.bucket, s.nusd, s.images
                FROM sums AS s JOIN budgets AS b
                    ON b.scope = 'project' AND b.team_id = s.team_id AND b.project = s.project
                UNION ALL
                SELECT b.team_id, b.id, b.period, b.timezone, s.bucket, s.nusd, s.images
                FROM sums AS s JOIN budgets AS b ON b.scope = 'key' AND b.team_id = s.team_id AND b.key_id = s.key_id
            ) AS parts GROUP BY 1, 2, 3
        ), suspects AS MATERIALIZED (
            SELECT w.* FROM budget_windows AS w
            LEFT JOIN by_window AS s
                ON s.team_id = w.team_id AND s.id = w.budget_id AND s.window_start = w.window_start
            WHERE \(isChecked)
                AND (w.\(nusd) <> coalesce(s.nusd, 0) OR w.\(images) <> coalesce(s.images, 0))
            LIMIT \(mostSuspects)
        )
        SELECT w.team_id, w.budget_id AS call_id, format('window %s \(label) %s and %s images, \(others) %s and %s',
            w.window_start, w.\(nusd), w.\(images), s.nusd, s.images) AS detail
        FROM suspects AS w, LATERAL (
            SELECT coalesce(sum(nusd), 0) AS nusd, coalesce(sum(images), 0) AS images FROM (
                \(ofWindow("w.team_id = 0"))
                UNION ALL
                \(ofWindow("w.team_id <> 0 AND c.team_id = w.team_id"))
            ) AS one_by_one
        ) AS s
        WHERE w.\(nusd) <> s.nusd OR w.\(images) <> s.images
        """
    }
}
