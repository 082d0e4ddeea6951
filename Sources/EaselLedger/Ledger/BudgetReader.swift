import EaselBase
import EaselCore

/// Rows of budgets and their windows as values.
enum BudgetReader {
    static let budgetColumns = """
        b.id, b.team_id, b.scope, t.name, b.project, b.key_id, b.period, b.limit_nusd, b.limit_images, b.hard, b.warn_at,
        b.timezone, b.raise_nusd, b.raise_images, b.raise_from, b.raise_until
        """
    static let budgetTables = "budgets AS b LEFT JOIN teams AS t ON t.id = b.team_id"

    /// After `budgetColumns`, from a LEFT JOIN on `w`.
    static let windowColumns = """
        w.window_start, w.window_end, w.posted_nusd, w.reserved_nusd, w.posted_images, w.reserved_images,
        w.unreserved_nusd
        """

    static func budget(_ row: inout RowReader) throws(PostgresError) -> Budget {
        let id = try row.uuid()
        let teamID = try row.int64()
        let kind = try row.text()
        let team = try row.optionalText()
        let project = try row.optionalText()
        let keyID = try row.optionalUUID()
        let scope: BudgetScope? =
            switch kind {
            case "org": .org
            case "team": team.map { .team($0) }
            case "project": team.flatMap { team in project.map { .project(team: team, name: $0) } }
            default: keyID.map { .key($0) }
            }
        guard let scope else { throw PostgresError(.unexpected, message: "a budget's scope is incomplete") }
        let period = try row.word(BudgetPeriod.self)
        let limit = try limit(&row)
        guard let limit else { throw PostgresError(.unexpected, message: "a budget has no limit") }
        let isHard = try row.bool()
        // A list that cannot be read must not stop spending; the usual thresholds warn meanwhile.
        let warnAt: [Int]
        do throws(PostgresError) {
            warnAt = try row.optionalJSON([Int].self) ?? []
        } catch {
            warnAt = BudgetWish.defaultWarnings
        }
        let timezone = try row.text()
        let raise = try self.limit(&row)
        let from = try row.optionalTime()
        let until = try row.optionalTime()
        return Budget(
            id: id,
            teamID: teamID,
            scope: scope,
            period: period,
            limit: limit,
            isHard: isHard,
            warnAt: warnAt,
            timezone: timezone,
            raise: raise.flatMap { by in
                from.flatMap { from in until.map { BudgetRaise(by: by, from: from, until: $0) } }
            }
        )
    }

    /// Two columns, of which one at most is there.
    private static func limit(_ row: inout RowReader) throws(PostgresError) -> BudgetLimit? {
        let money = try row.optionalMoney()
        let images = try row.optionalInt()
        return money.map { .money($0) } ?? images.map { .images($0) }
    }

    /// A budget with its window, or with an empty one where no call was received in it yet.
    static func standing(_ cells: [SQLValue], at moment: Timestamp) throws(PostgresError) -> BudgetStanding {
        var row = RowReader(cells)
        let budget = try budget(&row)
        guard let start = try row.optionalTime() else {
            return BudgetStanding(budget: budget, window: budget.window(at: moment))
        }
        return BudgetStanding(
            budget: budget,
            window: BudgetWindow(start: start, end: try row.time()),
            posted: try row.money(),
            reserved: try row.money(),
            postedImages: try row.int(),
            reservedImages: try row.int(),
            unreserved: try row.money()
        )
    }

    /// The budgets of some teams with the windows that hold a moment: the organisation's first, then by id. Budgets are
    /// chosen by `condition`, whose parameters follow the moment ($1).
    static func standings(
        at moment: Timestamp,
        where condition: String,
        _ parameters: [SQLValue]
    ) -> SQLCommand {
        SQLCommand(
            """
            SELECT \(budgetColumns), \(windowColumns) FROM \(budgetTables)
            LEFT JOIN budget_windows AS w ON w.team_id = b.team_id AND w.budget_id = b.id
                AND w.window_start <= $1 AND w.window_end > $1
            WHERE \(condition) ORDER BY b.team_id, b.id
            """,
            [.time(moment)] + parameters
        )
    }
}
