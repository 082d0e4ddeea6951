import EaselBase
import EaselCore
import Foundation

/// The statements about alerts, and their rows as values.
enum AlertStatements {
    // MARK: - States

    static let states = SQLCommand(
        """
        SELECT rule, subject, instance, level::bigint, severity, value, summary, details, since, calm_since, told,
            updated_at
        FROM alert_states ORDER BY rule, subject
        """
    )

    static func state(_ cells: [SQLValue]) throws(PostgresError) -> AlertState {
        var row = RowReader(cells)
        let rule = try row.text()
        let subject = try row.text()
        let instance = try row.text()
        let level = try row.int()
        let severity = try row.word(AlertSeverity.self)
        let value = try row.text()
        let summary = try row.text()
        let details = try row.optionalJSON(JSONValue.self) ?? .null
        return AlertState(
            rule: rule,
            finding: AlertFinding(
                subject: subject,
                instance: instance,
                level: level,
                severity: severity,
                value: value,
                summary: summary,
                details: JSONDocument(details)
            ),
            since: try row.time(),
            calmSince: try row.optionalTime(),
            isTold: try row.bool(),
            updatedAt: try row.time()
        )
    }

    static func write(_ state: AlertState) -> SQLCommand {
        let finding = state.finding
        return SQLCommand(
            """
            INSERT INTO alert_states (rule, subject, instance, level, severity, value, summary, details, since,
                calm_since, updated_at, told)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (rule, subject) DO UPDATE SET instance = excluded.instance, level = excluded.level,
                severity = excluded.severity, value = excluded.value, summary = excluded.summary,
                details = excluded.details, since = excluded.since, calm_since = excluded.calm_since,
                updated_at = excluded.updated_at, told = excluded.told
            """,
            [
                .text(state.rule), .text(finding.subject), .text(finding.instance), .int(finding.level),
                .text(finding.severity.rawValue), .text(finding.value), .text(finding.summary),
                .json(writing: finding.details), .time(state.since), .time(state.calmSince), .time(state.updatedAt),
                .bool(state.isTold),
            ]
        )
    }

    // MARK: - Events

    private static let eventColumns = """
        e.event_id, e.type, e.happened_at, e.rule, e.subject, e.severity, e.title, e.body, e.data, e.muted
        """

    private static func event(_ row: inout RowReader) throws(PostgresError) -> AlertEvent {
        let id = try row.uuid()
        let type = try row.text()
        let at = try row.time()
        let rule = try row.text()
        let subject = try row.text()
        let severity = try row.word(AlertSeverity.self)
        let title = try row.text()
        let text = try row.text()
        let data = try row.optionalJSON(JSONValue.self) ?? .null
        return AlertEvent(
            id: id,
            type: type,
            at: at,
            rule: rule,
            subject: subject,
            severity: severity,
            title: title,
            text: text,
            data: JSONDocument(data),
            isMuted: try row.bool()
        )
    }

    /// The event, unless its key is taken, and its deliveries, due at once.
    static func write(_ event: AlertEvent, to destinations: [String]) -> [SQLCommand] {
        let insertion = SQLCommand(
            """
            INSERT INTO alert_events (event_id, type, happened_at, rule, subject, severity, title, body, data, once_key,
                muted)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
            """,
            [
                .uuid(event.id), .text(event.type), .time(event.at), .text(event.rule), .text(event.subject),
                .text(event.severity.rawValue), .text(event.title), .text(event.text), .json(writing: event.data),
                .text(event.onceKey), .bool(event.isMuted),
            ]
        )
        guard !destinations.isEmpty else { return [insertion] }
        let deliveries = SQLCommand(
            """
            INSERT INTO alert_deliveries (delivery_id, event_id, destination, status, attempts, next_attempt_at)
            SELECT gen_random_uuid(), e.event_id, d.destination, 'pending', 0, e.happened_at
            FROM alert_events AS e, unnest($2) AS d (destination) WHERE e.event_id = $1
            ON CONFLICT DO NOTHING
            """,
            [.uuid(event.id), .texts(destinations)]
        )
        return [insertion, deliveries]
    }

    static func hasEvent(onceKey: String) -> SQLCommand {
        SQLCommand("SELECT 1::bigint FROM alert_events WHERE once_key = $1", [.text(onceKey)])
    }

