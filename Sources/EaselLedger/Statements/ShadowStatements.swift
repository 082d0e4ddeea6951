import EaselBase
import EaselCore
import Foundation

/// The statements that write shadows and their daily windows. What a shadow holds of its window is its cost, or its bound
/// as long as the cost is not known.
enum ShadowStatements {
    private static let columns = """
        team_id, started_at, shadow_id, call_id, received_at, window_start, gateway_id, lease_ends_at, policy, model,
        rendering_speed, copyright_detection, provider, provider_model, task_id, provider_task_id, images_asked,
        bound_nusd, price_per_image_nusd
        """

    private static let isThisOne = "team_id = $1 AND started_at = $2 AND shadow_id = $3"

    private static func key(_ start: ShadowStart) -> [SQLValue] {
        [.int(start.teamID), .time(start.startedAt), .uuid(start.shadowID)]
    }

    private static let ensureSQL = """
        INSERT INTO shadow_windows AS w (policy, window_start, ceiling_nusd) VALUES ($1, $2, $3)
        ON CONFLICT (policy, window_start)
            DO UPDATE SET ceiling_nusd = greatest(w.ceiling_nusd, excluded.ceiling_nusd)
        """

    /// The row and its reservation, or neither (M2, M3).
    private static let startSQL = """
        WITH room AS (
            UPDATE shadow_windows AS w SET reserved_nusd = w.reserved_nusd + $18
            WHERE w.policy = $9 AND w.window_start = $6 AND w.posted_nusd + w.reserved_nusd + $18 <= $20
                AND NOT EXISTS (SELECT 1 FROM shadows WHERE \(isThisOne))
            RETURNING 1
        )
        INSERT INTO shadows (\(columns), outcome)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'pending' FROM room
        """

    /// The last command has a row when the shadow stands.
    static func start(_ start: ShadowStart) -> [SQLCommand] {
        let row: [SQLValue] = [
            .uuid(start.callID), .time(start.receivedAt), .time(start.windowStart), .uuid(start.gatewayID),
            .time(start.leaseEndsAt), .text(start.policy), .text(start.model.rawValue), .text(start.speed.rawValue),
            .bool(start.copyrightDetection), .text(start.provider), .text(start.providerModel), .uuid(start.taskID),
            .text(start.providerTaskID), .int(start.imagesAsked), .money(start.bound), .money(start.pricePerImage),
        ]
        return [
            // Makes the window and holds its row: whoever comes next sees what is reserved here, a repeat its own row.
            SQLCommand(
                ensureSQL,
                [.text(start.policy), .time(start.windowStart), .money(start.dailyBudget)]
            ),
            SQLCommand(startSQL, key(start) + row + [.money(start.dailyBudget)]),
            SQLCommand("SELECT 1 FROM shadows WHERE \(isThisOne)", key(start)),
        ]
    }

    static func note(_ start: ShadowStart, providerTaskID: String) -> SQLCommand {
        SQLCommand(
            "UPDATE shadows SET provider_task_id = $4 WHERE \(isThisOne) AND provider_task_id IS NULL",
            key(start) + [.text(providerTaskID)]
        )
    }

    private static let lockSQL = """
        SELECT 1 FROM shadows WHERE team_id = $1 AND started_at = $2 AND shadow_id = $3 FOR UPDATE
        """

    /// A known cost is replaced only by a more reliable one.
    private static let endSQL = """
        WITH before AS MATERIALIZED (
            SELECT cost_nusd, coalesce(cost_nusd, bound_nusd) AS held_nusd FROM shadows WHERE \(isThisOne)
        ), ended AS (
            UPDATE shadows AS s SET outcome = $4, reason = $5, error_code = $6, http_status = $7, sent = $8,
                cost_nusd = $9, cost_basis = $10, first_byte_ms = coalesce($11, s.first_byte_ms),
                total_ms = coalesce($12, s.total_ms), ended_at = $13, images_returned = $14,
                provider_task_id = coalesce($15, s.provider_task_id),
                provider_request_id = coalesce($16, s.provider_request_id), withheld = $17, nsfw_images = $18,
                nsfw_checked = $19, copyright_checked = $20, copyright_flagged = $21, copyright_undetermined = $22
            WHERE \(isThisOne) AND (s.cost_nusd IS NULL OR (s.cost_basis = 'unknown' AND $10 <> 'unknown'))
            RETURNING s.policy, s.window_start, s.cost_nusd, coalesce(s.cost_nusd, s.bound_nusd) AS held_nusd
        )
        UPDATE shadow_windows AS w SET
            posted_nusd = w.posted_nusd + coalesce(e.cost_nusd, 0) - coalesce(b.cost_nusd, 0),
            reserved_nusd = w.reserved_nusd
                + CASE WHEN e.cost_nusd IS NULL THEN e.held_nusd ELSE 0 END
                - CASE WHEN b.cost_nusd IS NULL THEN b.held_nusd ELSE 0 END,
            ceiling_nusd = w.ceiling_nusd + greatest(0, e.held_nusd - b.held_nusd)
        FROM ended AS e, before AS b
        WHERE w.policy = e.policy AND w.window_start = e.window_start
        """

