package import EaselBase
package import EaselCore
package import Foundation

// MARK: - Who

extension PostgresLedger {
    package func account(keyHash: [UInt8]) async throws(LedgerError) -> Account? {
        // Part of the way of a call, which is refused as soon as its write would be.
        try await lookups.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            let result = try connection.run(
                """
                SELECT t.id, t.name, k.id, k.role, k.project, k.project_bound, t.known_projects, k.expires_at,
                    k.requests_per_minute, k.max_concurrent, k.inline_policies
                FROM api_keys AS k JOIN teams AS t ON t.id = k.team_id
                WHERE k.hash = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
                """,
                [.bytes(keyHash)],
                deadline: deadline
            )
            guard let cells = result.rows.first else { return nil }
            var row = RowReader(cells)
            return Account(
                teamID: try row.int64(),
                team: try row.text(),
                keyID: try row.uuid(),
                role: try row.word(Account.Role.self),
                project: try row.optionalText(),
                isProjectBound: try row.bool(),
                knownProjects: try row.optionalJSON([String].self),
                expiresAt: try row.optionalTime(),
                requestsPerMinute: try row.optionalInt(),
                maxConcurrent: try row.optionalInt(),
                inlinePolicies: try row.bool()
            )
        }
    }

    package func createTeam(
        name: String,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> TeamRecord {
        let team = try await audited {
            connection,
            deadline throws(PostgresError) -> (value: TeamRecord?, event: AuditEvent?) in
            let result = try connection.run(
                "INSERT INTO teams (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING id",
                [.text(name), .time(moment)],
                deadline: deadline
            )
            guard let cells = result.rows.first else { return (nil, nil) }
            var row = RowReader(cells)
            let team = TeamRecord(id: try row.int64(), name: name, createdAt: moment)
            return (team, .created(team, by: actor, at: moment))
        }
        guard let team else { throw .conflict("there is a team named \(name) already") }
        return team
    }

    package func teams() async throws(LedgerError) -> [TeamRecord] {
        try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try connection.run(
                "SELECT id, name, created_at, allow_unpriced, known_projects FROM teams ORDER BY name",
                deadline: deadline
            )
            .rows.map { (cells) throws(PostgresError) in try Self.team(cells) }
        }
    }

    package func createKey(_ key: NewKey, by actor: String) async throws(LedgerError) {
        let record = key.record
        let written = try await audited {
            connection,
            deadline throws(PostgresError) -> (value: Int, event: AuditEvent?) in
            let written = try connection.run(
                """
                INSERT INTO api_keys (id, hash, prefix, team_id, project, role, expires_at, requests_per_minute,
                    max_concurrent, inline_policies, created_at, project_bound)
                SELECT $1, $2, $3, t.id, $5, $6, $7, $8, $9, $10, $11, $12 FROM teams AS t WHERE t.name = $4
                """,
                [
                    .uuid(record.id), .bytes(key.hash), .text(record.prefix), .text(record.team),
                    .text(record.project), .text(record.role.rawValue), .time(record.expiresAt),
                    .int(record.requestsPerMinute), .int(record.maxConcurrent), .bool(record.inlinePolicies),
                    .time(record.createdAt), .bool(record.isProjectBound),
                ],
                deadline: deadline
            )
            .affected
            return (written, written == 0 ? nil : .created(record, by: actor))
        }
        if written == 0 { throw .notFound("there is no team named \(record.team)") }
    }

    package func keys(team: String?) async throws(LedgerError) -> [KeyRecord] {
        let setAside = setAside
        return try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let rows = try connection.run(
                """
                SELECT k.id, t.name, k.prefix, k.role, k.project, k.project_bound, k.created_at, k.expires_at, k.revoked_at,
                    k.requests_per_minute, k.max_concurrent, k.inline_policies
                FROM api_keys AS k JOIN teams AS t ON t.id = k.team_id
                WHERE $1::text IS NULL OR t.name = $1
                ORDER BY k.created_at, k.id
                """,
                [.text(team)],
                deadline: deadline
            )
            .rows
            return setAside.read(rows, for: .keys) { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return KeyRecord(
                    id: try row.uuid(),
                    team: try row.text(),
                    prefix: try row.text(),
                    role: try row.word(Account.Role.self),
                    project: try row.optionalText(),
                    isProjectBound: try row.bool(),
                    createdAt: try row.time(),
                    expiresAt: try row.optionalTime(),
                    revokedAt: try row.optionalTime(),
                    requestsPerMinute: try row.optionalInt(),
                    maxConcurrent: try row.optionalInt(),
                    inlinePolicies: try row.bool()
                )
            }
        }
    }

    package func revokeKey(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try await audited { connection, deadline throws(PostgresError) -> (value: Bool, event: AuditEvent?) in
            let found = try connection.run(
                """
                SELECT t.name, k.revoked_at IS NOT NULL FROM api_keys AS k JOIN teams AS t ON t.id = k.team_id
                WHERE k.id = $1
                """,
                [.uuid(id)],
                deadline: deadline
            )
            guard let cells = found.rows.first else { return (false, nil) }
            var row = RowReader(cells)
            let team = try row.text()
            // Revoking twice is once, in the audit too, whoever else does it at the same time.
            if try row.bool() { return (true, nil) }
            let revoked = try connection.run(
                "UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id",
                [.uuid(id), .time(moment)],
                deadline: deadline
            )
            return (true, revoked.rows.isEmpty ? nil : .revoked(id, of: team, by: actor, at: moment))
        }
    }

    package func providerSpend(since: Timestamp) async throws(LedgerError) -> [String: Money] {
        try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let result = try connection.run(
                """
                SELECT provider, sum(cost_nusd)::bigint FROM attempts
                WHERE started_at >= $1 AND cost_nusd IS NOT NULL GROUP BY provider
                """,
                [.time(since)],
                deadline: deadline
            )
            var spend: [String: Money] = [:]
            for cells in result.rows {
                var row = RowReader(cells)
                spend[try row.text()] = try row.money()
            }
            return spend
        }
    }
}
