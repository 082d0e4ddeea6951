package import EaselBase
package import EaselCore
import Foundation

// MARK: - Terms

extension PostgresLedger {
    package func spendingTerms() async throws(LedgerError) -> SpendingTerms {
        let terms = try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            // One snapshot: a version with the prices of another would let an admission pass that it must not.
            let results = try connection.transaction(
                [
                    SQLCommand("SELECT version FROM terms WHERE name = 'spending'"),
                    SQLCommand(Self.priceSQL),
                    SQLCommand("SELECT \(BudgetReader.budgetColumns) FROM \(BudgetReader.budgetTables) ORDER BY b.id"),
                    SQLCommand("SELECT id FROM teams WHERE allow_unpriced"),
                ],
                begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                deadline: deadline
            )
            guard case .int(let version?) = results[0].rows.first?.first else {
                throw PostgresError(.unexpected, message: "the terms have no version")
            }
            return SpendingTerms(
                version: version,
                prices: PriceBook(try Self.prices(results[1])),
                budgets: try results[2].rows.map { (cells) throws(PostgresError) in
                    var row = RowReader(cells)
                    return try BudgetReader.budget(&row)
                },
                unpricedTeams: Set(results[3].rows.compactMap { if case .int(let id?) = $0.first { id } else { nil } })
            )
        }
        memory.withLock { $0.teams = Set(terms.budgets.map(\.teamID)) }
        return terms
    }

    /// Changes prices, budgets or what teams may do, and raises the version, in one transaction that waits for
    /// everything that is being spent or posted and keeps it out for as long as it takes. A `.failure` undoes all.
    ///
    /// `keeping`: false to take back what `body` changes, and only tell what came of it.
    func changeTerms<Value: Sendable>(
        keeping: Bool = true,
        _ body:
            @escaping @Sendable (PostgresConnection, SteadyInstant) throws(PostgresError) -> Result<
                Value, LedgerError
            >
    ) async throws(LedgerError) -> Value {
        let result = try await workers.read(
            limit: options.reportLimit,
            isRepeatable: false
        ) { connection, deadline throws(PostgresError) -> Result<Value, LedgerError> in
            func command(_ sql: String) throws(PostgresError) {
                _ = try connection.run([SQLCommand(sql, isPrepared: false)], deadline: deadline)
            }
            do throws(PostgresError) {
                try command("BEGIN")
                try command("SET LOCAL lock_timeout = '5s'")
                try command("LOCK TABLE terms IN EXCLUSIVE MODE")
                let result = try body(connection, deadline)
                if case .success = result, keeping {
                    try command("UPDATE terms SET version = version + 1 WHERE name = 'spending'")
                    try command("COMMIT")
                } else {
                    try command("ROLLBACK")
                }
                return result
            } catch {
                if connection.isUsable {
                    do throws(PostgresError) { try command("ROLLBACK") } catch { connection.abandon() }
                }
                throw error
            }
        }
        return try result.get()
    }

    /// The locks on budgets' windows that a settled call is posted under: none where nobody has budgets.
    func budgetLocks(teamID: Int64, receivedAt: Timestamp) -> [SQLCommand] {
        let owners = memory.withLock { memory in [0, teamID].filter { memory.teams.contains($0) } }
        return owners.map { BudgetStatements.lock(teamID: $0, at: receivedAt) }
    }

    package func changeTeam(
        _ name: String,
        _ change: TeamChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> TeamRecord {
        var projects: [String]?
        if case .only(let names) = change.projects { projects = names }
        let wanted = projects
        return try await changeTerms { connection, deadline throws(PostgresError) in
            // Whoever changes terms holds their lock: nobody changes the row in between.
            let old = try connection.run(
                "SELECT id, name, created_at, allow_unpriced, known_projects FROM teams WHERE name = $1",
                [.text(name)],
                deadline: deadline
            )
            let result = try connection.run(
                """
                UPDATE teams SET allow_unpriced = coalesce($2, allow_unpriced),
                    known_projects = CASE WHEN $3 THEN $4 ELSE known_projects END
                WHERE name = $1 RETURNING id, name, created_at, allow_unpriced, known_projects
                """,
                [
                    .text(name), .bool(change.allowsUnpriced), .bool(change.projects != nil),
                    .json(encoding: wanted),
                ],
                deadline: deadline
            )
            guard let before = old.rows.first, let cells = result.rows.first else {
                return .failure(.notFound("there is no team named \(name)"))
            }
            let team = try Self.team(cells)
            let event = AuditEvent.changed(try Self.team(before), team, by: actor, at: moment)
            _ = try connection.run([AuditStatements.insert(event)], deadline: deadline)
            return .success(team)
        }
    }

    static func team(_ cells: [SQLValue]) throws(PostgresError) -> TeamRecord {
        var row = RowReader(cells)
        return TeamRecord(
            id: try row.int64(),
            name: try row.text(),
            createdAt: try row.time(),
            allowsUnpriced: try row.bool(),
            knownProjects: try row.optionalJSON([String].self)
        )
    }

    // MARK: - Idempotency

    package func idempotentCall(
        teamID: Int64,
        key: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> IdempotentCall? {
        try await lookups.read(limit: options.writeLimit) { connection, deadline throws(PostgresError) in
            let command = Self.idempotentCommand(teamID: teamID, key: key, at: moment)
            return try Self.idempotentCall(try connection.run([command], deadline: deadline).first)
        }
    }

    static func idempotentCommand(teamID: Int64, key: String?, at moment: Timestamp) -> SQLCommand {
        SQLCommand(
            "SELECT call_id, fingerprint FROM idempotency_keys WHERE team_id = $1 AND key = $2 AND expires_at > $3",
            [.int(teamID), .text(key), .time(moment)]
        )
    }

    static func idempotentCall(_ result: SQLResult?) throws(PostgresError) -> IdempotentCall? {
        guard let cells = result?.rows.first else { return nil }
        var row = RowReader(cells)
        return IdempotentCall(callID: try row.uuid(), fingerprint: try row.optionalBytes() ?? [])
    }

    /// Forgets keys whose time is over.
    func forgetIdempotencyKeys(at moment: Timestamp) async throws(LedgerError) {
        _ = try await workers.read(limit: .seconds(60)) { connection, deadline throws(PostgresError) in
            try connection.run(
                "DELETE FROM idempotency_keys WHERE expires_at < $1",
                [.time(moment)],
                deadline: deadline
            )
            .affected
        }
    }
}
