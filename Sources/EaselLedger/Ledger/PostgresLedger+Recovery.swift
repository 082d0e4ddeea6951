package import EaselBase
package import EaselCore
package import Foundation

// MARK: - Recovery

extension PostgresLedger {
    package func heartbeat(gatewayID: UUID, sign: GatewaySign, at moment: Timestamp) async throws(LedgerError) {
        _ = try await pulse.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try connection.run(
                """
                INSERT INTO gateways (gateway_id, seen_at, sign, signed_at) VALUES ($1, $2, $3, now())
                ON CONFLICT (gateway_id) DO UPDATE
                    SET seen_at = excluded.seen_at, sign = excluded.sign, signed_at = excluded.signed_at
                WHERE gateways.seen_at < excluded.seen_at
                """,
                [.uuid(gatewayID), .time(moment), .json(encoding: sign)],
                deadline: deadline
            )
            .affected
        }
    }

    package func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) async throws(LedgerError) -> [OrphanedCall] {
        try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            // Two statements, for the gateways are local to one node of a cluster and the calls are not.
            let alive = try connection.run(
                "SELECT gateway_id FROM gateways WHERE seen_at >= $1",
                [.time(silentSince ?? Timestamp(microseconds: 0))],
                deadline: deadline
            )
            let living = alive.rows.compactMap { if case .uuid(let id) = $0.first { id } else { nil } }
            let calls = try connection.run(
                """
                SELECT team_id, received_at, call_id, model, images_requested, copyright_detection, status FROM calls
                WHERE status = 'in_progress' AND (received_at, call_id) > ($4, $5)
                    AND (gateway_id = ANY($1) OR ($3::timestamptz IS NOT NULL AND (
                        (gateway_id <> ALL($2) AND received_at < $3)
                        OR EXISTS (SELECT 1 FROM reservations AS r
                            WHERE r.team_id = calls.team_id AND r.call_id = calls.call_id AND r.expires_at < $3))))
                ORDER BY received_at, call_id LIMIT $6
                """,
                [
                    .uuids(gatewayIDs), .uuids(living), .time(silentSince),
                    .time(last?.receivedAt ?? Timestamp(microseconds: 0)),
                    .uuid(last?.callID ?? UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))), .int(limit),
                ],
                deadline: deadline
            )
            return try Self.withAttempts(calls, on: connection, deadline)
        }
    }

    package func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall] {
        try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let calls = try connection.run(
                """
                SELECT c.team_id, c.received_at, c.call_id, c.model, c.images_requested, c.copyright_detection,
                    c.status
                FROM calls AS c
                JOIN (SELECT DISTINCT team_id, call_id FROM attempts
                    WHERE started_at >= $1 AND (outcome = 'unknown' OR (outcome = 'partial' AND cost_basis = 'unknown'))
                        AND ((outcome = 'unknown' AND cost_nusd IS NULL
                            AND error_code IS DISTINCT FROM '\(AttemptEnd.postedAtBound)')
                        OR (outcome = 'partial' AND cost_basis = 'unknown' AND reason NOT IN ('ok', 'withheld')))) AS a
                    ON a.team_id = c.team_id AND a.call_id = c.call_id
                WHERE c.status <> 'in_progress' AND c.received_at >= $2
                ORDER BY c.received_at, c.call_id LIMIT $3
                """,
                [.time(since), .time(since - CallStatements.callWindow), .int(limit)],
                deadline: deadline
            )
            return try Self.withAttempts(calls, on: connection, deadline)
        }
    }

    /// The calls with their attempts, which are read in one more round trip for all of them.
    private static func withAttempts(
        _ calls: SQLResult,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [OrphanedCall] {
        var heads: [OrphanedCall] = []
        for cells in calls.rows {
            var row = RowReader(cells)
            let teamID = try row.int64()
            let receivedAt = try row.time()
            heads.append(
                OrphanedCall(
                    callID: try row.uuid(),
                    teamID: teamID,
                    receivedAt: receivedAt,
                    model: try row.word(RemixModel.self),
                    imagesRequested: try row.int(),
                    copyrightDetection: try row.bool(),
                    status: try row.word(CallStatus.self),
                    attempts: []
                )
            )
        }
        let results = try connection.run(
            heads.map { head in
                SQLCommand(
                    """
                    SELECT attempt_id, ordinal, provider, provider_model, task_id, started_at, images_asked,
                        bound_nusd, price_per_image_nusd, duplicate_risk, outcome, provider_task_id, cost_nusd,
                        cost_basis, reason, race, error_code
                    FROM attempts
                    WHERE team_id = $1 AND call_id = $2 AND started_at >= $3 AND started_at < $4
                    ORDER BY ordinal
                    """,
                    CallReader.key(teamID: head.teamID, callID: head.callID, receivedAt: head.receivedAt)
                )
            },
            deadline: deadline
        )
        return try zip(heads, results).map { (head, result) throws(PostgresError) in
            OrphanedCall(
                callID: head.callID,
                teamID: head.teamID,
                receivedAt: head.receivedAt,
                model: head.model,
                imagesRequested: head.imagesRequested,
                copyrightDetection: head.copyrightDetection,
                status: head.status,
                attempts: try result.rows.map { (cells) throws(PostgresError) in try attempt(cells, of: head) }
            )
        }
    }

    private static func attempt(_ cells: [SQLValue], of call: OrphanedCall) throws(PostgresError) -> OrphanedAttempt {
        var row = RowReader(cells)
        let attemptID = try row.uuid()
        var start = AttemptStart(
            attemptID: attemptID,
            callID: call.callID,
            teamID: call.teamID,
            ordinal: try row.int(),
            provider: try row.text(),
            providerModel: try row.text(),
            taskID: try row.uuid(),
            startedAt: try row.time(),
            imagesAsked: try row.int(),
            bound: try row.optionalMoney(),
            pricePerImage: try row.optionalMoney(),
            duplicateRisk: try row.bool()
        )
        let outcome = try row.word(AttemptOutcome.self)
        let providerTaskID = try row.optionalText()
        let cost = try row.optionalMoney()
        let costBasis = try row.optionalWord(CostBasis.self)
        let reason = try row.optionalText()
        start = start.racing(try row.optionalWord(RaceSide.self))
        return OrphanedAttempt(
            start: start,
            outcome: outcome,
            providerTaskID: providerTaskID,
            cost: cost,
            costBasis: costBasis,
            reason: reason,
            errorCode: try row.optionalText()
        )
    }
}
