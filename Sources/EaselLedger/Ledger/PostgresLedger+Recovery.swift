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
                    SET seen_at = greatest(gateways.seen_at, excluded.seen_at), sign = excluded.sign,
                        signed_at = excluded.signed_at
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
        let setAside = setAside
        // Where nobody is to be taken for silent, all that ever gave a sign live.
        let age = silentSince.map { time.now.since($0) } ?? .seconds(100 * 365 * 86_400)
        let calls = try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            // Two statements, for the gateways are local to one node of a cluster and the calls are not.
            let living = try Self.living(within: age, on: connection, deadline)
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
                    .uuid(last?.callID ?? UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))),
                    .int(limit + setAside.count(.orphans)),
                ],
                deadline: deadline
            )
            return try Self.withAttempts(
                calls,
                for: .orphans,
                isFirst: last == nil,
                setAside,
                on: connection,
                deadline
            )
        }
        return Array(calls.prefix(limit))
    }

    /// Reads what recovery, alerts and operators read, and tells which rows could not be. Changes nothing.
    package func lookThrough(at moment: Timestamp) async throws(LedgerError) -> [UnreadableRow] {
        let future = moment + .seconds(366 * 86_400)
        let most = 10_000
        // No gateway gives a sign in the future: every call in progress.
        _ = try await orphans(of: [], silentSince: future, after: nil, limit: most)
        _ = try await unknownAttempts(since: moment - .seconds(31 * 86_400), limit: most)
        _ = try await openShadows(silentSince: future, at: moment, limit: most)
        _ = try await alertStates()
        _ = try await gatewaySigns(within: .seconds(3600))
        _ = try await keys(team: nil)
        return unreadableRows
    }

    /// Gateways whose last sign of life is younger than that, by the clock of the database: one whose own clock was set back
    /// or stands wrong is not dead, and one that died while its clock was ahead is not alive.
    static func living(
        within age: Duration?,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [UUID] {
        let alive = try connection.run(
            "SELECT gateway_id FROM gateways WHERE signed_at >= now() - make_interval(secs => $1)",
            [.double(age?.secondsAsDouble)],
            deadline: deadline
        )
        return alive.rows.compactMap { if case .uuid(let id) = $0.first { id } else { nil } }
    }

    package func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall] {
        let setAside = setAside
        let calls = try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
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
                [
                    .time(since), .time(since - CallStatements.callWindow),
                    .int(limit + setAside.count(.unknownAttempts)),
                ],
                deadline: deadline
            )
            return try Self.withAttempts(calls, for: .unknownAttempts, setAside, on: connection, deadline)
        }
        return Array(calls.prefix(limit))
    }

    /// The calls with their attempts, which are read in one more round trip for all of them. A call that cannot be read,
    /// or has an attempt that cannot, is set aside: nobody may say what became of it.
    private static func withAttempts(
        _ calls: SQLResult,
        for reader: SetAsideRows.Reader,
        isFirst: Bool = true,
        _ setAside: SetAsideRows,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [OrphanedCall] {
        var heads: [OrphanedCall] = []
        var faults: [(id: String, reason: String)] = []
        for cells in calls.rows {
            do throws(PostgresError) { heads.append(try head(cells)) } catch {
                faults.append((Self.callID(cells), error.message))
            }
        }
        let results = try connection.run(heads.map(attempts(of:)), deadline: deadline)
        var whole: [OrphanedCall] = []
        for (head, result) in zip(heads, results) {
            do throws(PostgresError) {
                whole.append(
                    OrphanedCall(
                        key: head.key,
                        model: head.model,
                        imagesRequested: head.imagesRequested,
                        copyrightDetection: head.copyrightDetection,
                        status: head.status,
                        attempts: try result.rows.map { (cells) throws(PostgresError) in try attempt(cells, of: head) }
                    )
                )
            } catch {
                faults.append((head.callID.text, error.message))
            }
        }
        setAside.note(faults, for: reader, isFirst: isFirst)
        return whole
    }

    private static func callID(_ cells: [SQLValue]) -> String {
        if cells.count > 2, case .uuid(let id?) = cells[2] { id.text } else { "without an id" }
    }

    private static func head(_ cells: [SQLValue]) throws(PostgresError) -> OrphanedCall {
        var row = RowReader(cells)
        let teamID = try row.int64()
        let receivedAt = try row.time()
        return OrphanedCall(
            key: CallKey(teamID: teamID, receivedAt: receivedAt, callID: try row.uuid()),
            model: try row.word(RemixModel.self),
            imagesRequested: try row.int(),
            copyrightDetection: try row.bool(),
            status: try row.word(CallStatus.self),
            attempts: []
        )
    }

    private static func attempts(of call: OrphanedCall) -> SQLCommand {
        SQLCommand(
            """
            SELECT attempt_id, ordinal, provider, provider_model, task_id, started_at, images_asked,
                bound_nusd, price_per_image_nusd, duplicate_risk, outcome, provider_task_id, cost_nusd,
                cost_basis, reason, race, error_code
            FROM attempts
            WHERE team_id = $1 AND call_id = $2 AND started_at >= $3 AND started_at < $4
            ORDER BY ordinal
            """,
            CallStatements.parts(of: call.key)
        )
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
        let charge = try row.cost()
        let reason = try row.optionalText()
        start = start.racing(try row.optionalWord(RaceSide.self))
        return OrphanedAttempt(
            start: start,
            outcome: outcome,
            providerTaskID: providerTaskID,
            charge: charge,
            reason: reason,
            errorCode: try row.optionalText()
        )
    }
}
