import EaselBase
import EaselCore
import Foundation

/// The statements that end a call. Each begins with `team_id = $1` or inserts it first, so that on a sharded database
/// it goes to one node; `ON CONFLICT` sets come from `excluded` only.
enum CallStatements {
    /// The parameters that find what belongs to a call: team, call and a range of time that prunes the partitions.
    static func parts(of key: CallKey) -> [SQLValue] {
        [
            .int(key.teamID), .uuid(key.callID), .time(key.receivedAt - clockSlack),
            .time(key.receivedAt + callWindow),
        ]
    }

    /// How long after its call an attempt or an image may still be written: the upper end of every look into their
    /// tables by call, so that only a partition or two are touched.
    static let callWindow = Duration.seconds(7 * 86_400)
    /// Tolerance for a clock that stepped back between a call and its attempts.
    static let clockSlack = Duration.seconds(3600)
    /// After this long what holds money back for an unknown attempt is looked into by people, not dropped (M7).
    static let unknownLifetime = Duration.seconds(86_400)

    /// Waits for whoever else writes this call, before anything of it is read: a figure that is read while another
    /// settlement is on its way would be posted twice.
    static func lockCall(_ key: CallKey) -> SQLCommand {
        SQLCommand(
            "SELECT 1 FROM calls WHERE team_id = $1 AND received_at = $2 AND call_id = $3 FOR UPDATE",
            key.values
        )
    }

    // MARK: - Settlement

    /// Locks the call, so that the first result has a row if the call is there, and the budgets' windows. The main
    /// command then posts the difference to the windows and updates the call, unless a newer settlement stands; all
    /// others take effect only when it did, which they see by the call's `settled_at`. So an old settlement that is
    /// replayed late changes nothing, and a repeated one posts nothing.
    static func settle(_ settlement: Settlement, locks: [SQLCommand]) -> [SQLCommand] {
        var commands = [lockCall(settlement.key)] + locks
        commands.append(main(settlement))
        commands += settlement.attempts.map { AttemptStatements.settle($0, settlement) }
        if settlement.replacesImages { commands.append(ImageStatements.remove(settlement)) }
        commands += settlement.images.map { ImageStatements.insert($0, settlement) }
        if settlement.translation != nil || settlement.errorDetail != nil || settlement.answer != nil {
            commands.append(payload(settlement))
        }
        commands.append(reservation(settlement))
        if settlement.isUntried { commands.append(forgetKey(settlement)) }
        if settlement.recovered || !settlement.isComplete {
            // Somebody may have found out meanwhile what this settlement does not know: what stands of the attempts decides.
            commands += ResolutionStatements.refigure(settlement.key, at: settlement.settledAt)
        }
        commands.append(RollupStatements.note(teamID: settlement.teamID, receivedAt: settlement.receivedAt))
        return commands
    }

    private static func payload(_ settlement: Settlement) -> SQLCommand {
        SQLCommand(
            """
            UPDATE \(Partitions.name("call_payloads", settlement.receivedAt)) SET
                translation = coalesce($5, translation), error_detail = coalesce($6, error_detail),
                answer = coalesce($7, answer)
            WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND EXISTS (
                SELECT 1 FROM \(Partitions.name("calls", settlement.receivedAt)) AS c
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
            """,
            settlement.key.values + [
                .time(settlement.settledAt), settlement.translation.map { .json(writing: $0) } ?? .json(nil),
                .text(settlement.errorDetail), .json(settlement.answer),
            ]
        )
    }

    /// Nothing was sent: who asks again with the same key is to have another try, not the same failure for a day.
    private static func forgetKey(_ settlement: Settlement) -> SQLCommand {
        let payloads = Partitions.name("call_payloads", settlement.receivedAt)
        return SQLCommand(
            """
            DELETE FROM idempotency_keys AS k USING \(payloads) AS p
            WHERE k.team_id = $1 AND k.received_at = $2 AND k.call_id = $3 AND k.key = p.idempotency_key
                AND p.team_id = $1 AND p.received_at = $2 AND p.call_id = $3 AND EXISTS (
                    SELECT 1 FROM \(Partitions.name("calls", settlement.receivedAt)) AS c
                    WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
            """,
            settlement.key.values + [.time(settlement.settledAt)]
        )
    }

