import EaselBase
import EaselCore

/// The statements that write attempts (M4).
enum AttemptStatements {
    private static let startColumns = """
        team_id, started_at, attempt_id, call_id, ordinal, provider, provider_model, task_id, images_asked, bound_nusd,
        price_per_image_nusd, duplicate_risk, race
        """

    private static let endColumns = """
        outcome, reason, error_code, http_status, sent, cost_nusd, cost_basis, dns_ms, connect_ms, tls_ms,
        first_byte_ms, total_ms, ended_at, images_returned, provider_task_id, provider_request_id, extra
        """

    /// Overwrites the end of an attempt that is there. What was known before and is not known any better is not lost: an id
    /// of the provider, the side of a race, and what was measured while the attempt was under way (an end that was found
    /// out later has no times of its own).
    private static let overwriteEnd = """
        outcome = excluded.outcome, reason = excluded.reason, error_code = excluded.error_code,
        http_status = coalesce(excluded.http_status, attempts.http_status), sent = excluded.sent,
        cost_nusd = excluded.cost_nusd, cost_basis = excluded.cost_basis,
        dns_ms = coalesce(excluded.dns_ms, attempts.dns_ms),
        connect_ms = coalesce(excluded.connect_ms, attempts.connect_ms),
        tls_ms = coalesce(excluded.tls_ms, attempts.tls_ms),
        first_byte_ms = coalesce(excluded.first_byte_ms, attempts.first_byte_ms),
        total_ms = coalesce(excluded.total_ms, attempts.total_ms),
        ended_at = CASE WHEN excluded.total_ms IS NULL AND attempts.total_ms IS NOT NULL THEN attempts.ended_at
            ELSE excluded.ended_at END,
        images_returned = excluded.images_returned,
        provider_task_id = coalesce(excluded.provider_task_id, attempts.provider_task_id),
        provider_request_id = coalesce(excluded.provider_request_id, attempts.provider_request_id),
        extra = coalesce(excluded.extra, attempts.extra), race = coalesce(attempts.race, excluded.race)
        """

    private static let startPlaces = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14"

    /// An attempt that comes to light when its call is settled already, as from a journal, has an end that nobody knows.
    private static let beginning = """
        CASE WHEN EXISTS (SELECT 1 FROM calls AS c
            WHERE c.team_id = $1 AND c.received_at = $15 AND c.call_id = $4 AND c.status <> 'in_progress')
            THEN 'unknown' ELSE 'pending' END
        """

    /// The insertion of an attempt's row from `source`, which gives `startValues` in their order.
    static func insertStart(_ start: AttemptStart, _ source: String) -> String {
        """
        INSERT INTO \(Partitions.name("attempts", start.startedAt)) (\(startColumns), provider_task_id, outcome)
        \(source) ON CONFLICT DO NOTHING
        """
    }

    /// What an attempt's row begins with, `pending` included.
    static func startValues(_ start: AttemptStart) -> [SQLValue] {
        head(start) + [.text(start.providerTaskID), .text(AttemptOutcome.pending.rawValue)]
    }

    private static let noteSQL = """
        INSERT INTO attempts (\(startColumns), provider_task_id, outcome)
        VALUES (\(startPlaces), \(beginning))
        ON CONFLICT (team_id, started_at, attempt_id) DO UPDATE SET provider_task_id = excluded.provider_task_id
        WHERE attempts.provider_task_id IS NULL
        """

    private static let neverSentSQL = """
        INSERT INTO attempts (\(startColumns), outcome, reason, error_code, sent, cost_nusd, cost_basis, ended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            'failed', 'not_admitted', 'unavailable', false, 0, 'price_book', $14)
        ON CONFLICT (team_id, started_at, attempt_id) DO UPDATE SET outcome = excluded.outcome,
            reason = excluded.reason, error_code = excluded.error_code, sent = excluded.sent,
            cost_nusd = excluded.cost_nusd, cost_basis = excluded.cost_basis, ended_at = excluded.ended_at
        WHERE attempts.outcome = 'pending'
        """

