import EaselBase
import EaselCore

/// The statements that admit a call, take an admission back, and let a call go on to another provider.
enum AdmissionStatements {
    /// A call's admission: its commands, and which of them tells whether it was admitted.
    struct Unit {
        let commands: [SQLCommand]
        /// The command whose only cell is 1 when the call was admitted.
        let verdict: Int
    }

    /// Locks the windows of the budgets that apply, the organisation's first, and then in one statement: checks the
    /// terms and every limit, and only if all hold writes idempotency key, call, payload, reservation and attempts and
    /// adds the reservation to each window (M2, M3). One statement with writing parts instead of several: it is all or
    /// nothing by itself, so a refusal leaves no row behind, and a repeat after a lost answer adds nothing twice.
    ///
    /// `missing`: windows that may not have a row yet.
    static func admit(_ admission: Admission, missing: [AppliedBudget]) -> Unit {
        var commands = missing.map(BudgetStatements.ensure)
        let teams = Set(admission.budgets.map(\.teamID)).sorted()
        commands += teams.map { BudgetStatements.lock(teamID: $0, at: admission.receivedAt) }
        commands.append(main(admission))
        return Unit(commands: commands, verdict: commands.count - 1)
    }

    private static func main(_ admission: Admission) -> SQLCommand {
        var parameters = SQLParameters()
        let call = parameters.add(callHead(admission))  // $1 team, $2 received_at, $3 call_id, $12 bound
        let version = parameters.add(.int(admission.termsVersion))
        let gateway = parameters.add(.uuid(admission.gatewayID))
        let lease = parameters.add(.time(admission.leaseEndsAt))
        var parts: [String] = []
        var held = ""
        if admission.budgets.isEmpty {
            parts.append(
                """
                permit AS MATERIALIZED (
                    SELECT 1 FROM terms AS t WHERE t.name = 'spending' AND t.version = \(version))
                """
            )
        } else {
            let ids = parameters.add(.uuids(admission.budgets.map(\.budgetID)))
            let allows = parameters.add(.bool(admission.allowsUnpriced))
            parts.append(permit(version: version, budgets: ids, allowsUnpriced: allows))
            held = hold(budgets: ids)
        }
        var source = "permit"
        if let key = admission.idempotency {
            let text = parameters.add(.text(key.text))
            let fingerprint = parameters.add(.bytes(key.fingerprint))
            let expiry = parameters.add(.time(admission.receivedAt + IdempotencyKey.lifetime))
            parts.append(
                """
                idem AS (
                    INSERT INTO idempotency_keys (team_id, key, fingerprint, call_id, received_at, expires_at)
                    SELECT $1, \(text), \(fingerprint), $3, $2, \(expiry) FROM permit
                    WHERE NOT EXISTS (
                        SELECT 1 FROM calls AS c WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3)
                    ON CONFLICT (team_id, key) DO UPDATE SET fingerprint = excluded.fingerprint,
                        call_id = excluded.call_id, received_at = excluded.received_at,
                        expires_at = excluded.expires_at
                    WHERE idempotency_keys.expires_at <= excluded.received_at
                    RETURNING 1)
                """
            )
            source = "idem"
        }
        parts.append(
            """
            call AS (
                INSERT INTO \(Partitions.name("calls", admission.receivedAt)) (\(callColumns), status)
                SELECT \(call), 'in_progress' FROM \(source)
                ON CONFLICT DO NOTHING RETURNING 1)
            """
        )
        let payload = parameters.add(payloadTail(admission))
        parts.append(
            """
            payload AS (
                INSERT INTO \(Partitions.name("call_payloads", admission.receivedAt)) (\(payloadColumns))
                SELECT $1, $2, $3, \(payload) FROM call ON CONFLICT DO NOTHING)
            """
        )
        parts.append(
            """
            reservation AS (
                INSERT INTO reservations (team_id, call_id, received_at, gateway_id, amount_nusd, images, reason,
                    created_at, expires_at)
                SELECT $1, $3, $2, \(gateway), $12, $11, 'in_progress', $2, \(lease) FROM call
                ON CONFLICT DO NOTHING)
            """
        )
        if !held.isEmpty { parts.append(held) }
        for (index, attempt) in admission.attempts.enumerated() {
            let values = parameters.add(AttemptStatements.startValues(attempt))
            parts.append("attempt\(index) AS (\(AttemptStatements.insertStart(attempt, "SELECT \(values) FROM call")))")
        }
        return SQLCommand(
            "WITH \(parts.joined(separator: ",\n"))\nSELECT count(*) FROM call",
            parameters.values
        )
    }

