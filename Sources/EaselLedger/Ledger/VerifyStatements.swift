import EaselCore

/// One statement of a rule. `$1` and `$2` are the stretch's first moment and the moment after it; its rows are
/// `team_id, call_id, detail`.
struct VerifyStep: Sendable, Hashable {
    let sql: String
    /// Whether it is run for one stretch of the log after the other.
    var isByStretch = true
    /// Whether it joins large lists with each other, and so must not look rows up one by one.
    var joinsWholes = true
}

/// What each rule asks the database.
enum VerifyStatements {
    /// Stands where a finding is about neither a call nor a budget; its detail names what it is about.
    static let noID = "00000000-0000-0000-0000-000000000000"

    static func steps(_ check: DatabaseVerify.Check) -> [VerifyStep] {
        switch check {
        case .rollupIsLog: RollupVerify.minutes()
        case .rollupsAddUp: RollupVerify.coarser()
        case .budgetIsSumOfCalls: [VerifyStep(sql: BudgetVerify.posted, isByStretch: false)]
        case .budgetHoldsReservations: [VerifyStep(sql: BudgetVerify.held, isByStretch: false, joinsWholes: false)]
        case .budgetWithinLimit: [VerifyStep(sql: BudgetVerify.withinLimit, isByStretch: false)]
        case .shadowWindowIsSum: [VerifyStep(sql: shadowWindowIsSum, isByStretch: false)]
        case .shadowWithinLimit: [VerifyStep(sql: shadowWithinLimit, isByStretch: false)]
        // Few reservations stand at a time, and each names its call and its attempts by their keys.
        case .reservationHasReason: [VerifyStep(sql: reservationHasReason, isByStretch: false, joinsWholes: false)]
        case .reservationIsThere: [VerifyStep(sql: reservationIsThere)]
        case .costIsSumOfAttempts: [VerifyStep(sql: costIsSumOfAttempts)]
        case .settledWithoutPending: [VerifyStep(sql: settledWithoutPending)]
        case .imagesDelivered: [VerifyStep(sql: imagesDelivered)]
        case .nonNegative: [VerifyStep(sql: nonNegative)]
        case .ordinalsWithoutGaps: [VerifyStep(sql: ordinalsWithoutGaps)]
        case .partsHaveCall: [VerifyStep(sql: partsHaveCall)]
        case .endIsItsAttempts:
            [
                VerifyStep(
                    sql: CallVerify.end(calls: calls, attempts: parts("a.started_at"), images: parts("created_at"))
                )
            ]
        case .racesHaveTwoSides: [VerifyStep(sql: CallVerify.races(calls: calls, attempts: parts("t.started_at")))]
        }
    }

    /// The calls of the stretch.
    private static let calls = "c.received_at >= $1 AND c.received_at < $2"

    /// Where the attempts and images of the stretch's calls lie (`UsageLog.window`).
    private static func parts(_ column: String) -> String {
        UsageLog.window(column, "$1::timestamptz", "$2::timestamptz")
    }

    private static let shadowWindowIsSum = """
        SELECT 0::bigint AS team_id, '\(noID)'::uuid AS call_id,
            format('policy %s, day %s: posted %s and holds %s, its shadows %s and %s', coalesce(w.policy, s.policy),
                coalesce(w.window_start, s.window_start), w.posted_nusd, w.reserved_nusd, s.posted, s.reserved)
                AS detail
        FROM (SELECT * FROM shadow_windows WHERE window_start > $1 - interval '1 day' AND window_start < $2) AS w
        FULL JOIN (
            SELECT policy, window_start, coalesce(sum(cost_nusd), 0) AS posted,
                coalesce(sum(bound_nusd) FILTER (WHERE cost_nusd IS NULL), 0) AS reserved
            FROM shadows
            WHERE started_at > $1 - interval '1 day' AND window_start > $1 - interval '1 day' AND window_start < $2
            GROUP BY policy, window_start
        ) AS s ON s.policy = w.policy AND s.window_start = w.window_start
        WHERE coalesce(w.posted_nusd, 0) <> coalesce(s.posted, 0)
            OR coalesce(w.reserved_nusd, 0) <> coalesce(s.reserved, 0)
        """

    private static let shadowWithinLimit = """
        SELECT 0::bigint AS team_id, '\(noID)'::uuid AS call_id,
            format('policy %s, day %s: %s nanodollars of %s', policy, window_start, posted_nusd + reserved_nusd,
                ceiling_nusd) AS detail
        FROM shadow_windows
        WHERE window_start > $1 - interval '1 day' AND window_start < $2
            AND posted_nusd + reserved_nusd > ceiling_nusd
        """

    private static let costIsSumOfAttempts = """
        SELECT c.team_id, c.call_id,
            format('call %s (%s estimated), attempts %s (%s estimated)%s', c.cost_nusd, c.estimated_nusd, a.cost,
                a.estimated, CASE WHEN a.has_odd_basis THEN ', and a basis that is none' ELSE '' END) AS detail
        FROM calls AS c LEFT JOIN (
            SELECT team_id, call_id, CASE WHEN bool_and(cost_nusd IS NOT NULL) OR sum(cost_nusd) > 0
                    THEN sum(cost_nusd) END AS cost,
                coalesce(sum(cost_nusd) FILTER (WHERE cost_basis <> 'provider'), 0) AS estimated,
                bool_or(cost_basis NOT IN ('provider', 'price_book', 'unknown')) AS has_odd_basis
            FROM attempts WHERE \(parts("started_at")) GROUP BY team_id, call_id
        ) AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
        WHERE \(calls) AND c.status <> 'in_progress' AND (
            c.cost_nusd IS DISTINCT FROM CASE WHEN a.call_id IS NULL THEN 0 ELSE a.cost END
            -- One that was taken back before anything was sent has no figure.
            OR (c.cost_nusd IS NOT NULL AND coalesce(c.estimated_nusd, 0) <> coalesce(a.estimated, 0))
            OR a.has_odd_basis)
        """