    private static let values = """
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27, $28, $29, $30
        """

    /// Applies while the call is in progress and the attempt has no better end: a start list that is replayed after the
    /// settlement of its call must not undo it.
    private static let endSQL = """
        INSERT INTO attempts (\(startColumns), \(endColumns))
        SELECT \(values) FROM calls AS c
        WHERE c.team_id = $1 AND c.received_at = $31 AND c.call_id = $4 AND c.status = 'in_progress'
        ON CONFLICT (team_id, started_at, attempt_id) DO UPDATE SET \(overwriteEnd)
        WHERE attempts.outcome IN ('pending', 'unknown')
        """

    private static func settleSQL(_ attempts: String, _ calls: String) -> String {
        """
        INSERT INTO \(attempts) AS attempts (\(startColumns), \(endColumns))
        SELECT \(values) FROM \(calls) AS c
        WHERE c.team_id = $1 AND c.received_at = $31 AND c.call_id = $4 AND c.settled_at = $32
        ON CONFLICT (team_id, started_at, attempt_id) DO UPDATE SET \(overwriteEnd)
        -- What somebody has found out is not forgotten.
        WHERE attempts.cost_nusd IS NULL OR attempts.outcome = 'pending' OR excluded.cost_nusd IS NOT NULL
        """
    }

    /// Another price for an attempt that delivered. A provider's own word stands, and unless it is meant ($6) what an
    /// invoice has confirmed.
    private static let repriceSQL = """
        UPDATE attempts SET price_per_image_nusd = $4, cost_nusd = $5, cost_basis = 'price_book', reconciliation_id = NULL
        WHERE team_id = $1 AND started_at = $2 AND attempt_id = $3 AND cost_basis <> 'provider'
            AND outcome IN ('succeeded', 'partial') AND (reconciliation_id IS NULL OR $6)
        """

    static func reprice(_ line: Repricing.Line, teamID: Int64, includesReconciled: Bool) -> SQLCommand {
        SQLCommand(
            repriceSQL,
            [
                .int(teamID), .time(line.startedAt), .uuid(line.attemptID), .money(line.price), .money(line.cost),
                .bool(includesReconciled),
            ]
        )
    }

    /// Only what is still unknown, or was broken off, can be found out later.
    private static let resolveSQL = """
        INSERT INTO attempts (\(startColumns), \(endColumns))
        SELECT \(values) FROM calls AS c
        WHERE c.team_id = $1 AND c.received_at = $31 AND c.call_id = $4 AND c.status <> 'in_progress'
        ON CONFLICT (team_id, started_at, attempt_id) DO UPDATE SET \(overwriteEnd)
        WHERE attempts.outcome IN ('pending', 'unknown')
            OR (attempts.outcome = 'partial' AND attempts.cost_basis = 'unknown')
        """

    static func start(_ start: AttemptStart, receivedAt: Timestamp) -> SQLCommand {
        SQLCommand(
            insertStart(start, "VALUES (\(startPlaces), \(beginning))"),
            head(start) + [.text(start.providerTaskID), .time(receivedAt)]
        )
    }

    /// An attempt that is written only if its call holds back so much (M2).
    static func startIfHeld(_ start: AttemptStart, _ hold: Hold) -> SQLCommand {
        SQLCommand(
            insertStart(
                start,
                """
                SELECT \(startPlaces), 'pending' FROM reservations AS r
                WHERE r.team_id = $1 AND r.call_id = $4 AND (r.amount_nusd IS NULL OR r.amount_nusd >= $15)
                    AND r.images >= $16
                """
            ),
            head(start) + [.text(start.providerTaskID), .money(hold.amount), .int(hold.images)]
        )
    }

