package import EaselBase
package import EaselCore
package import Foundation

// MARK: - The end of the log

extension PostgresLedger {
    package func endedCalls(
        since: Timestamp,
        without known: [UUID],
        limit: Int
    ) async throws(LedgerError) -> [EndedCall] {
        let setAside = setAside
        func hasImage(_ condition: String) -> String {
            """
            EXISTS (SELECT 1 FROM images AS i WHERE i.team_id = c.team_id AND i.call_id = c.call_id
                AND i.created_at >= c.received_at - interval '1 hour' AND \(condition))
            """
        }
        let sql = """
            SELECT c.call_id, c.team_id, t.name, c.received_at, c.settled_at, c.status, c.model, c.provider, c.cost_nusd,
                c.images_delivered, c.latency_ms, c.failover, \(hasImage("i.nsfw")), \(hasImage("i.copyright = 'flagged'"))
            FROM calls AS c JOIN teams AS t ON t.id = c.team_id
            WHERE c.settled_at >= $1 AND c.call_id <> ALL ($2)
            ORDER BY c.settled_at, c.call_id LIMIT $3
            """
        // A daemon's connection: people's reports and keys on the way of a call wait for nobody who only watches.
        return try await workers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let rows = try connection.run(sql, [.time(since), .uuids(known), .int(limit)], deadline: deadline).rows
            return setAside.read(rows, for: .calls) { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return EndedCall(
                    callID: try row.uuid(),
                    teamID: try row.int64(),
                    team: try row.text(),
                    receivedAt: try row.time(),
                    settledAt: try row.time(),
                    status: try row.word(CallStatus.self),
                    model: try row.word(RemixModel.self),
                    provider: try row.optionalText(),
                    cost: try row.optionalMoney(),
                    images: try row.int(),
                    latencyMs: try row.optionalInt(),
                    failover: try row.bool(),
                    hasNSFW: try row.bool(),
                    hasCopyright: try row.bool()
                )
            }
        }
    }
}
