import EaselBase
import EaselCore
import Foundation

/// The statements that put right what a settled call cost: something was found out later, or a price was.
enum ResolutionStatements {
    /// The ends first; then the call's figures, its reservation and what its budgets' windows hold are worked out from
    /// the attempts as they stand, so that two gateways that find out different things at once do not undo each other
    /// (M6, M7). `settled_at` moves on, so that a settlement that is replayed late does not bring the old figures back.
    static func resolve(_ resolution: LateResolution, locks: [SQLCommand]) -> [SQLCommand] {
        let ends = resolution.ends.map { AttemptStatements.resolve($0, receivedAt: resolution.receivedAt) }
        return commands(
            of: resolution.key,
            at: resolution.resolvedAt,
            locks: locks,
            changes: ends
        )
    }

    /// The same for other prices. The images' shares follow their attempt.
    static func reprice(_ repricing: Repricing, locks: [SQLCommand]) -> [SQLCommand] {
        let shares = SQLCommand(
            """
            UPDATE images AS i SET cost_nusd = a.cost_nusd / greatest(1, a.images_returned)
            FROM attempts AS a
            WHERE i.team_id = $1 AND i.call_id = $2 AND i.created_at >= $3 AND i.created_at < $4
                AND a.team_id = $1 AND a.call_id = $2 AND a.started_at >= $3 AND a.started_at < $4
                AND a.attempt_id = i.attempt_id AND a.cost_basis = 'price_book'
            """,
            CallStatements.parts(of: repricing.key)
        )
        return commands(
            of: repricing.key,
            at: repricing.repricedAt,
            locks: locks,
            changes: repricing.lines.map { line in
                AttemptStatements.reprice(
                    line,
                    teamID: repricing.teamID,
                    includesReconciled: repricing.includesReconciled
                )
            } + [shares]
        )
    }

    private static func commands(
        of key: CallKey,
        at moment: Timestamp,
        locks: [SQLCommand],
        changes: [SQLCommand]
    ) -> [SQLCommand] {
        // The call's row is locked before the attempts are summed: a sum taken while another resolution is on its way
        // would miss what that one writes. The order of locks is the settlement's.
        [CallStatements.lockCall(key)] + locks + changes + refigure(key, at: moment)
            + [RollupStatements.note(teamID: key.teamID, receivedAt: key.receivedAt)]
    }

    /// Works a settled call out from its attempts as they stand, under the lock of its row. The windows are posted to before
    /// the figures they are compared with are overwritten.
    static func refigure(_ call: CallKey, at moment: Timestamp) -> [SQLCommand] {
        let receivedAt = call.receivedAt
        let key =
            call.values + [
                .time(receivedAt - CallStatements.clockSlack), .time(receivedAt + CallStatements.callWindow),
            ]
        return [
            SQLCommand(postSQL, key), SQLCommand(figuresSQL, key + [.time(moment)]), SQLCommand(releaseSQL, key),
            SQLCommand(holdSQL, key + [.time(moment), .time(receivedAt + CallStatements.unknownLifetime)]),
        ]
    }

    private static let attemptsOfCall = "team_id = $1 AND call_id = $3 AND started_at >= $4 AND started_at < $5"

    private static let inVain = AttemptStatements.hasRacedInVain("a", from: "$4", to: "$5")

    private static let isSettled = """
        EXISTS (SELECT 1 FROM calls AS c
            WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status <> 'in_progress')
        """

    /// An attempt that holds its bound back.
    private static let isOpen = """
        outcome = 'unknown' AND cost_nusd IS NULL AND error_code IS DISTINCT FROM '\(AttemptEnd.postedAtBound)'
        """