    static func events(_ query: AlertEventQuery) -> SQLCommand {
        // An id holds its time: the newest come first.
        SQLCommand(
            """
            SELECT \(eventColumns) FROM alert_events AS e
            WHERE ($1::uuid IS NULL OR e.event_id = $1) AND ($2::uuid IS NULL OR e.event_id < $2)
                AND (NOT $3::boolean OR EXISTS (SELECT 1 FROM alert_deliveries AS d
                    WHERE d.event_id = e.event_id AND d.status = 'dead'))
            ORDER BY e.event_id DESC LIMIT $4
            """,
            [.uuid(query.eventID), .uuid(query.before), .bool(query.hasDeadLetter), .int(query.limit)]
        )
    }

    static func event(_ cells: [SQLValue]) throws(PostgresError) -> AlertEvent {
        var row = RowReader(cells)
        return try event(&row)
    }

    static func deliveries(of events: [UUID]) -> SQLCommand {
        SQLCommand(
            """
            SELECT event_id, destination, status, attempts::bigint, next_attempt_at, ended_at, http_status::bigint,
                last_error
            FROM alert_deliveries WHERE event_id = ANY($1) ORDER BY event_id, destination
            """,
            [.uuids(events)]
        )
    }

    static func delivery(_ cells: [SQLValue]) throws(PostgresError) -> (event: UUID, RecordedEvent.Delivery) {
        var row = RowReader(cells)
        let event = try row.uuid()
        return (
            event,
            RecordedEvent.Delivery(
                destination: try row.text(),
                status: try row.word(AlertDelivery.Status.self),
                attempts: try row.int(),
                nextAttemptAt: try row.optionalTime(),
                endedAt: try row.optionalTime(),
                httpStatus: try row.optionalInt(),
                lastError: try row.optionalText()
            )
        )
    }

    // MARK: - Deliveries

    static func isDue(at moment: Timestamp) -> SQLCommand {
        SQLCommand(
            """
            SELECT 1::bigint FROM alert_deliveries WHERE status = 'pending' AND next_attempt_at <= $1 LIMIT 1
            """,
            [.time(moment)]
        )
    }

    static func claim(at moment: Timestamp, until: Timestamp, limit: Int) -> SQLCommand {
        SQLCommand(
            """
            WITH due AS (
                SELECT delivery_id FROM alert_deliveries WHERE status = 'pending' AND next_attempt_at <= $1
                ORDER BY next_attempt_at LIMIT $3),
            taken AS (
                UPDATE alert_deliveries AS d SET attempts = d.attempts + 1, next_attempt_at = $2
                FROM due
                WHERE d.delivery_id = due.delivery_id AND d.status = 'pending' AND d.next_attempt_at <= $1
                RETURNING d.delivery_id, d.event_id, d.destination, d.attempts)
            SELECT t.delivery_id, t.destination, t.attempts::bigint, \(eventColumns)
            FROM taken AS t JOIN alert_events AS e ON e.event_id = t.event_id
            """,
            [.time(moment), .time(until), .int(limit)]
        )
    }

    static func claimed(_ cells: [SQLValue]) throws(PostgresError) -> AlertDelivery {
        var row = RowReader(cells)
        let id = try row.uuid()
        let destination = try row.text()
        let attempt = try row.int()
        return AlertDelivery(id: id, event: try event(&row), destination: destination, attempt: attempt)
    }

    static func finish(
        _ delivery: AlertDelivery,
        _ outcome: DeliveryOutcome,
        at moment: Timestamp,
        nextAttemptAt: Timestamp?
    ) -> SQLCommand {
        let status: AlertDelivery.Status
        let httpStatus: Int?
        let error: String?
        switch outcome {
        case .delivered(let code): (status, httpStatus, error) = (.delivered, code, nil)
        case .failed(let reason, let code, _, _):
            (status, httpStatus, error) = (nextAttemptAt == nil ? .dead : .pending, code, reason)
        }
        return SQLCommand(
            """
            UPDATE alert_deliveries SET status = $3, http_status = $4, last_error = $5, next_attempt_at = $6,
                ended_at = $7
            WHERE delivery_id = $1 AND attempts = $2 AND status = 'pending'
            """,
            [
                .uuid(delivery.id), .int(delivery.attempt), .text(status.rawValue), .int(httpStatus), .text(error),
                .time(status == .pending ? nextAttemptAt : nil), .time(status == .pending ? nil : moment),
            ]
        )
    }

