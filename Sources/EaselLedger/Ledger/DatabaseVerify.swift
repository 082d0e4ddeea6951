package import EaselBase
package import EaselCore
package import Foundation

/// Proves that the figures of the log fit together (M6), for `easel db verify`.
package struct DatabaseVerify: Sendable {
    /// One thing that does not fit.
    package struct Finding: Sendable, Hashable {
        /// Which rule is broken.
        package let check: Check
        package let teamID: Int64
        /// What the check's `subject` says.
        package let callID: UUID
        /// The figures, for a person.
        package let detail: String
    }

    /// The rules.
    package enum Check: String, Sendable, Hashable, CaseIterable {
        /// A settled call costs what its attempts are known to cost; NULL, not 0, when only zeros are known and one is not.
        case costIsSumOfAttempts = "cost_is_sum_of_attempts"
        /// No attempt of a settled call is still on its way.
        case settledWithoutPending = "settled_without_pending"
        /// Every reservation that holds money belongs to a call in progress or one with an unknown attempt.
        case reservationHasReason = "reservation_has_reason"
        /// A call in progress, or with an unknown attempt, holds its money back (M3, M7).
        case reservationIsThere = "reservation_is_there"
        /// The pictures that were delivered are there.
        case imagesDelivered = "images_delivered"
        /// No figure is below zero.
        case nonNegative = "non_negative"
        /// A call's attempts are counted 1, 2, 3 without a gap, and the call knows how many.
        case ordinalsWithoutGaps = "ordinals_without_gaps"
        /// Every attempt, picture and shadow belongs to a call.
        case partsHaveCall = "parts_have_call"
        /// What a budget's window says was posted is what its calls cost (M6).
        case budgetIsSumOfCalls = "budget_is_sum_of_calls"
        /// What a budget's window holds back is what the reservations of its calls hold.
        case budgetHoldsReservations = "budget_holds_reservations"
        /// A hard budget's window never came to more than its limit, what providers charged beyond their price and what
        /// was spent before the budget stood aside (M2).
        case budgetWithinLimit = "budget_within_limit"
        /// What a day's window of shadows says was posted and is held back is what its shadows cost and hold (M6).
        case shadowWindowIsSum = "shadow_window_is_sum"
        /// A day's window of shadows never came to more than its limit and what providers charged beyond their price (M2).
        case shadowWithinLimit = "shadow_within_limit"
        /// The sums by minute are what the log says, but for what was written since they were made (M6, L3).
        case rollupIsLog = "rollup_is_log"
        /// The sums by hour and by day are those of the minutes.
        case rollupsAddUp = "rollups_add_up"

        /// What the id of its findings is of; nil: of nothing, and their detail names what they are about.
        package var subject: String? {
            switch self {
            case .budgetIsSumOfCalls, .budgetHoldsReservations, .budgetWithinLimit: "budget"
            case .shadowWindowIsSum, .shadowWithinLimit, .rollupIsLog, .rollupsAddUp: nil
            default: "call"
            }
        }
    }

    private let ledger: PostgresLedger

    package init(_ ledger: PostgresLedger) {
        self.ledger = ledger
    }

    /// Looks at the calls that were received since a moment. Returns at most `limit` findings for each rule.
    package func findings(since: Timestamp, limit: Int = 100) async throws(LedgerError) -> [Finding] {
        var findings: [Finding] = []
        // A day after where the log begins: an attempt there may belong to a call that was dropped.
        let horizon = try await ledger.readers.read(limit: .seconds(5)) { connection, deadline throws(PostgresError) in
            try PostgresLedger.horizon(PostgresLedger.logHorizon, on: connection, deadline)
        }
        let since = max(since, horizon.map { $0 + .seconds(86_400) } ?? since)
        for check in Check.allCases {
            findings += try await ledger.readers.read(
                limit: .seconds(300)
            ) { connection, deadline throws(PostgresError) in
                // The checks look at the whole log, so they may take longer than a look-up.
                let results = try connection.transaction(
                    [
                        SQLCommand("SET LOCAL statement_timeout = '280s'"),
                        SQLCommand(
                            "SELECT team_id, call_id, detail FROM (\(Self.sql(check))) AS f LIMIT $2",
                            [.time(since), .int(limit)]
                        ),
                    ],
                    begin: "BEGIN READ ONLY",
                    deadline: deadline
                )
                return try results[1].rows.map { (cells) throws(PostgresError) in
                    var row = RowReader(cells)
                    return Finding(
                        check: check,
                        teamID: try row.int64(),
                        callID: try row.uuid(),
                        detail: try row.text()
                    )
                }
            }
        }
        return findings
    }

    /// A call's attempts; the time prunes partitions, with an hour for a clock that stepped back.
    private static let attemptsOfCall = """
        a.team_id = c.team_id AND a.call_id = c.call_id AND a.started_at >= $1 - interval '1 hour'
        """

    /// The calls of a budget's window.
    private static let callsOfWindow = """
        (w.team_id = 0 OR c.team_id = w.team_id) AND c.received_at >= w.window_start AND c.received_at < w.window_end
            AND (w.project IS NULL OR c.project = w.project) AND (w.key_id IS NULL OR c.key_id = w.key_id)
        """

    /// Whether every call of a budget's window is still there.
    private static let isInLog = """
        w.window_start >= coalesce((SELECT watermark FROM daemon_state WHERE name = '\(PostgresLedger.logHorizon)'),
            '-infinity')
        """

    /// Stands where a finding is about neither a call nor a budget; its detail names what it is about.
    static let noID = "00000000-0000-0000-0000-000000000000"

    private static func sql(_ check: Check) -> String {
        switch check {
        case .rollupIsLog: RollupVerify.minutes()
        case .rollupsAddUp: RollupVerify.coarser()
        case .budgetIsSumOfCalls:
            """
            SELECT w.team_id, w.budget_id AS call_id, format('window %s posted %s and %s images, calls %s and %s',
                w.window_start, w.posted_nusd, w.posted_images, s.nusd, s.images) AS detail
            FROM budget_windows AS w, LATERAL (
                SELECT coalesce(sum(c.cost_nusd), 0) AS nusd, coalesce(sum(c.images_delivered), 0) AS images
                FROM calls AS c WHERE \(callsOfWindow) AND c.status <> 'in_progress') AS s
            WHERE w.window_end > $1 AND \(isInLog) AND (w.posted_nusd <> s.nusd OR w.posted_images <> s.images)
            """
        case .budgetHoldsReservations:
            """
            SELECT w.team_id, w.budget_id AS call_id, format('window %s holds %s and %s images, reservations %s and %s',
                w.window_start, w.reserved_nusd, w.reserved_images, s.nusd, s.images) AS detail
            FROM budget_windows AS w, LATERAL (
                SELECT coalesce(sum(r.amount_nusd), 0) AS nusd, coalesce(sum(r.images), 0) AS images
                FROM reservations AS r
                JOIN calls AS c ON c.team_id = r.team_id AND c.received_at = r.received_at AND c.call_id = r.call_id
                WHERE \(callsOfWindow)) AS s
            WHERE w.window_end > $1 AND \(isInLog) AND (w.reserved_nusd <> s.nusd OR w.reserved_images <> s.images)
            """
        case .budgetWithinLimit:
            """
            SELECT w.team_id, w.budget_id AS call_id, format('window %s holds %s nanodollars of %s and %s images of %s',
                w.window_start, w.posted_nusd + w.reserved_nusd, w.ceiling_nusd,
                w.posted_images + w.reserved_images, w.ceiling_images) AS detail
            FROM budget_windows AS w JOIN budgets AS b ON b.team_id = w.team_id AND b.id = w.budget_id
            WHERE w.window_end > $1 AND b.hard AND (
                (b.limit_nusd IS NOT NULL AND w.posted_nusd + w.reserved_nusd > w.ceiling_nusd)
                OR (b.limit_images IS NOT NULL AND w.posted_images + w.reserved_images > w.ceiling_images))
            """
        case .shadowWindowIsSum:
            """
            SELECT 0::bigint AS team_id, '\(noID)'::uuid AS call_id,
                format('policy %s, day %s: posted %s and holds %s, its shadows %s and %s', coalesce(w.policy, s.policy),
                    coalesce(w.window_start, s.window_start), w.posted_nusd, w.reserved_nusd, s.posted, s.reserved)
                    AS detail
            FROM (SELECT * FROM shadow_windows WHERE window_start > $1 - interval '1 day') AS w
            FULL JOIN (
                SELECT policy, window_start, coalesce(sum(cost_nusd), 0) AS posted,
                    coalesce(sum(bound_nusd) FILTER (WHERE cost_nusd IS NULL), 0) AS reserved
                FROM shadows
                WHERE started_at > $1 - interval '1 day' AND window_start > $1 - interval '1 day'
                GROUP BY policy, window_start
            ) AS s ON s.policy = w.policy AND s.window_start = w.window_start
            WHERE coalesce(w.posted_nusd, 0) <> coalesce(s.posted, 0)
                OR coalesce(w.reserved_nusd, 0) <> coalesce(s.reserved, 0)
            """
        case .shadowWithinLimit:
            """
            SELECT 0::bigint AS team_id, '\(noID)'::uuid AS call_id,
                format('policy %s, day %s: %s nanodollars of %s', policy, window_start, posted_nusd + reserved_nusd,
                    ceiling_nusd) AS detail
            FROM shadow_windows
            WHERE window_start > $1 - interval '1 day' AND posted_nusd + reserved_nusd > ceiling_nusd
            """
        case .costIsSumOfAttempts:
            """
            SELECT c.team_id, c.call_id, format('call %s, attempts %s', c.cost_nusd, a.cost) AS detail
            FROM calls AS c LEFT JOIN (
                SELECT team_id, call_id, CASE WHEN bool_and(cost_nusd IS NOT NULL) OR sum(cost_nusd) > 0
                    THEN sum(cost_nusd) END AS cost
                FROM attempts WHERE started_at >= $1 - interval '1 hour' GROUP BY team_id, call_id
            ) AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE c.received_at >= $1 AND c.status <> 'in_progress'
                AND c.cost_nusd IS DISTINCT FROM CASE WHEN a.call_id IS NULL THEN 0 ELSE a.cost END
            """
        case .settledWithoutPending:
            """
            SELECT c.team_id, c.call_id, format('attempt %s is pending', a.ordinal) AS detail
            FROM calls AS c JOIN attempts AS a ON \(attemptsOfCall)
            WHERE c.received_at >= $1 AND c.status <> 'in_progress' AND a.outcome = 'pending'
            """
        case .reservationHasReason:
            """
            SELECT r.team_id, r.call_id, format('reason %s, call %s', r.reason, c.status) AS detail
            FROM reservations AS r
            LEFT JOIN calls AS c
                ON c.team_id = r.team_id AND c.received_at = r.received_at AND c.call_id = r.call_id
            WHERE r.received_at >= $1 AND c.status IS DISTINCT FROM 'in_progress'
                AND NOT EXISTS (
                    SELECT 1 FROM attempts AS a WHERE a.team_id = r.team_id AND a.call_id = r.call_id
                        AND a.started_at >= $1 - interval '1 hour' AND a.outcome = 'unknown')
            """
        case .reservationIsThere:
            """
            SELECT c.team_id, c.call_id, format('status %s without a reservation', c.status) AS detail
            FROM calls AS c
            LEFT JOIN reservations AS r ON r.team_id = c.team_id AND r.call_id = c.call_id
            WHERE c.received_at >= $1 AND r.call_id IS NULL AND (c.status = 'in_progress' OR EXISTS (
                SELECT 1 FROM attempts AS a WHERE \(attemptsOfCall) AND a.outcome = 'unknown'
                    AND a.cost_nusd IS NULL AND a.error_code IS DISTINCT FROM '\(AttemptEnd.postedAtBound)'))
            """
        case .imagesDelivered:
            """
            SELECT c.team_id, c.call_id,
                format('call %s, pictures %s', c.images_delivered, coalesce(i.delivered, 0)) AS detail
            FROM calls AS c LEFT JOIN (
                SELECT team_id, call_id, count(*) FILTER (WHERE NOT withheld) AS delivered
                FROM images WHERE created_at >= $1 - interval '1 hour' GROUP BY team_id, call_id
            ) AS i ON i.team_id = c.team_id AND i.call_id = c.call_id
            WHERE c.received_at >= $1 AND c.status <> 'in_progress'
                AND c.images_delivered <> coalesce(i.delivered, 0)
            """
        case .nonNegative:
            """
            SELECT team_id, call_id, 'a figure of the call is below zero' AS detail FROM calls
            WHERE received_at >= $1 AND least(cost_nusd, estimated_nusd, failover_cost_nusd, bound_nusd, latency_ms,
                images_delivered, attempts) < 0
            UNION ALL
            SELECT team_id, call_id, format('a figure of attempt %s is below zero', ordinal) FROM attempts
            WHERE started_at >= $1
                AND least(cost_nusd, bound_nusd, price_per_image_nusd, images_asked, images_returned) < 0
            UNION ALL
            SELECT team_id, call_id, format('a figure of picture %s is below zero', ordinal) FROM images
            WHERE created_at >= $1 AND least(cost_nusd, bytes, width, height) < 0
            UNION ALL
            SELECT team_id, call_id, 'the reservation is below zero' FROM reservations
            WHERE received_at >= $1 AND amount_nusd < 0
            UNION ALL
            SELECT team_id, call_id, 'a figure of the shadow is below zero' FROM shadows
            WHERE started_at >= $1 AND least(price_per_image_nusd, images_returned, images_returned - withheld,
                nsfw_images, copyright_checked) < 0
            """
        case .ordinalsWithoutGaps:
            """
            SELECT c.team_id, c.call_id,
                format('call %s, attempts %s, last %s', max(c.attempts), count(a.call_id), max(a.ordinal)) AS detail
            FROM calls AS c LEFT JOIN attempts AS a ON \(attemptsOfCall)
            WHERE c.received_at >= $1 AND c.status <> 'in_progress'
            GROUP BY c.team_id, c.call_id
            HAVING count(a.call_id) <> coalesce(max(a.ordinal), 0)
                OR count(DISTINCT a.ordinal) <> count(a.call_id) OR max(c.attempts) <> count(a.call_id)
            """
        case .partsHaveCall:
            """
            SELECT p.team_id, p.call_id, p.part || ' without a call' AS detail FROM (
                SELECT team_id, call_id, 'an attempt' AS part FROM attempts WHERE started_at >= $1
                UNION ALL
                SELECT team_id, call_id, 'a picture' FROM images WHERE created_at >= $1
                UNION ALL
                SELECT team_id, call_id, 'a shadow' FROM shadows WHERE started_at >= $1
            ) AS p LEFT JOIN calls AS c
                ON c.team_id = p.team_id AND c.call_id = p.call_id AND c.received_at >= $1 - interval '7 days'
            WHERE c.call_id IS NULL
            """
        }
    }
}