    private static let settledWithoutPending = """
        SELECT c.team_id, c.call_id, format('attempt %s is pending', a.ordinal) AS detail
        FROM calls AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
        WHERE \(calls) AND c.status <> 'in_progress' AND a.outcome = 'pending' AND \(parts("a.started_at"))
        """

    private static let reservationHasReason = """
        SELECT r.team_id, r.call_id, format('reason %s, call %s', r.reason, c.status) AS detail
        FROM reservations AS r
        LEFT JOIN calls AS c
            ON c.team_id = r.team_id AND c.received_at = r.received_at AND c.call_id = r.call_id
        WHERE r.received_at >= $1 AND r.received_at < $2 AND c.status IS DISTINCT FROM 'in_progress'
            AND NOT EXISTS (
                SELECT 1 FROM attempts AS a WHERE a.team_id = r.team_id AND a.call_id = r.call_id
                    AND a.started_at >= $1 - interval '1 hour' AND a.outcome = 'unknown')
        """

    private static let reservationIsThere = """
        SELECT o.team_id, o.call_id, format('status %s without a reservation', o.status) AS detail
        FROM (
            SELECT c.team_id, c.call_id, c.status FROM calls AS c WHERE \(calls) AND c.status = 'in_progress'
            UNION
            SELECT c.team_id, c.call_id, c.status
            FROM calls AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE \(calls) AND \(parts("a.started_at")) AND a.outcome = 'unknown' AND a.cost_nusd IS NULL
                AND a.error_code IS DISTINCT FROM '\(AttemptEnd.postedAtBound)'
        ) AS o LEFT JOIN reservations AS r ON r.team_id = o.team_id AND r.call_id = o.call_id
        WHERE r.call_id IS NULL
        """

    private static let imagesDelivered = """
        SELECT c.team_id, c.call_id,
            format('call %s, images %s', c.images_delivered, coalesce(i.delivered, 0)) AS detail
        FROM calls AS c LEFT JOIN (
            SELECT team_id, call_id, count(*) FILTER (WHERE NOT withheld) AS delivered
            FROM images WHERE \(parts("created_at")) GROUP BY team_id, call_id
        ) AS i ON i.team_id = c.team_id AND i.call_id = c.call_id
        WHERE \(calls) AND c.status <> 'in_progress' AND c.images_delivered <> coalesce(i.delivered, 0)
        """

    private static let nonNegative = """
        SELECT team_id, call_id, 'a figure of the call is below zero' AS detail FROM calls
        WHERE received_at >= $1 AND received_at < $2 AND least(cost_nusd, estimated_nusd, failover_cost_nusd,
            bound_nusd, latency_ms, images_delivered, attempts) < 0
        UNION ALL
        SELECT team_id, call_id, format('a figure of attempt %s is below zero', ordinal) FROM attempts
        WHERE started_at >= $1 AND started_at < $2
            AND least(cost_nusd, bound_nusd, price_per_image_nusd, images_asked, images_returned) < 0
        UNION ALL
        SELECT team_id, call_id, format('a figure of image %s is below zero', ordinal) FROM images
        WHERE created_at >= $1 AND created_at < $2 AND least(cost_nusd, bytes, width, height) < 0
        UNION ALL
        SELECT team_id, call_id, 'the reservation is below zero' FROM reservations
        WHERE received_at >= $1 AND received_at < $2 AND amount_nusd < 0
        UNION ALL
        SELECT team_id, call_id, 'a figure of the shadow is below zero' FROM shadows
        WHERE started_at >= $1 AND started_at < $2 AND least(price_per_image_nusd, images_returned,
            images_returned - withheld, nsfw_images, copyright_checked) < 0
        """

    private static let ordinalsWithoutGaps = """
        SELECT c.team_id, c.call_id,
            format('call %s, attempts %s, last %s', c.attempts, coalesce(a.count, 0), a.last) AS detail
        FROM calls AS c LEFT JOIN (
            SELECT team_id, call_id, count(*) AS count, count(DISTINCT ordinal) AS ordinals, max(ordinal) AS last
            FROM attempts WHERE \(parts("started_at")) GROUP BY team_id, call_id
        ) AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
        WHERE \(calls) AND c.status <> 'in_progress' AND (coalesce(a.count, 0) <> coalesce(a.last, 0)
            OR a.ordinals <> a.count OR c.attempts <> coalesce(a.count, 0))
        """

    private static let partsHaveCall = """
        SELECT p.team_id, p.call_id, p.part || ' without a call' AS detail FROM (
            SELECT team_id, call_id, 'an attempt' AS part FROM attempts WHERE started_at >= $1 AND started_at < $2
            UNION ALL
            SELECT team_id, call_id, 'an image' FROM images WHERE created_at >= $1 AND created_at < $2
            UNION ALL
            SELECT team_id, call_id, 'a shadow' FROM shadows WHERE started_at >= $1 AND started_at < $2
        ) AS p LEFT JOIN (
            SELECT team_id, call_id FROM calls
            WHERE received_at >= $1 - interval '7 days' AND received_at < $2::timestamptz + interval '1 hour'
        ) AS c ON c.team_id = p.team_id AND c.call_id = p.call_id
        WHERE c.call_id IS NULL
        """
}
