package import EaselBase
package import EaselCore
package import Foundation

// MARK: - Budgets

extension PostgresLedger {
    package func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let command = BudgetReader.standings(
                at: moment,
                where: "$2::bigint IS NULL OR b.team_id = $2",
                [.int(teamID)]
            )
            return try Self.standings(try connection.run([command], deadline: deadline), at: moment)
        }
    }

    private static func standings(
        _ results: [SQLResult],
        at moment: Timestamp
    ) throws(PostgresError) -> [BudgetStanding] {
        try (results.first?.rows ?? []).map { (cells) throws(PostgresError) in
            try BudgetReader.standing(cells, at: moment)
        }
    }

    private static func standing(
        _ id: UUID,
        on connection: PostgresConnection,
        at moment: Timestamp,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> BudgetStanding? {
        let command = BudgetReader.standings(at: moment, where: "b.id = $2", [.uuid(id)])
        return try standings(try connection.run([command], deadline: deadline), at: moment).first
    }

    // MARK: - Setting one

    package func changeBudget(
        _ wish: BudgetChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetWriting {
        if let zone = wish.timezone {
            guard try await isZoneKnown(zone) else { throw .rejected("there is no time zone named \(zone)") }
        }
        return try await changeTerms { connection, deadline throws(PostgresError) in
            try Self.changed(wish, by: actor, at: moment, on: connection, deadline)
        }
    }

    static func changed(
        _ wish: BudgetChange,
        by actor: String,
        at moment: Timestamp,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> Result<BudgetWriting, LedgerError> {
        guard let teamID = try Self.owner(of: wish.scope, on: connection, deadline) else {
            return .failure(.notFound(Self.missing(wish.scope)))
        }
        let before: Budget?
        let budget: Budget
        switch wish.target(among: try Self.existing(wish.scope, teamID, on: connection, at: moment, deadline)) {
        case .unclear(let why): return .failure(.rejected(why))
        case .existing(let found): (before, budget) = (found, wish.applied(to: found))
        case .new(let whole): (before, budget) = (nil, Budget(whole, teamID: teamID, at: moment))
        }
        _ = try connection.run([Self.upsert(budget, at: moment)], deadline: deadline)
        if before?.timezone != budget.timezone {
            // Windows of another calendar would overlap with these.
            _ = try connection.run(
                "DELETE FROM budget_windows WHERE team_id = $1 AND budget_id = $2",
                [.int(teamID), .uuid(budget.id)],
                deadline: deadline
            )
        }
        // Also the windows just before and after: the lock was waited for, and other gateways' clocks differ.
        let windows = [moment - Self.clockSlack, moment, moment + Self.clockSlack].map { budget.window(at: $0) }
        for window in Set(windows) { try Self.open(budget, window, on: connection, at: moment, deadline) }
        var change = Self.change("set", budget)
        if let before { change["was"] = .string(before.termsText) }
        let event = AuditEvent.budget(.setBudget, before, budget, by: actor, at: moment)
        try Self.note(budget, change, event, on: connection, deadline)
        guard let standing = try Self.standing(budget.id, on: connection, at: moment, deadline) else {
            throw PostgresError(.unexpected, message: "a budget that was written is not there")
        }
        return .success(BudgetWriting(before: before, after: standing))
    }

    /// How far the clocks of gateways may be apart, waiting for the lock included.
    private static let clockSlack = Duration.seconds(60)

    private static func missing(_ scope: BudgetScope) -> String {
        switch scope {
        case .org: "there is no organisation"
        case .team(let name), .project(let name, _): "there is no team named \(name)"
        case .key(let id): "there is no key with the id \(id.text)"
        }
    }

    /// The team that a scope belongs to: 0 for the organisation, nil when it names what is not there.
    private static func owner(
        of scope: BudgetScope,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> Int64? {
        let result: SQLResult
        switch scope {
        case .org: return 0
        case .team(let name), .project(let name, _):
            result = try connection.run("SELECT id FROM teams WHERE name = $1", [.text(name)], deadline: deadline)
        case .key(let id):
            result = try connection.run(
                "SELECT team_id FROM api_keys WHERE id = $1",
                [.uuid(id)],
                deadline: deadline
            )
        }
        guard let cells = result.rows.first else { return nil }
        var row = RowReader(cells)
        return try row.int64()
    }

    static func place(_ scope: BudgetScope) -> (project: SQLValue, key: SQLValue) {
        switch scope {
        case .org, .team: (.text(nil), .uuid(nil))
        case .project(_, let name): (.text(name), .uuid(nil))
        case .key(let id): (.text(nil), .uuid(id))
        }
    }

    private static func amounts(_ limit: BudgetLimit?) -> [SQLValue] {
        switch limit {
        case .money(let amount): [.money(amount), .int(Int?.none)]
        case .images(let count): [.int(Int?.none), .int(count)]
        case nil: [.int(Int?.none), .int(Int?.none)]
        }
    }

    /// The budgets of a scope.
    private static func existing(
        _ scope: BudgetScope,
        _ teamID: Int64,
        on connection: PostgresConnection,
        at moment: Timestamp,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [Budget] {
        let (project, key) = place(scope)
        let command = BudgetReader.standings(
            at: moment,
            where: """
                b.team_id = $2 AND b.scope = $3 AND b.project IS NOT DISTINCT FROM $4
                AND b.key_id IS NOT DISTINCT FROM $5
                """,
            [.int(teamID), .text(scope.kind), project, key]
        )
        return try standings(try connection.run([command], deadline: deadline), at: moment).map(\.budget)
    }

    private static func upsert(_ budget: Budget, at moment: Timestamp) -> SQLCommand {
        let (project, key) = place(budget.scope)
        return SQLCommand(
            """
            INSERT INTO budgets (team_id, id, scope, project, key_id, period, hard, warn_at, timezone, created_at,
                updated_at, limit_nusd, limit_images)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12)
            ON CONFLICT (team_id, id) DO UPDATE SET hard = excluded.hard, warn_at = excluded.warn_at,
                timezone = excluded.timezone, updated_at = excluded.updated_at, limit_nusd = excluded.limit_nusd,
                limit_images = excluded.limit_images
            """,
            [
                .int(budget.teamID), .uuid(budget.id), .text(budget.scope.kind), project, key,
                .text(budget.period.rawValue), .bool(budget.isHard), .json(encoding: budget.warnAt),
                .text(budget.timezone), .time(moment),
            ] + amounts(budget.limit)
        )
    }

    /// Gives the budget's window its row: what the log says was spent and is held in it. Nothing is under way that could
    /// be missed, for the terms are locked. Where the row stands already the sums come out the same; only the ceiling,
    /// up to which they may rightly have come, follows the limit.
    private static func open(
        _ budget: Budget,
        _ window: BudgetWindow,
        on connection: PostgresConnection,
        at moment: Timestamp,
        _ deadline: SteadyInstant
    ) throws(PostgresError) {
        let limit: (Money, Int) =
            switch budget.limit(at: moment) {
            case .money(let amount): (amount, 0)
            case .images(let count): (.zero, count)
            }
        let (project, key) = place(budget.scope)
        let isTheirs = """
            ($1 = 0 OR c.team_id = $1) AND c.received_at >= $3 AND c.received_at < $4
                AND ($6::text IS NULL OR c.project = $6) AND ($7::uuid IS NULL OR c.key_id = $7)
            """
        _ = try connection.run(
            """
            INSERT INTO budget_windows (team_id, budget_id, window_start, window_end, scope, project, key_id,
                posted_nusd, posted_images, reserved_nusd, reserved_images, ceiling_nusd, ceiling_images)
            SELECT $1, $2, $3, $4, $5, $6, $7, p.nusd, p.images, r.nusd, r.images,
                greatest($8, p.nusd + r.nusd), greatest($9, p.images + r.images)
            FROM (
                SELECT coalesce(sum(c.cost_nusd), 0)::bigint AS nusd,
                    coalesce(sum(c.images_delivered), 0)::bigint AS images
                FROM calls AS c WHERE \(isTheirs) AND c.status <> 'in_progress') AS p, (
                SELECT coalesce(sum(s.amount_nusd), 0)::bigint AS nusd, coalesce(sum(s.images), 0)::bigint AS images
                FROM reservations AS s JOIN calls AS c
                    ON c.team_id = s.team_id AND c.received_at = s.received_at AND c.call_id = s.call_id
                WHERE \(isTheirs)) AS r
            ON CONFLICT (team_id, budget_id, window_start) DO UPDATE SET
                ceiling_nusd = greatest(budget_windows.ceiling_nusd, excluded.ceiling_nusd),
                ceiling_images = greatest(budget_windows.ceiling_images, excluded.ceiling_images)
            """,
            [
                .int(budget.teamID), .uuid(budget.id), .time(window.start), .time(window.end),
                .text(budget.scope.kind), project, key, .money(limit.0), .int(limit.1),
            ],
            deadline: deadline
        )
    }

    // MARK: - Raising and removing

    package func raiseBudget(
        _ id: UUID,
        _ raise: BudgetRaise?,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> BudgetStanding {
        try await changeTerms { connection, deadline throws(PostgresError) in
            guard let before = try Self.standing(id, on: connection, at: moment, deadline) else {
                return .failure(.notFound("there is no such budget"))
            }
            let budget = before.budget
            if let raise {
                guard budget.limit.isAlike(raise.by) else {
                    return .failure(.conflict("the budget and the raise count different things"))
                }
                if let other = budget.raise, other.until > moment {
                    return .failure(
                        .conflict(
                            "a raise from \(other.from) until \(other.until) stands already; end it first"
                        )
                    )
                }
            }
            _ = try connection.run(
                """
                UPDATE budgets SET raise_nusd = $5, raise_images = $6, raise_from = $3, raise_until = $4, updated_at = $7
                WHERE team_id = $1 AND id = $2
                """,
                [.int(budget.teamID), .uuid(id), .time(raise?.from), .time(raise?.until)]
                    + Self.amounts(raise?.by) + [.time(moment)],
                deadline: deadline
            )
            var change = Self.change(raise == nil ? "end_raise" : "raise", budget)
            if let raise {
                change["raise"] = Self.json(raise.by)
                change["from"] = .string(raise.from.description)
                change["until"] = .string(raise.until.description)
            }
            guard let after = try Self.standing(id, on: connection, at: moment, deadline) else {
                throw PostgresError(.unexpected, message: "a budget vanished under its lock")
            }
            let event = AuditEvent.budget(
                raise == nil ? .endRaise : .raiseBudget,
                budget,
                after.budget,
                by: actor,
                at: moment
            )
            try Self.note(budget, change, event, on: connection, deadline)
            return .success(after)
        }
    }

    package func removeBudget(
        _ id: UUID,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> Bool {
        try await changeTerms { connection, deadline throws(PostgresError) in
            guard let standing = try Self.standing(id, on: connection, at: moment, deadline) else {
                return .success(false)
            }
            let key: [SQLValue] = [.int(standing.budget.teamID), .uuid(id)]
            _ = try connection.run(
                [
                    SQLCommand("DELETE FROM budget_windows WHERE team_id = $1 AND budget_id = $2", key),
                    SQLCommand("DELETE FROM budgets WHERE team_id = $1 AND id = $2", key),
                ],
                deadline: deadline
            )
            let change = Self.change("remove", standing.budget)
            let event = AuditEvent.budget(.removeBudget, standing.budget, nil, by: actor, at: moment)
            try Self.note(standing.budget, change, event, on: connection, deadline)
            return .success(true)
        }
    }

    private static func json(_ limit: BudgetLimit) -> JSONValue {
        switch limit {
        case .money(let amount): .string("$\(amount.usd)")
        case .images(let count): .string("\(count) images")
        }
    }

    private static func change(_ act: String, _ budget: Budget) -> [String: JSONValue] {
        [
            "act": .string(act), "scope": .string(budget.scope.text), "period": .string(budget.period.rawValue),
            "limit": json(budget.limit), "hard": .bool(budget.isHard), "timezone": .string(budget.timezone),
        ]
    }

    /// In the history of budgets and in the audit.
    private static func note(
        _ budget: Budget,
        _ change: [String: JSONValue],
        _ event: AuditEvent,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) {
        _ = try connection.run(
            [
                SQLCommand(
                    """
                    INSERT INTO budget_changes (team_id, budget_id, change_id, changed_at, changed_by, change)
                    VALUES ($1, $2, $3, $4, $5, $6)
                    """,
                    [
                        .int(budget.teamID), .uuid(budget.id), .uuid(event.id), .time(event.at),
                        .text(event.actor.name), .json(writing: JSONValue.object(change)),
                    ]
                ), AuditStatements.insert(event),
            ],
            deadline: deadline
        )
    }

}
