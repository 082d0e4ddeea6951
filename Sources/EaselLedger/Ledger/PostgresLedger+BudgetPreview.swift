package import EaselBase
package import EaselCore

// MARK: - What would come of a budget

extension PostgresLedger {
    package func previewBudget(
        _ wish: BudgetChange,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetPreview {
        if let zone = wish.timezone {
            guard try await isZoneKnown(zone) else { throw .rejected("there is no time zone named \(zone)") }
        }
        // Made and taken back: then it cannot tell anything else than the change itself.
        let writing = try await changeTerms(keeping: false) { connection, deadline throws(PostgresError) in
            try Self.changed(wish, by: AuditActor.local, at: moment, on: connection, deadline)
        }
        // Behind the lock, which keeps out everything that is spent meanwhile.
        let teams = try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            try Self.teams(of: writing.after, at: moment, on: connection, deadline)
        }
        return BudgetPreview(writing: writing, teams: teams)
    }

    /// The teams whose calls count for a budget.
    private static func teams(
        of standing: BudgetStanding,
        at moment: Timestamp,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [BudgetPreview.Team] {
        let (project, key) = place(standing.budget.scope)
        let counts = """
            c.team_id = t.id AND c.received_at >= $2 AND c.received_at < $3
                AND ($4::text IS NULL OR c.project = $4) AND ($5::uuid IS NULL OR c.key_id = $5)
            """
        let result = try connection.run(
            """
            SELECT t.name, k.count, s.nusd, r.nusd FROM teams AS t
            CROSS JOIN LATERAL (
                SELECT count(*) AS count FROM api_keys AS k
                WHERE k.team_id = t.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $6)
                    AND ($5::uuid IS NULL OR k.id = $5)
                    AND ($4::text IS NULL OR NOT k.project_bound OR k.project = $4)) AS k
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(c.cost_nusd), 0)::bigint AS nusd FROM calls AS c
                WHERE \(counts) AND c.status <> 'in_progress') AS s
            CROSS JOIN LATERAL (
                SELECT coalesce(sum(v.amount_nusd), 0)::bigint AS nusd FROM reservations AS v JOIN calls AS c
                    ON c.team_id = v.team_id AND c.received_at = v.received_at AND c.call_id = v.call_id
                WHERE \(counts)) AS r
            WHERE $1 = 0 OR t.id = $1
            ORDER BY s.nusd + r.nusd DESC, t.name LIMIT $7
            """,
            [
                .int(standing.budget.teamID), .time(standing.window.start), .time(standing.window.end), project, key,
                .time(moment), .int(BudgetPreview.mostTeams),
            ],
            deadline: deadline
        )
        return try result.rows.map { (cells) throws(PostgresError) in
            var row = RowReader(cells)
            return BudgetPreview.Team(
                name: try row.text(),
                keys: try row.int(),
                spent: try row.optionalMoney() ?? .zero,
                reserved: try row.optionalMoney() ?? .zero
            )
        }
    }
}
