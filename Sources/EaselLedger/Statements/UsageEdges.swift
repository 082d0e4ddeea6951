import EaselBase
import EaselCore

/// Up to where the rollups of each level know all of a report's time. Read first in the report's snapshot, so that its
/// statement names only what is needed: planning what reads nothing took longer than the rest of a report.
struct UsageEdges {
    /// Minutes of teams whose log was written to and is not summed up again yet; none where there are too many of them, and
    /// the report is as old as its rollups then.
    let open: UsageSpan.Stretch?
    /// Whole hours, days and months up to where the first begins that finer ones know more of.
    let hours: UsageSpan.Stretch
    let days: UsageSpan.Stretch
    let months: UsageSpan.Stretch
    /// Seconds by which the figures are behind the log.
    let lagS: Int

    /// More windows than this are not read from the log.
    static let mostOpenWindows = 5000

    /// Whether a minute with marks is none of those that cannot be summed up: neither can a report.
    static func isNoFault(_ table: String) -> String {
        """
        NOT EXISTS (SELECT 1 FROM usage_faults AS f
            WHERE f.team_id = \(table).team_id AND f.level = 'minute' AND f.bucket = \(table).bucket)
        """
    }

    /// One row for `init(_:span:now:)`.
    static func command(_ query: UsageQuery, _ span: UsageSpan) -> SQLCommand {
        var parameters: [SQLValue] = [
            .time(span.minutes.from), .time(span.minutes.to), .time(span.hours.from), .time(span.hours.to),
            .time(span.days.from), .time(span.days.to), .time(span.months.from), .time(span.months.to),
            .int(mostOpenWindows),
        ]
        if let teamID = query.teamID { parameters.append(.int(teamID)) }
        let team = query.teamID == nil ? "" : "AND team_id = $\(parameters.count)"
        func pending(_ level: UsageLevel, _ from: String, _ to: String) -> String {
            """
            (SELECT min(bucket) FROM usage_pending
                WHERE level = '\(level.rawValue)' AND bucket >= \(from) AND bucket < \(to) \(team))
            """
        }
        return SQLCommand(
            """
            WITH open AS MATERIALIZED (
                SELECT bucket FROM usage_changes AS u
                WHERE bucket >= $1 AND bucket < $2 \(team) AND \(isNoFault("u")) GROUP BY bucket, team_id LIMIT $9 + 1
            ), opened AS MATERIALIZED (
                SELECT count(*) <= $9 AS few, min(bucket) AS first, max(bucket) AS last FROM open
            )
            SELECT few, first, last, \(pending(.hour, "$3", "$4")), \(pending(.day, "$5", "$6")),
                \(pending(.month, "$7", "$8")),
                CASE WHEN NOT few THEN (SELECT min(changed_at) FROM usage_changes
                    WHERE bucket >= $1 AND bucket < $2 \(team)) END
            FROM opened
            """,
            parameters
        )
    }

    init(_ result: SQLResult, span: UsageSpan, now: Timestamp) throws(PostgresError) {
        var row = RowReader(result.rows.first ?? [])
        let isFew = try row.bool()
        let first = try row.optionalTime()
        let last = try row.optionalTime()
        func earliest(_ moments: Timestamp?...) -> Timestamp? { moments.compactMap(\.self).min() }
        // What is not known of a window is not known of those that it is a part of.
        let hour = earliest(try row.optionalTime(), isFew ? first.map(UsageLevel.hour.floor) : nil)
        let day = earliest(try row.optionalTime(), hour.map(UsageLevel.day.floor))
        let month = earliest(try row.optionalTime(), day.map(UsageLevel.month.floor))
        let oldest = try row.optionalTime()
        func known(_ stretch: UsageSpan.Stretch, _ edge: Timestamp?) -> UsageSpan.Stretch {
            UsageSpan.Stretch(from: stretch.from, to: min(stretch.to, edge ?? stretch.to))
        }
        hours = known(span.hours, hour)
        days = known(span.days, day)
        months = known(span.months, month)
        if isFew, let first, let last {
            open = UsageSpan.Stretch(from: first, to: UsageLevel.minute.end(last))
        } else {
            open = nil
        }
        lagS = isFew ? 0 : max(1, oldest.map { Int(saturating: now.since($0).secondsAsDouble.rounded(.up)) } ?? 1)
    }
}
