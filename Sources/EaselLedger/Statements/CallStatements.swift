import EaselBase
import EaselCore
import Foundation

/// The statements on a call's way. Each begins with `team_id = $1` or inserts it first, so that on a sharded database
/// it goes to one node; `ON CONFLICT` sets come from `excluded` only.
enum CallStatements {
    /// How long after its call an attempt or a picture may still be written: the upper end of every look into their
    /// tables by call, so that only a partition or two are touched.
    static let callWindow = Duration.seconds(7 * 86_400)
    /// Tolerance for a clock that stepped back between a call and its attempts.
    static let clockSlack = Duration.seconds(3600)
    /// After this long a reservation without a settlement is looked into by recovery; it is not dropped by itself (M7).
    static let reservationLifetime = Duration.seconds(86_400)

    // MARK: - Admission

    static func admit(_ admission: Admission) -> [SQLCommand] {
        let calls = Partitions.name("calls", admission.receivedAt)
        let call = SQLCommand(
            """
            INSERT INTO \(calls) (team_id, received_at, call_id, key_id, gateway_id, project, tags, policy, model,
                copyright_detection, status, images_requested, bound_nusd, attempts)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'in_progress', $11, $12, $13)
            ON CONFLICT DO NOTHING
            """,
            callHead(admission)
        )
        // Only for a call in progress: an admission that a stalled server commits late must not hold money back for a
        // call that was settled or taken back meanwhile.
        let reservation = SQLCommand(
            """
            INSERT INTO reservations (team_id, call_id, received_at, gateway_id, amount_nusd, reason, created_at,
                expires_at)
            SELECT $1, $2, $3, $4, $5, 'in_progress', $3, $6 FROM \(calls) AS c
            WHERE c.team_id = $1 AND c.received_at = $3 AND c.call_id = $2 AND c.status = 'in_progress'
            ON CONFLICT DO NOTHING
            """,
            [
                .int(admission.teamID), .uuid(admission.callID), .time(admission.receivedAt),
                .uuid(admission.gatewayID), .money(admission.bound),
                .time(admission.receivedAt + reservationLifetime),
            ]
        )
        return [call, payload(admission), reservation] + admission.attempts.map(AttemptStatements.start)
    }

    private static func callHead(_ admission: Admission) -> [SQLValue] {
        [
            .int(admission.teamID), .time(admission.receivedAt), .uuid(admission.callID), .uuid(admission.keyID),
            .uuid(admission.gatewayID), .text(admission.project), .json(writing: admission.tags),
            .text(admission.policy), .text(admission.model.rawValue),
            .bool(admission.parameters["copyright_detection"]?.boolValue ?? false),
            .int(admission.imagesRequested), .money(admission.bound), .int(admission.attempts.count),
        ]
    }