    /// One row when the terms are those that the plan was made with and every budget takes the amount. A window that is
    /// not there counts as one that does not take it.
    private static func permit(version: String, budgets: String, allowsUnpriced: String) -> String {
        """
        permit AS MATERIALIZED (
            SELECT 1 FROM terms AS t WHERE t.name = 'spending' AND t.version = \(version)
                AND cardinality(\(budgets)) = (
                    SELECT count(*) FROM budget_windows AS w
                    JOIN budgets AS b ON b.team_id = w.team_id AND b.id = w.budget_id
                    WHERE w.team_id IN (0, $1) AND w.budget_id = ANY(\(budgets))
                        AND w.window_start <= $2 AND w.window_end > $2
                        AND CASE WHEN NOT b.hard THEN true
                            WHEN b.limit_nusd IS NULL THEN
                                w.posted_images + w.reserved_images + $11 <= \(BudgetStatements.limitImages(at: "$2"))
                            WHEN $12::bigint IS NULL THEN \(allowsUnpriced)
                            ELSE w.posted_nusd + w.reserved_nusd + $12 <= \(BudgetStatements.limitNusd(at: "$2"))
                            END))
        """
    }

    private static func hold(budgets: String) -> String {
        """
        held AS (
            UPDATE budget_windows AS w SET reserved_nusd = w.reserved_nusd + coalesce($12, 0),
                reserved_images = w.reserved_images + $11,
                ceiling_nusd = greatest(w.ceiling_nusd, \(BudgetStatements.limitNusd(at: "$2"))),
                ceiling_images = greatest(w.ceiling_images, \(BudgetStatements.limitImages(at: "$2")))
            FROM call, budgets AS b
            WHERE w.team_id IN (0, $1) AND w.budget_id = ANY(\(budgets))
                AND w.window_start <= $2 AND w.window_end > $2
                AND b.team_id = w.team_id AND b.id = w.budget_id)
        """
    }

    private static let callColumns = """
        team_id, received_at, call_id, key_id, gateway_id, project, tags, policy, model, copyright_detection,
            images_requested, bound_nusd, attempts
        """

    private static func callHead(_ admission: Admission) -> [SQLValue] {
        admission.key.values + [
            .uuid(admission.keyID), .uuid(admission.gatewayID), .text(admission.project),
            .json(writing: admission.tags),
            .text(admission.policy), .text(admission.model.rawValue),
            .bool(admission.parameters["copyright_detection"]?.boolValue ?? false),
            .int(admission.imagesRequested), .money(admission.bound), .int(admission.attempts.count),
        ]
    }

    private static let payloadColumns =
        "team_id, received_at, call_id, prompt, parameters, plan, translation, idempotency_key"

    private static func payloadTail(_ admission: Admission) -> [SQLValue] {
        [
            .text(admission.prompt), .json(writing: admission.parameters), .json(writing: admission.plan),
            .json(writing: admission.translation), .text(admission.idempotency?.text),
        ]
    }

    // MARK: - Taking it back

