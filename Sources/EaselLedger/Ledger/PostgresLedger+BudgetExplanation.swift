package import EaselBase
package import EaselCore
package import Foundation

// MARK: - What makes up a budget's figures

extension PostgresLedger {
    package func explainBudget(
        _ id: UUID,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> BudgetExplanation? {
        try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let found = try connection.run(
                [BudgetReader.standings(at: moment, where: "b.id = $2", [.uuid(id)])],
                deadline: deadline
            )
            guard let cells = found.first?.rows.first else { return nil }
            let head = try BudgetReader.standing(cells, at: moment)
            // The figures again and what makes them up in one snapshot, or the two would not add up under load.
            let results = try connection.transaction(
                [
                    BudgetReader.standings(at: moment, where: "b.id = $2", [.uuid(id)]),
                    Self.groups(head), Self.calls(head, limit: limit), Self.reservations(head, limit: limit),
                ],
                begin: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                deadline: deadline
            )
            guard let again = results[0].rows.first else { return nil }
            return BudgetExplanation(
                standing: try BudgetReader.standing(again, at: moment),
                groups: try results[1].rows.map { (cells) throws(PostgresError) in try Self.group(cells) },
                calls: try results[2].rows.map { (cells) throws(PostgresError) in try Self.call(cells) },
                reservations: try results[3].rows.map { (cells) throws(PostgresError) in try Self.reservation(cells) }
            )
        }
    }

    private static func conditions(_ standing: BudgetStanding) -> (sql: String, parameters: [SQLValue]) {
        let budget = standing.budget
        var project: String?
        var key: UUID?
        if case .project(_, let name) = budget.scope { project = name }
        if case .key(let id) = budget.scope { key = id }
        return (
            """
            ($1 = 0 OR c.team_id = $1) AND c.received_at >= $2 AND c.received_at < $3
                AND ($4::text IS NULL OR c.project = $4) AND ($5::uuid IS NULL OR c.key_id = $5)
            """,
            [
                .int(budget.teamID), .time(standing.window.start), .time(standing.window.end), .text(project),
                .uuid(key),
            ]
        )
    }

    private static func groups(_ standing: BudgetStanding) -> SQLCommand {
        let (sql, parameters) = conditions(standing)
        return SQLCommand(
            """
            SELECT c.status, coalesce(c.provider, c.last_provider), count(*), coalesce(sum(c.cost_nusd), 0)::bigint,
                coalesce(sum(c.images_delivered), 0)::bigint
            FROM calls AS c WHERE \(sql) AND c.status <> 'in_progress'
            GROUP BY 1, 2 ORDER BY 4 DESC, 1, 2
            """,
            parameters
        )
    }

    private static func calls(_ standing: BudgetStanding, limit: Int) -> SQLCommand {
        let (sql, parameters) = conditions(standing)
        return SQLCommand(
            """
            SELECT c.call_id, c.received_at, t.name, c.status, coalesce(c.provider, c.last_provider), c.cost_nusd,
                c.cost_basis, c.images_delivered
            FROM calls AS c JOIN teams AS t ON t.id = c.team_id
            WHERE \(sql) AND c.status <> 'in_progress' AND c.cost_nusd > 0
            ORDER BY c.received_at DESC, c.call_id DESC LIMIT $6
            """,
            parameters + [.int(limit)]
        )
    }

    private static func reservations(_ standing: BudgetStanding, limit: Int) -> SQLCommand {
        let (sql, parameters) = conditions(standing)
        return SQLCommand(
            """
            SELECT c.call_id, c.received_at, t.name, r.reason, r.amount_nusd, r.images, r.gateway_id, r.expires_at
            FROM reservations AS r
            JOIN calls AS c ON c.team_id = r.team_id AND c.received_at = r.received_at AND c.call_id = r.call_id
            JOIN teams AS t ON t.id = c.team_id
            WHERE \(sql) ORDER BY c.received_at, c.call_id LIMIT $6
            """,
            parameters + [.int(limit)]
        )
    }

    private static func group(_ cells: [SQLValue]) throws(PostgresError) -> BudgetExplanation.Group {
        var row = RowReader(cells)
        return BudgetExplanation.Group(
            status: try row.word(CallStatus.self),
            provider: try row.optionalText(),
            calls: try row.int(),
            cost: try row.money(),
            images: try row.int()
        )
    }

    private static func call(_ cells: [SQLValue]) throws(PostgresError) -> BudgetExplanation.Call {
        var row = RowReader(cells)
        return BudgetExplanation.Call(
            callID: try row.uuid(),
            receivedAt: try row.time(),
            team: try row.text(),
            status: try row.word(CallStatus.self),
            provider: try row.optionalText(),
            charge: try row.cost(),
            images: try row.int()
        )
    }

    private static func reservation(_ cells: [SQLValue]) throws(PostgresError) -> BudgetExplanation.Reservation {
        var row = RowReader(cells)
        return BudgetExplanation.Reservation(
            callID: try row.uuid(),
            receivedAt: try row.time(),
            team: try row.text(),
            reason: try row.text(),
            amount: try row.optionalMoney(),
            images: try row.int(),
            owner: try row.optionalUUID(),
            leaseEndsAt: try row.time()
        )
    }
}