    private static func payload(_ admission: Admission) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO \(Partitions.name("call_payloads", admission.receivedAt))
                (team_id, received_at, call_id, prompt, parameters, plan, translation)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT DO NOTHING
            """,
            [
                .int(admission.teamID), .time(admission.receivedAt), .uuid(admission.callID), .text(admission.prompt),
                .json(writing: admission.parameters), .json(writing: admission.plan),
                .json(writing: admission.translation),
            ]
        )
    }

    /// Takes back an admission of which it is not known whether it was written: the call becomes one that failed
    /// without anything being sent, and its reservation goes. The rows are written whether or not they are there, so
    /// that an admission that a stalled server commits later finds them and changes nothing.
    static func undo(_ admission: Admission, at moment: Timestamp) -> [SQLCommand] {
        let call = SQLCommand(
            """
            INSERT INTO calls (team_id, received_at, call_id, key_id, gateway_id, project, tags, policy, model,
                copyright_detection, images_requested, bound_nusd, attempts, status, error_code, cost_nusd,
                latency_ms, settled_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'failed', 'unavailable', 0, $14, $15)
            ON CONFLICT (team_id, received_at, call_id) DO UPDATE SET
                status = excluded.status, error_code = excluded.error_code, cost_nusd = excluded.cost_nusd,
                latency_ms = excluded.latency_ms, settled_at = excluded.settled_at
            WHERE calls.status = 'in_progress'
            """,
            callHead(admission) + [
                .int(moment.since(admission.receivedAt).milliseconds), .time(moment),
            ]
        )
        let reservation = SQLCommand(
            """
            DELETE FROM reservations WHERE team_id = $1 AND call_id = $3 AND EXISTS (
                SELECT 1 FROM calls AS c
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
            """,
            [
                .int(admission.teamID), .time(admission.receivedAt), .uuid(admission.callID), .time(moment),
            ]
        )
        return [call, payload(admission), reservation]
            + admission.attempts.map { AttemptStatements.neverSent($0, at: moment) }
    }

    // MARK: - Settlement

    /// The first command updates the call unless a newer settlement stands; all others take effect only when it did,
    /// which they see by the call's `settled_at`. So an old settlement that is replayed late changes nothing.
    static func settle(_ settlement: Settlement) -> [SQLCommand] {
        var commands = [update(settlement)]
        commands += settlement.attempts.map { AttemptStatements.settle($0, settlement) }
        if settlement.replacesImages { commands.append(ImageStatements.remove(settlement)) }
        commands += settlement.images.map { ImageStatements.insert($0, settlement) }
        if let translation = settlement.translation {
            commands.append(
                SQLCommand(
                    """
                    UPDATE \(Partitions.name("call_payloads", settlement.receivedAt)) SET translation = $5
                    WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND EXISTS (
                        SELECT 1 FROM \(Partitions.name("calls", settlement.receivedAt)) AS c
                        WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
                    """,
                    head(settlement) + [.time(settlement.settledAt), .json(writing: translation)]
                )
            )
        }
        commands.append(reservation(settlement))
        return commands
    }

    // MARK: - What was found out later

    /// The ends first; then the call's figures and its reservation are worked out from the attempts as they stand, so that
    /// two gateways that find out different things at once do not undo each other (M6, M7).
    static func resolve(_ resolution: LateResolution) -> [SQLCommand] {
        let key: [SQLValue] = [
            .int(resolution.teamID), .time(resolution.receivedAt), .uuid(resolution.callID),
            .time(resolution.receivedAt - clockSlack), .time(resolution.receivedAt + callWindow),
        ]
        // The call's row is locked before the attempts are summed: a sum taken while another resolution is on its way would
        // miss what that one writes. The order of locks is the settlement's.
        let lock = SQLCommand(
            "SELECT 1 FROM calls WHERE team_id = $1 AND received_at = $2 AND call_id = $3 FOR UPDATE",
            Array(key.prefix(3))
        )
        return [lock] + resolution.ends.map { AttemptStatements.resolve($0, receivedAt: resolution.receivedAt) } + [
            SQLCommand(figuresSQL, key), SQLCommand(releaseSQL, key), SQLCommand(holdSQL, key),
        ]
    }

    private static let attemptsOfCall = "team_id = $1 AND call_id = $3 AND started_at >= $4 AND started_at < $5"

    private static let isSettled = """
        EXISTS (SELECT 1 FROM calls AS c
            WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status <> 'in_progress')
        """

    /// The same rules as the gateway's accounting: the sum of what is known, NULL when only zeros are known and one is not.
    private static let figuresSQL = """
        UPDATE calls AS c SET cost_nusd = a.cost, cost_basis = a.basis, failover_cost_nusd = a.wasted,
            estimated_nusd = CASE WHEN a.cost IS NOT NULL THEN a.estimated END
        FROM (
            SELECT CASE WHEN bool_and(cost_nusd IS NOT NULL) OR sum(cost_nusd) > 0
                    THEN sum(cost_nusd)::bigint END AS cost,
                coalesce(sum(cost_nusd) FILTER (WHERE cost_basis <> 'provider'), 0)::bigint AS estimated,
                CASE WHEN bool_or(cost_nusd IS NULL OR cost_basis = 'unknown') THEN 'unknown'
                    WHEN bool_or(cost_basis = 'price_book' AND cost_nusd <> 0) THEN 'price_book'
                    ELSE 'provider' END AS basis,
                CASE WHEN NOT coalesce(bool_or(cost_nusd IS NULL)
                        FILTER (WHERE outcome NOT IN ('succeeded', 'partial')), false)
                    THEN coalesce(sum(cost_nusd)
                        FILTER (WHERE outcome NOT IN ('succeeded', 'partial')), 0)::bigint END AS wasted
            FROM attempts WHERE \(attemptsOfCall)
            HAVING count(*) > 0
        ) AS a
        WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status <> 'in_progress'
        """

    private static let releaseSQL = """
        DELETE FROM reservations WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND \(isSettled)
            AND NOT EXISTS (SELECT 1 FROM attempts
                WHERE \(attemptsOfCall) AND outcome = 'unknown' AND cost_nusd IS NULL)
        """

    private static let holdSQL = """
        UPDATE reservations SET amount_nusd = (
            SELECT CASE WHEN bool_and(bound_nusd IS NOT NULL) THEN sum(bound_nusd)::bigint END FROM attempts
            WHERE \(attemptsOfCall) AND outcome = 'unknown' AND cost_nusd IS NULL)
        WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND \(isSettled)
        """

    private static func head(_ settlement: Settlement) -> [SQLValue] {
        [.int(settlement.teamID), .time(settlement.receivedAt), .uuid(settlement.callID)]
    }

    private static func update(_ settlement: Settlement) -> SQLCommand {
        SQLCommand(
            """
            UPDATE \(Partitions.name("calls", settlement.receivedAt)) SET settled_at = $4, status = $5, error_code = $6, provider = $7, last_provider = $8,
                images_delivered = $9, cost_nusd = $10, estimated_nusd = $11, cost_basis = $12, latency_ms = $13,
                failover = $14, failover_cost_nusd = $15, attempts = $16, client_gone = $17
            WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND (settled_at IS NULL OR settled_at <= $4)
            """,
            head(settlement) + [
                .time(settlement.settledAt), .text(settlement.status.rawValue), .text(settlement.errorCode),
                .text(settlement.provider),
                .text(
                    settlement.provider
                        ?? settlement.attempts.max { $0.start.ordinal < $1.start.ordinal }?.start.provider
                ),
                .int(settlement.imagesDelivered), .money(settlement.cost), .money(settlement.estimated),
                .text(settlement.costBasis.rawValue), .int(settlement.latency.milliseconds),
                .bool(settlement.failover), .money(settlement.failoverCost), .int(settlement.attemptCount),
                .bool(settlement.clientGone),
            ]
        )
    }

    /// Lets the reservation go, or holds back the upper bound of what is unknown for as long as it is (M7).
    private static func reservation(_ settlement: Settlement) -> SQLCommand {
        let calls = Partitions.name("calls", settlement.receivedAt)
        // One that was posted at its bound holds nothing back any more.
        let unknown = settlement.attempts.filter { $0.outcome == .unknown && $0.cost == nil }
        if unknown.isEmpty {
            return SQLCommand(
                """
                DELETE FROM reservations WHERE team_id = $1 AND call_id = $3 AND EXISTS (
                    SELECT 1 FROM \(calls) AS c
                    WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
                """,
                head(settlement) + [.time(settlement.settledAt)]
            )
        }
        return SQLCommand(
            """
            INSERT INTO reservations (team_id, call_id, received_at, gateway_id, amount_nusd, reason, created_at,
                expires_at)
            SELECT c.team_id, c.call_id, c.received_at, c.gateway_id, $5, 'unknown_attempt', $4, $6
            FROM \(calls) AS c
            WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4
            ON CONFLICT (team_id, call_id) DO UPDATE SET amount_nusd = excluded.amount_nusd,
                reason = excluded.reason, expires_at = excluded.expires_at
            """,
            head(settlement) + [
                .time(settlement.settledAt), .money(Money.sum(unknown.map(\.start.bound))),
                .time(settlement.receivedAt + reservationLifetime),
            ]
        )
    }
}