    static func end(_ end: ShadowEnd) -> [SQLCommand] {
        let attempt = end.end
        let values: [SQLValue] = [
            .text(attempt.outcome.rawValue), .text(attempt.reason), .text(attempt.errorCode), .int(attempt.httpStatus),
            .bool(attempt.sent), .money(attempt.cost), .text(attempt.costBasis.rawValue),
            .milliseconds(attempt.timings.firstByte), .milliseconds(attempt.timings.total), .time(attempt.endedAt),
            .int(attempt.imagesReturned), .text(attempt.providerTaskID), .text(attempt.providerRequestID),
            .int(end.flags.withheld), .int(end.flags.nsfw), .int(end.flags.nsfwChecked),
            .int(end.flags.copyrightChecked), .int(end.flags.copyrightFlagged), .int(end.flags.copyrightUndetermined),
        ]
        return [
            // Two ends of one shadow, as of its gateway and of recovery, come one after the other.
            SQLCommand(lockSQL, key(end.start)),
            SQLCommand(endSQL, key(end.start) + values),
        ]
    }

    // MARK: - Recovery

    /// `living`: gateways that gave a sign of life since `silentSince`.
    static func open(
        silentSince: Timestamp?,
        living: [UUID],
        at moment: Timestamp,
        limit: Int
    ) -> SQLCommand {
        SQLCommand(
            """
            SELECT \(columns), outcome FROM shadows
            WHERE cost_nusd IS NULL AND (outcome <> 'pending' OR lease_ends_at < $1
                OR (started_at < $2 AND gateway_id <> ALL ($3)))
            ORDER BY started_at, shadow_id LIMIT $4
            """,
            [.time(moment), .time(silentSince), .uuids(living), .int(limit)]
        )
    }

    static func open(_ cells: [SQLValue]) throws(PostgresError) -> OpenShadow {
        var row = RowReader(cells)
        let teamID = try row.int64()
        let startedAt = try row.time()
        let shadowID = try row.uuid()
        let callID = try row.uuid()
        let receivedAt = try row.time()
        _ = try row.time()
        let gatewayID = try row.uuid()
        let leaseEndsAt = try row.time()
        let policy = try row.text()
        let model = try row.word(RemixModel.self)
        let speed = try row.word(RenderingSpeed.self)
        let copyrightDetection = try row.bool()
        let provider = try row.text()
        let providerModel = try row.text()
        let taskID = try row.uuid()
        let providerTaskID = try row.optionalText()
        let imagesAsked = try row.int()
        _ = try row.money()
        let start = ShadowStart(
            shadowID: shadowID,
            key: CallKey(teamID: teamID, receivedAt: receivedAt, callID: callID),
            startedAt: startedAt,
            policy: policy,
            model: model,
            speed: speed,
            copyrightDetection: copyrightDetection,
            provider: provider,
            providerModel: providerModel,
            taskID: taskID,
            providerTaskID: providerTaskID,
            imagesAsked: imagesAsked,
            pricePerImage: try row.money(),
            // Only a shadow that begins asks for it.
            dailyBudget: .zero,
            gatewayID: gatewayID,
            leaseEndsAt: leaseEndsAt
        )
        return OpenShadow(start: start, outcome: try row.word(AttemptOutcome.self), providerTaskID: providerTaskID)
    }

    // MARK: - A call's shadow

    static func summary(_ key: [SQLValue]) -> SQLCommand {
        SQLCommand(
            """
            SELECT shadow_id, provider, started_at, outcome, reason, error_code, images_asked, images_returned,
                cost_nusd, cost_basis, total_ms
            FROM shadows WHERE team_id = $1 AND call_id = $2 AND started_at >= $3 AND started_at < $4
            ORDER BY started_at LIMIT 1
            """,
            key
        )
    }

    static func summary(_ cells: [SQLValue]) throws(PostgresError) -> ShadowSummary {
        var row = RowReader(cells)
        return ShadowSummary(
            shadowID: try row.uuid(),
            provider: try row.text(),
            startedAt: try row.time(),
            outcome: try row.word(AttemptOutcome.self),
            reason: try row.optionalText(),
            errorCode: try row.optionalText(),
            imagesAsked: try row.int(),
            imagesReturned: try row.int(),
            charge: try row.cost(),
            totalMs: try row.optionalDouble().map { Int($0) }
        )
    }
}
