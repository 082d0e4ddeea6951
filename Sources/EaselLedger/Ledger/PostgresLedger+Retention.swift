package import EaselBase
package import EaselCore

// MARK: - Retention and redaction

extension PostgresLedger {
    /// Drops what is older than it is to be kept: whole months, and not while anything in them is still open. Returns the
    /// tables that went.
    package func drop(_ retention: Retention) async throws(LedgerError) -> [String] {
        guard !retention.isForEver else { return [] }
        let now = time.now
        return try await workers.read(limit: .seconds(60)) { connection, deadline throws(PostgresError) in
            var dropped: [String] = []
            let months = try Partitions.existing(on: connection)
            if let log = retention.log {
                for month in Self.over(months, before: Self.firstKept(now, log)) {
                    // All tables together, so that no part is left without its call.
                    let names = Partitions.tables.map { "\($0)_\(month.suffix)" }.filter(months.names.contains)
                    guard try !Self.isOpen(before: month.adding(1), on: connection, deadline) else { break }
                    try Self.drop(names, horizon: month.adding(1), on: connection)
                    dropped += names
                }
            }
            if let prompts = retention.prompts {
                for month in Self.over(months, before: Self.firstKept(now, prompts)) {
                    let name = "call_payloads_\(month.suffix)"
                    guard months.names.contains(name), !dropped.contains(name) else { continue }
                    try Self.drop([name], horizon: nil, on: connection)
                    dropped.append(name)
                }
            }
            if let rollups = retention.rollups, let first = Self.firstKept(now, rollups).moment {
                // By whole months too: a month of which some days are gone has no sum, and would be made again wrongly.
                let tables = ["hour", "day", "month"].flatMap {
                    ["usage_\($0)", "usage_\($0)_summary", "attempt_\($0)"]
                }
                let removals = tables.map { SQLCommand("DELETE FROM \($0) WHERE bucket < $1", [.time(first)]) }
                _ = try connection.transaction(
                    [Self.move(Horizon.rollups, to: first)] + removals,
                    deadline: deadline
                )
            }
            return dropped
        }
    }

    /// The first month that is kept: every earlier one ended at least so long ago. The month that is running is always
    /// kept, however short the time is.
    static func firstKept(_ now: Timestamp, _ length: Duration) -> Partitions.Month {
        min(Partitions.Month(of: now - length), Partitions.Month(of: now))
    }

    /// The months before that, the oldest first.
    private static func over(_ partitions: Partitions.Existing, before limit: Partitions.Month) -> [Partitions.Month] {
        partitions.months.filter { $0 < limit }.sorted()
    }

    /// Whether a call before the month is in progress, holds money back or is not summed up yet.
    private static func isOpen(
        before month: Partitions.Month,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> Bool {
        let result = try connection.run(
            """
            SELECT EXISTS (SELECT 1 FROM reservations WHERE received_at < $1::text::timestamptz)
                OR EXISTS (SELECT 1 FROM calls WHERE status = 'in_progress' AND received_at < $1::text::timestamptz)
                OR EXISTS (SELECT 1 FROM usage_changes WHERE bucket < $1::text::timestamptz)
                OR EXISTS (SELECT 1 FROM usage_pending WHERE level <> 'month' AND bucket < $1::text::timestamptz)
                OR EXISTS (SELECT 1 FROM shadows WHERE cost_nusd IS NULL AND started_at < $1::text::timestamptz)
            """,
            [.text(month.start)],
            deadline: deadline
        )
        return result.rows.first?.first != .bool(false)
    }

    /// Drops tables together. The horizon is where the log begins from now on, which reports and `db verify` must know.
    private static func drop(
        _ names: [String],
        horizon: Partitions.Month?,
        on connection: PostgresConnection
    ) throws(PostgresError) {
        guard !names.isEmpty else { return }
        var script = "BEGIN; SET LOCAL lock_timeout = '3s';"
        if let horizon {
            script += """
                INSERT INTO daemon_state (name, watermark) VALUES ('\(Horizon.log)', '\(horizon.start)')
                ON CONFLICT (name) DO UPDATE SET watermark = greatest(daemon_state.watermark, excluded.watermark);
                """
        }
        do throws(PostgresError) {
            try connection.script(
                script + "DROP TABLE \(names.joined(separator: ", ")); COMMIT",
                deadline: .now + .seconds(30)
            )
        } catch {
            if connection.isUsable { try connection.script("ROLLBACK", deadline: .now + .seconds(2)) }
            throw error
        }
    }

    private static func move(_ horizon: String, to moment: Timestamp) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO daemon_state (name, watermark) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET watermark = greatest(daemon_state.watermark, excluded.watermark)
            """,
            [.text(horizon), .time(moment)]
        )
    }

    /// A fault where a report would need minutes, or the log, of a time whose log was dropped.
    static func checkHorizon(
        _ query: UsageQuery,
        _ span: UsageSpan,
        log horizon: Timestamp?,
        rollups: Timestamp?
    ) -> LedgerError? {
        if let rollups, query.from < rollups {
            return .rejected("figures before \(rollups.text(fractionDigits: 0)) were dropped; begin there or later")
        }
        guard let horizon, query.from < horizon else { return nil }
        let isWhole =
            span.edges.allSatisfy { $0.from >= horizon } && span.hours.from == span.minutes.from
            && !span.hours.isEmpty && (span.hours.to == span.minutes.to || span.hours.to >= horizon)
        guard !isWhole else { return nil }
        return .rejected(
            "the log before \(horizon.text(fractionDigits: 0)) was dropped; before that, begin and end at whole hours of UTC "
                + "and use a time zone whose hours begin with them"
        )
    }

    /// Takes prompts out of the log; how many calls had one. What was counted stays.
    package func redact(
        _ redaction: Redaction,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> Int {
        var parameters: [SQLValue] = []
        var conditions: [String] = []
        func need(_ condition: (String) -> String, _ value: SQLValue) {
            parameters.append(value)
            conditions.append(condition("$\(parameters.count)"))
        }
        if let id = redaction.callID { need({ "c.call_id = \($0)" }, .uuid(id)) }
        if let id = redaction.callID, let moment = UUIDv7.moment(of: id) {
            need({ "c.received_at = \($0)" }, .time(moment))
        }
        if let id = redaction.keyID { need({ "c.key_id = \($0)" }, .uuid(id)) }
        if let id = redaction.teamID { need({ "c.team_id = \($0)" }, .int(id)) }
        if let tag = redaction.tag {
            parameters.append(.text(tag.name))
            need({ "c.tags ->> $\(parameters.count - 1) = \($0)" }, .text(tag.value))
        }
        guard !conditions.isEmpty else { throw .rejected("name whose prompts: a call, a key, a team or a tag") }
        if let before = redaction.before { need({ "c.received_at < \($0)" }, .time(before)) }
        let command = SQLCommand(
            """
            UPDATE call_payloads AS p SET prompt = NULL, parameters = p.parameters - 'prompt' - 'negative_prompt'
            FROM calls AS c
            WHERE \(conditions.joined(separator: " AND ")) AND p.team_id = c.team_id AND p.received_at = c.received_at
                AND p.call_id = c.call_id
                AND (p.prompt IS NOT NULL OR p.parameters ? 'prompt' OR p.parameters ? 'negative_prompt')
            """,
            parameters,
            isPrepared: false
        )
        return try await audited(on: readers, limit: options.reportLimit) {
            connection,
            deadline throws(PostgresError) in
            let count = try connection.run([command], deadline: deadline).first?.affected ?? 0
            return (count, .redacted(redaction, calls: count, by: actor, at: moment))
        }
    }
}