    private static let postSQL = """
        WITH old AS (
            SELECT c.project, c.key_id, coalesce(c.cost_nusd, 0) AS cost, c.images_delivered::bigint AS images,
                coalesce(r.amount_nusd, 0) AS held, coalesce(r.images, 0) AS held_images
            FROM calls AS c
            LEFT JOIN reservations AS r ON r.team_id = c.team_id AND r.call_id = c.call_id
            WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status <> 'in_progress'
        ), new AS (
            SELECT coalesce(sum(cost_nusd), 0)::bigint AS cost,
                coalesce(CASE WHEN bool_and(bound_nusd IS NOT NULL) FILTER (WHERE \(isOpen))
                    THEN sum(bound_nusd) FILTER (WHERE \(isOpen)) END, 0)::bigint AS held,
                coalesce(sum(images_asked) FILTER (WHERE \(isOpen)), 0)::bigint AS held_images
            FROM attempts WHERE \(attemptsOfCall))
        UPDATE budget_windows AS w
        SET \(BudgetStatements.post(cost: "new.cost", images: "old.images", held: "new.held", heldImages: "new.held_images"))
        FROM old, new WHERE \(BudgetStatements.matchesOld)
        """

    /// The same rules as the gateway's accounting: the sum of what is known, NULL when only zeros are known and one is not.
    private static let figuresSQL = """
        UPDATE calls AS c SET cost_nusd = a.cost, cost_basis = a.basis, failover_cost_nusd = a.wasted,
            estimated_nusd = CASE WHEN a.cost IS NOT NULL THEN a.estimated END,
            -- An attempt that comes to light late, as out of a journal, may have been another provider's.
            failover = c.failover OR coalesce(a.is_next, false),
            settled_at = greatest($6, c.settled_at + interval '1 microsecond'), attempts = a.count
        FROM (
            SELECT count(*) AS count, CASE WHEN bool_and(cost_nusd IS NOT NULL) OR sum(cost_nusd) > 0
                    THEN sum(cost_nusd)::bigint END AS cost,
                coalesce(sum(cost_nusd) FILTER (WHERE cost_basis <> 'provider'), 0)::bigint AS estimated,
                CASE WHEN bool_or(cost_nusd IS NULL OR cost_basis = 'unknown') THEN 'unknown'
                    WHEN bool_or(cost_basis = 'price_book' AND cost_nusd <> 0) THEN 'price_book'
                    ELSE 'provider' END AS basis,
                CASE WHEN NOT coalesce(bool_or(cost_nusd IS NULL) FILTER (WHERE gave_nothing), false)
                    THEN coalesce(sum(cost_nusd) FILTER (WHERE gave_nothing), 0)::bigint END AS wasted,
                bool_or(is_next) AS is_next
            FROM (
                SELECT a.cost_nusd, a.cost_basis, a.outcome NOT IN ('succeeded', 'partial') OR \(inVain) AS gave_nothing,
                    a.race IS NULL AND a.provider <> first_value(a.provider) OVER (ORDER BY a.ordinal) AS is_next
                FROM attempts AS a
                WHERE a.team_id = $1 AND a.call_id = $3 AND a.started_at >= $4 AND a.started_at < $5) AS parts
            HAVING count(*) > 0
        ) AS a
        WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status <> 'in_progress'
        """

    private static let releaseSQL = """
        DELETE FROM reservations WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND \(isSettled)
            AND NOT EXISTS (SELECT 1 FROM attempts WHERE \(attemptsOfCall) AND \(isOpen))
        """

    private static let holdSQL = """
        INSERT INTO reservations (team_id, call_id, received_at, gateway_id, amount_nusd, images, reason, created_at,
            expires_at)
        SELECT c.team_id, c.call_id, c.received_at, c.gateway_id, a.amount, a.images, 'unknown_attempt', $6, $7
        FROM calls AS c, (
            SELECT count(*) AS count,
                CASE WHEN bool_and(bound_nusd IS NOT NULL) THEN sum(bound_nusd)::bigint END AS amount,
                coalesce(sum(images_asked), 0)::bigint AS images
            FROM attempts WHERE \(attemptsOfCall) AND \(isOpen)) AS a
        WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status <> 'in_progress' AND a.count > 0
        ON CONFLICT (team_id, call_id) DO UPDATE SET amount_nusd = excluded.amount_nusd, images = excluded.images,
            reason = excluded.reason
        """
}
