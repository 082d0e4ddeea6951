import EaselBase
import EaselCore

/// The pieces of SQL that budgets are locked, checked and posted with.
///
/// A call counts against the windows that match it by team, project or key and hold its `received_at`; so admission,
/// settlement and recovery by any gateway find the same windows, whatever budgets they know of. The organisation's
/// budgets have team 0.
enum BudgetStatements {
    /// The windows of the call in `old`, which has its project and key. $1 team, $2 received_at.
    static let matchesOld = """
        w.team_id IN (0, $1) AND w.window_start <= $2 AND w.window_end > $2
            AND (w.scope IN ('org', 'team') OR (w.scope = 'project' AND w.project = old.project)
                OR (w.scope = 'key' AND w.key_id = old.key_id))
        """

    /// The limits of budget `b` at a moment, a raise included.
    static func limitNusd(at moment: String) -> String { limit("nusd", moment) }
    static func limitImages(at moment: String) -> String { limit("images", moment) }

    private static func limit(_ unit: String, _ moment: String) -> String {
        """
        (b.limit_\(unit) + CASE WHEN b.raise_from <= \(moment) AND b.raise_until > \(moment)
            THEN coalesce(b.raise_\(unit), 0) ELSE 0 END)
        """
    }

    /// Locks the windows of one team that hold a moment in the order of their budgets, so that two transactions that post to
    /// the same ones wait for each other and never in a circle. The organisation's come first: callers give team 0 before
    /// the call's own. All of the team's, not only those that the call counts against: of two calls in one transaction the
    /// second may need a window that comes before one of the first's. A statement of its own: what follows it sees what the
    /// one waited for has written.
    static func lock(teamID: Int64, at receivedAt: Timestamp) -> SQLCommand {
        SQLCommand(
            """
            SELECT 1 FROM budget_windows WHERE window_start <= $2 AND window_end > $2
                AND team_id = $1 ORDER BY budget_id, window_start FOR UPDATE
            """,
            [.int(teamID), .time(receivedAt)]
        )
    }

    /// The locks of everything that a call may count against.
    static func locks(teamID: Int64, at receivedAt: Timestamp) -> [SQLCommand] {
        [lock(teamID: 0, at: receivedAt), lock(teamID: teamID, at: receivedAt)]
    }

    /// The row of a window, where it is not there yet.
    static func ensure(_ applied: AppliedBudget) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO budget_windows (team_id, budget_id, window_start, window_end, scope, project, key_id)
            SELECT b.team_id, b.id, $3, $4, b.scope, b.project, b.key_id FROM budgets AS b
            WHERE b.team_id = $1 AND b.id = $2 AND NOT EXISTS (
                SELECT 1 FROM budget_windows AS w WHERE w.team_id = $1 AND w.budget_id = $2
                    AND w.window_start < $4 AND w.window_end > $3)
            ON CONFLICT DO NOTHING
            """,
            [
                .int(applied.teamID), .uuid(applied.budgetID), .time(applied.window.start),
                .time(applied.window.end),
            ]
        )
    }

    /// The SET list that moves windows `w` from the figures in `old` (cost, images, held, held_images) to new ones. What
    /// is posted beyond what was held is counted apart: a provider charged more than its price, or the price was not
    /// known (M2's exception).
    static func post(cost: String, images: String, held: String, heldImages: String) -> String {
        let more = "greatest(0, \(cost) + \(held) - old.cost - old.held)"
        return """
            posted_nusd = w.posted_nusd + \(cost) - old.cost,
            reserved_nusd = w.reserved_nusd + \(held) - old.held,
            posted_images = w.posted_images + \(images) - old.images,
            reserved_images = w.reserved_images + \(heldImages) - old.held_images,
            ceiling_nusd = w.ceiling_nusd + \(more),
            ceiling_images = w.ceiling_images
                + greatest(0, \(images) + \(heldImages) - old.images - old.held_images),
            unreserved_nusd = w.unreserved_nusd + \(more)
            """
    }
}

/// Numbers the parameters of a statement that is put together from parts.
struct SQLParameters {
    private(set) var values: [SQLValue] = []

    /// Adds a value and returns the placeholder that stands for it.
    mutating func add(_ value: SQLValue) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// Adds several, as a list.
    mutating func add(_ values: [SQLValue]) -> String {
        values.map { add($0) }.joined(separator: ", ")
    }
}
