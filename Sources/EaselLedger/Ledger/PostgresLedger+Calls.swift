import EaselBase
package import EaselCore
package import Foundation

// MARK: - Reading calls

extension PostgresLedger {
    package func call(_ id: UUID, teamID: Int64?) async throws(LedgerError) -> CallDetail? {
        // The id tells the partition (L1); an id of another kind was never ours.
        guard let receivedAt = UUIDv7.moment(of: id) else { return nil }
        return try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let found = try connection.run(
                """
                SELECT \(CallReader.columns) FROM calls AS c JOIN teams AS t ON t.id = c.team_id
                WHERE ($1::bigint IS NULL OR c.team_id = $1) AND c.received_at = $2 AND c.call_id = $3
                """,
                [.int(teamID), .time(receivedAt), .uuid(id)],
                deadline: deadline
            )
            guard let cells = found.rows.first else { return nil }
            let head = try CallReader.call(cells)
            let results = try connection.run(
                CallReader.partCommands(CallKey(teamID: head.teamID, receivedAt: receivedAt, callID: id)),
                deadline: deadline
            )
            return try CallReader.call(cells, try CallReader.parts(results))
        }
    }

    package func calls(_ query: CallQuery) async throws(LedgerError) -> [CallDetail] {
        let setAside = setAside
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            var query = query
            let limit = min(max(query.limit, 1), 500)
            var found: [CallDetail] = []
            while true {
                query.limit = limit - found.count
                let rows = try connection.run([Self.list(query)], deadline: deadline).first?.rows ?? []
                found += setAside.read(rows, for: .calls) { (cells) throws(PostgresError) in try CallReader.call(cells)
                }
                // Where some could not be read the page is filled up: a short one says that the list is over.
                guard rows.count == query.limit, found.count < limit, case .uuid(let last?) = rows.last?.first else {
                    return found
                }
                query.cursor = last
            }
        }
    }

    private static func list(_ query: CallQuery) -> SQLCommand {
        var conditions: [String] = []
        var parameters: [SQLValue] = []
        func parameter(_ value: SQLValue) -> String {
            parameters.append(value)
            return "$\(parameters.count)"
        }
        if let teamID = query.teamID { conditions.append("c.team_id = \(parameter(.int(teamID)))") }
        if let provider = query.provider { conditions.append("c.provider = \(parameter(.text(provider)))") }
        if let status = query.status { conditions.append("c.status = \(parameter(.text(status.rawValue)))") }
        if let since = query.since { conditions.append("c.received_at >= \(parameter(.time(since)))") }
        if let until = query.until { conditions.append("c.received_at < \(parameter(.time(until)))") }
        if let cursor = query.cursor, let moment = UUIDv7.moment(of: cursor) {
            // Both comparisons: the first prunes partitions, the second is exact.
            let time = parameter(.time(moment))
            conditions.append("c.received_at <= \(time)")
            conditions.append("(c.received_at, c.call_id) < (\(time), \(parameter(.uuid(cursor))))")
        }
        func hasImage(_ condition: String) -> String {
            """
            EXISTS (SELECT 1 FROM images AS i WHERE i.team_id = c.team_id AND i.call_id = c.call_id
                AND i.created_at >= c.received_at - interval '1 hour' AND \(condition))
            """
        }
        switch query.nsfw {
        case true: conditions.append(hasImage("i.nsfw"))
        case false: conditions.append("NOT " + hasImage("i.nsfw"))
        case nil: break
        }
        if let copyright = query.copyright {
            conditions.append(hasImage("i.copyright = \(parameter(.text(copyright.rawValue)))"))
        }
        let limit = parameter(.int(min(max(query.limit, 1), 500)))
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return SQLCommand(
            """
            SELECT \(CallReader.columns) FROM calls AS c JOIN teams AS t ON t.id = c.team_id
            \(filter)
            ORDER BY c.received_at DESC, c.call_id DESC LIMIT \(limit)
            """,
            parameters,
            isPrepared: false
        )
    }
}