    /// Takes back an admission of which it is not known whether it was written: the call becomes one that failed
    /// without anything being sent, its money is free again and its key too. The rows are written whether or not they
    /// are there, so that an admission that a stalled server commits later finds them and changes nothing. The call's
    /// row comes first: to write it is to wait for an admission that is on its way.
    static func undo(_ admission: Admission, at moment: Timestamp) -> [SQLCommand] {
        let call = SQLCommand(
            """
            INSERT INTO calls (\(callColumns), status, error_code, cost_nusd, latency_ms, settled_at)
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
        let payload = SQLCommand(
            """
            INSERT INTO \(Partitions.name("call_payloads", admission.receivedAt)) (\(payloadColumns))
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
            """,
            admission.key.values + payloadTail(admission)
        )
        let key = admission.key.values + [.time(moment)]
        let isUndone = """
            EXISTS (SELECT 1 FROM calls AS c
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
            """
        let free = SQLCommand(
            """
            WITH old AS (
                SELECT c.project, c.key_id, coalesce(r.amount_nusd, 0) AS held, r.images AS held_images,
                    0::bigint AS cost, 0::bigint AS images
                FROM calls AS c JOIN reservations AS r ON r.team_id = c.team_id AND r.call_id = c.call_id
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.settled_at = $4)
            UPDATE budget_windows AS w
            SET \(BudgetStatements.post(cost: "0", images: "0", held: "0", heldImages: "0"))
            FROM old WHERE \(BudgetStatements.matchesOld)
            """,
            key
        )
        let reservation = SQLCommand(
            "DELETE FROM reservations WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND \(isUndone)",
            key
        )
        let idempotency = SQLCommand(
            "DELETE FROM idempotency_keys WHERE team_id = $1 AND received_at = $2 AND call_id = $3 AND \(isUndone)",
            key
        )
        let locks = BudgetStatements.locks(teamID: admission.teamID, at: admission.receivedAt)
        return [call, payload] + locks + [free, reservation, idempotency]
            + admission.attempts.map { AttemptStatements.neverSent($0, at: moment) }
            + [RollupStatements.note(teamID: admission.teamID, receivedAt: admission.receivedAt)]
    }

    // MARK: - Another provider

    /// Holds back what the call needs from now on, where every hard budget takes the difference, and writes the
    /// attempts only then. The command at `verdict` has a cell of 1 when it did.
    ///
    /// The call and every window it may count against are locked first, whatever this gateway knows of budgets: what the
    /// check sees must be what the update adds to, and a settlement by recovery must not take the reservation in between.
    static func hold(
        _ hold: Hold,
        for starts: [AttemptStart],
        of call: CallKey
    ) -> Unit {
        let key = call.values + [.money(hold.amount), .int(hold.images)]
        let locks =
            [CallStatements.lockCall(call)] + BudgetStatements.locks(teamID: call.teamID, at: call.receivedAt)
        let moreImages = "greatest(0, $5 - old.held_images)"
        let more = "greatest(0, $4 - old.held)"
        let main = SQLCommand(
            """
            WITH old AS (
                SELECT c.project, c.key_id, r.amount_nusd AS held, r.images AS held_images
                FROM calls AS c JOIN reservations AS r ON r.team_id = c.team_id AND r.call_id = c.call_id
                WHERE c.team_id = $1 AND c.received_at = $2 AND c.call_id = $3 AND c.status = 'in_progress'
            ), permit AS MATERIALIZED (
                SELECT 1 FROM old WHERE NOT EXISTS (
                    SELECT 1 FROM budget_windows AS w
                    JOIN budgets AS b ON b.team_id = w.team_id AND b.id = w.budget_id
                    WHERE \(BudgetStatements.matchesOld) AND b.hard AND (
                        (old.held < $4
                            AND w.posted_nusd + w.reserved_nusd + \(more) > \(BudgetStatements.limitNusd(at: "$2")))
                        OR (old.held_images < $5 AND w.posted_images + w.reserved_images + \(moreImages)
                            > \(BudgetStatements.limitImages(at: "$2")))))
            ), held AS (
                UPDATE budget_windows AS w SET
                    reserved_nusd = w.reserved_nusd + CASE WHEN old.held IS NULL THEN 0 ELSE \(more) END,
                    reserved_images = w.reserved_images + \(moreImages),
                    ceiling_nusd = greatest(w.ceiling_nusd, \(BudgetStatements.limitNusd(at: "$2"))),
                    ceiling_images = greatest(w.ceiling_images, \(BudgetStatements.limitImages(at: "$2")))
                FROM permit, old, budgets AS b
                WHERE b.team_id = w.team_id AND b.id = w.budget_id AND \(BudgetStatements.matchesOld)
            ), reservation AS (
                UPDATE reservations AS r SET images = greatest(r.images, $5),
                    amount_nusd = CASE WHEN r.amount_nusd IS NULL THEN NULL ELSE greatest(r.amount_nusd, $4) END
                FROM permit WHERE r.team_id = $1 AND r.call_id = $3)
            SELECT count(*) FROM permit
            """,
            key
        )
        let attempts = starts.map { AttemptStatements.startIfHeld($0, hold) }
        return Unit(commands: locks + [main] + attempts, verdict: locks.count)
    }
}