    /// What came before the second side of a race is its first side. In the transaction that writes the second side, and only
    /// where that was written.
    static func beginRace(of starts: [AttemptStart], receivedAt: Timestamp) -> [SQLCommand] {
        guard let second = starts.filter({ $0.race == .second }).min(by: { $0.ordinal < $1.ordinal }) else { return [] }
        return [
            SQLCommand(
                """
                UPDATE attempts AS a SET race = 'first'
                WHERE a.team_id = $1 AND a.call_id = $2 AND a.started_at >= $3 AND a.started_at < $4 AND a.ordinal < $5
                    AND a.race IS NULL AND EXISTS (
                        SELECT 1 FROM attempts AS s WHERE s.team_id = $1 AND s.call_id = $2 AND s.started_at >= $3
                            AND s.started_at < $4 AND s.race = 'second')
                """,
                CallStatements.parts(of: CallKey(teamID: second.teamID, receivedAt: receivedAt, callID: second.callID))
                    + [.int(second.ordinal)]
            )
        ]
    }

    /// Whether the attempt `a` is on a side of a race and no image of its is the call's: nobody got what it made. `from` and
    /// `to` are expressions for the time in which the call's images lie.
    static func hasRacedInVain(_ a: String, from: String, to: String) -> String {
        """
        (\(a).race IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM images AS i WHERE i.team_id = \(a).team_id AND i.call_id = \(a).call_id
                AND i.attempt_id = \(a).attempt_id AND i.created_at >= \(from) AND i.created_at < \(to)))
        """
    }

    static func note(_ start: AttemptStart, providerTaskID: String, receivedAt: Timestamp) -> SQLCommand {
        SQLCommand(noteSQL, head(start) + [.text(providerTaskID), .time(receivedAt)])
    }

    /// An attempt of a call that was never admitted: known to have cost nothing.
    static func neverSent(_ start: AttemptStart, at moment: Timestamp) -> SQLCommand {
        SQLCommand(neverSentSQL, head(start) + [.time(moment)])
    }

    /// The end of an attempt whose call goes on. `receivedAt` is the call's.
    static func end(_ end: AttemptEnd, receivedAt: Timestamp) -> SQLCommand {
        SQLCommand(endSQL, head(end.start) + tail(end) + [.time(receivedAt)])
    }

    /// The end of an attempt that was found out after its call was settled.
    static func resolve(_ end: AttemptEnd, receivedAt: Timestamp) -> SQLCommand {
        SQLCommand(resolveSQL, head(end.start) + tail(end) + [.time(receivedAt)])
    }

    /// The end of an attempt as its call is settled.
    static func settle(_ end: AttemptEnd, _ settlement: Settlement) -> SQLCommand {
        SQLCommand(
            settleSQL(
                Partitions.name("attempts", end.start.startedAt),
                Partitions.name("calls", settlement.receivedAt)
            ),
            head(end.start) + tail(end) + [.time(settlement.receivedAt), .time(settlement.settledAt)]
        )
    }

    private static func head(_ start: AttemptStart) -> [SQLValue] {
        [
            .int(start.teamID), .time(start.startedAt), .uuid(start.attemptID), .uuid(start.callID),
            .int(start.ordinal), .text(start.provider), .text(start.providerModel), .uuid(start.taskID),
            .int(start.imagesAsked), .money(start.bound), .money(start.pricePerImage), .bool(start.duplicateRisk),
            .text(start.race?.rawValue),
        ]
    }

    private static func tail(_ end: AttemptEnd) -> [SQLValue] {
        [
            .text(end.outcome.rawValue), .text(end.reason), .text(end.errorCode), .int(end.httpStatus),
            .bool(end.sent), .money(end.cost), .text(end.costBasis.rawValue), .milliseconds(end.timings.dns),
            .milliseconds(end.timings.connect), .milliseconds(end.timings.tls), .milliseconds(end.timings.firstByte),
            .milliseconds(end.timings.total), .time(end.endedAt), .int(end.imagesReturned),
            .text(end.providerTaskID), .text(end.providerRequestID),
            end.extra.isEmpty ? .json(nil) : .json(writing: JSONValue.object(end.extra)),
        ]
    }
}