    static func replay(events: [UUID]?, at moment: Timestamp) -> SQLCommand {
        SQLCommand(
            """
            UPDATE alert_deliveries SET status = 'pending', attempts = 0, next_attempt_at = $1, ended_at = NULL
            WHERE status = 'dead' AND ($2::boolean OR event_id = ANY($3))
            """,
            [.time(moment), .bool(events == nil), .uuids(events ?? [])]
        )
    }

    // MARK: - Mutes

    static func mutes(at moment: Timestamp) -> SQLCommand {
        SQLCommand(
            """
            SELECT mute_id, rule, subject, muted_until, created_at FROM alert_mutes WHERE muted_until > $1
            ORDER BY rule, subject NULLS FIRST, muted_until
            """,
            [.time(moment)]
        )
    }

    /// What is gone is given back.
    static func removeMute(_ id: UUID) -> SQLCommand {
        SQLCommand(
            """
            DELETE FROM alert_mutes WHERE mute_id = $1 RETURNING mute_id, rule, subject, muted_until, created_at
            """,
            [.uuid(id)]
        )
    }

    static func mute(_ cells: [SQLValue]) throws(PostgresError) -> AlertMute {
        var row = RowReader(cells)
        return AlertMute(
            id: try row.uuid(),
            rule: try row.text(),
            subject: try row.optionalText(),
            until: try row.time(),
            createdAt: try row.time()
        )
    }

    static func write(_ mute: AlertMute) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO alert_mutes (mute_id, rule, subject, muted_until, created_at) VALUES ($1, $2, $3, $4, $5)
            """,
            [.uuid(mute.id), .text(mute.rule), .text(mute.subject), .time(mute.until), .time(mute.createdAt)]
        )
    }

    // MARK: - What is watched

    static func signs(within age: Duration) -> SQLCommand {
        SQLCommand(
            """
            SELECT sign, gateway_id FROM gateways WHERE sign IS NOT NULL AND signed_at >= now() - make_interval(secs => $1)
            """,
            [.double(age.secondsAsDouble)]
        )
    }

    /// What providers themselves said was more than had been reserved. An estimate is nobody's charge: the price book may
    /// have said less when it was reserved than it says now.
    static func overcharges(since: Timestamp, teamID: Int64?) -> SQLCommand {
        SQLCommand(
            """
            SELECT provider, count(*), least(sum(cost_nusd::numeric - bound_nusd), 9e18)::bigint,
                (array_agg(call_id ORDER BY started_at DESC))[1], false
            FROM attempts
            WHERE started_at >= $1 AND cost_nusd > bound_nusd AND cost_basis = 'provider'
                AND ($2::bigint IS NULL OR team_id = $2)
            GROUP BY provider
            UNION ALL
            SELECT provider, count(*), least(sum((extra ->> '\(CostBelief.claimMark)')::numeric) * 1e9, 9e18)::bigint,
                (array_agg(call_id ORDER BY started_at DESC))[1], true
            FROM attempts
            WHERE started_at >= $1 AND extra ? '\(CostBelief.claimMark)' AND ($2::bigint IS NULL OR team_id = $2)
            GROUP BY provider ORDER BY 1, 5
            """,
            [.time(since), .int(teamID)]
        )
    }

    static func overcharge(_ cells: [SQLValue]) throws(PostgresError) -> Overcharge {
        var row = RowReader(cells)
        return Overcharge(
            provider: try row.text(),
            attempts: try row.int(),
            excess: try row.money(),
            callID: try row.uuid(),
            isClaim: try row.bool()
        )
    }

    static func forget(before moment: Timestamp) -> [SQLCommand] {
        [
            SQLCommand(
                """
                DELETE FROM alert_deliveries
                WHERE event_id IN (SELECT event_id FROM alert_events WHERE happened_at < $1)
                """,
                [.time(moment)]
            ),
            SQLCommand("DELETE FROM alert_events WHERE happened_at < $1", [.time(moment)]),
            SQLCommand("DELETE FROM alert_states WHERE level = 0 AND updated_at < $1", [.time(moment)]),
            SQLCommand("DELETE FROM alert_mutes WHERE muted_until < $1", [.time(moment)]),
        ]
    }
}