    /// How long its caller waited stays as it was when a call that failed gets its images later.
    ///
    /// The word of the gateway that ran the call stands against recovery's, whichever is written first: recovery knows less,
    /// and began when it knew nothing of the settlement that was on its way. Only a call that failed may still get the
    /// images that recovery found.
    private static func main(_ settlement: Settlement) -> SQLCommand {
        let calls = Partitions.name("calls", settlement.receivedAt)
        let held = HeldBack(settlement.attempts)
        return SQLCommand(
            """
            WITH old AS (
                SELECT c.project, c.key_id, coalesce(c.cost_nusd, 0) AS cost, c.images_delivered::bigint AS images,
                    coalesce(r.amount_nusd, 0) AS held, coalesce(r.images, 0) AS held_images,
                    c.settled_at IS NULL OR c.recovered AS is_open
                FROM \(calls) AS c
                LEFT JOIN reservations AS r ON r.team_id = c.team_id AND r.call_id = c.call_id
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3
                    AND (c.settled_at IS NULL OR (c.recovered AND NOT $18)
                        OR (c.settled_at <= $4 AND (NOT $18 OR c.recovered OR (c.status = 'failed' AND $9 > 0))))
            ), posted AS (
                UPDATE budget_windows AS w
                SET \(BudgetStatements.post(cost: "coalesce($10, 0)", images: "$9", held: "$19", heldImages: "$20"))
                FROM old WHERE \(BudgetStatements.matchesOld)
            ), updated AS (
                UPDATE \(calls) AS c SET settled_at = $4, status = $5, error_code = $6, provider = $7,
                    last_provider = $8, images_delivered = $9, cost_nusd = $10, estimated_nusd = $11, cost_basis = $12,
                    latency_ms = CASE WHEN $18 AND c.settled_at IS NOT NULL THEN c.latency_ms ELSE $13 END, failover = $14, failover_cost_nusd = $15, attempts = $16, client_gone = $17,
                    recovered = $18 AND old.is_open
                FROM old WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3
                RETURNING 1)
            SELECT count(*) FROM updated
            """,
            settlement.key.values + [
                .time(settlement.settledAt), .text(settlement.status.rawValue), .text(settlement.errorCode),
                .text(settlement.provider),
                .text(
                    settlement.provider
                        ?? settlement.attempts.max { $0.start.ordinal < $1.start.ordinal }?.start.provider
                ),
                .int(settlement.imagesDelivered), .money(settlement.cost), .money(settlement.estimated),
                .text(settlement.costBasis.rawValue), .int(settlement.latency.milliseconds),
                .bool(settlement.failover), .money(settlement.failoverCost), .int(settlement.attemptCount),
                .bool(settlement.clientGone), .bool(settlement.recovered), .money(held.amount ?? .zero),
                .int(held.images),
            ]
        )
    }

    /// Lets the reservation go, or keeps it for what is unknown.
    private static func reservation(_ settlement: Settlement) -> SQLCommand {
        let calls = Partitions.name("calls", settlement.receivedAt)
        let held = HeldBack(settlement.attempts)
        if held.isEmpty {
            return SQLCommand(
                """
                DELETE FROM reservations WHERE team_id = $1 AND call_id = $3 AND EXISTS (
                    SELECT 1 FROM \(calls) AS c
                    WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
                """,
                settlement.key.values + [.time(settlement.settledAt)]
            )
        }
        return SQLCommand(
            """
            INSERT INTO reservations (team_id, call_id, received_at, gateway_id, amount_nusd, images, reason, created_at,
                expires_at)
            SELECT c.team_id, c.call_id, c.received_at, c.gateway_id, $5, $6, 'unknown_attempt', $4, $7
            FROM \(calls) AS c
            WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4
            ON CONFLICT (team_id, call_id) DO UPDATE SET amount_nusd = excluded.amount_nusd,
                images = excluded.images, reason = excluded.reason, expires_at = excluded.expires_at
            """,
            settlement.key.values + [
                .time(settlement.settledAt), .money(held.amount), .int(held.images),
                .time(settlement.receivedAt + unknownLifetime),
            ]
        )
    }
}

extension CallKey {
    /// As parameters, in the order of the tables' keys.
    var values: [SQLValue] { [.int(teamID), .time(receivedAt), .uuid(callID)] }
}
