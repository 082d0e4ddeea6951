import EaselBase
import EaselCore

/// Reads the usage figures (L5): from the rollups, and from the log (`UsageLog`) for what is not rolled up yet, all in one
/// snapshot. So a report is what the log says, however far the rollups are.
enum UsageStatements {
    /// More windows than this are not read from the log: the report is as old as its rollups then, and says so.
    static let mostOpenWindows = 5000
    /// More rows than this are nobody's report.
    static let mostRows = 100_000

    /// The figures by group; one row more than `mostRows` when there are too many.
    static func figures(_ query: UsageQuery, now: Timestamp) -> SQLCommand {
        var builder = Builder(query, UsageSpan(query, now: now), .usage)
        return builder.command()
    }

    /// The figures of attempts by group.
    static func attempts(_ query: UsageQuery, now: Timestamp) -> SQLCommand {
        var builder = Builder(query, UsageSpan(query, now: now), .attempts)
        return builder.command()
    }

    /// How good the figures are beyond what the rollups count: attempts of calls in progress whose end or price is not
    /// known, and by how many seconds the rollups are behind where the log is not read.
    static func quality(_ query: UsageQuery, now: Timestamp) -> SQLCommand {
        var parameters: [SQLValue] = [.time(query.from), .time(query.to), .time(now), .int(mostOpenWindows)]
        let team = team("c", query, &parameters)
        return SQLCommand(
            """
            WITH open AS (
                SELECT count(*) AS windows FROM (
                    SELECT 1 FROM usage_changes AS c WHERE bucket > $1 - interval '1 minute' AND bucket < $2 \(team)
                    GROUP BY bucket, team_id LIMIT $4 + 1) AS windows
            )
            SELECT count(*) FILTER (WHERE \(UsageLog.isUnpriced)), count(*) FILTER (WHERE a.outcome = 'unknown'),
                (SELECT CASE WHEN windows <= $4 THEN 0
                    ELSE greatest(1, ceil(extract(epoch FROM $3 - (SELECT min(changed_at) FROM usage_changes AS c
                        WHERE bucket > $1 - interval '1 minute' AND bucket < $2 \(team)))))::bigint END FROM open)
            FROM calls AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE c.status = 'in_progress' AND c.received_at >= $1 AND c.received_at < $2
                AND \(UsageLog.window("a.started_at", "$1", "$2")) \(team)
            """,
            parameters,
            isPrepared: false
        )
    }

    private static func team(_ alias: String, _ query: UsageQuery, _ parameters: inout [SQLValue]) -> String {
        guard let teamID = query.teamID else { return "" }
        parameters.append(.int(teamID))
        return "AND \(alias).team_id = $\(parameters.count)"
    }

    // MARK: - The statement

    private struct Builder {
        /// The tables that are read, and how.
        enum Family: String {
            case usage, attempts

            var table: String { self == .usage ? "usage" : "attempt" }
            var figures: [String] { self == .usage ? UsageColumns.figures : UsageColumns.attemptFigures }
            var histograms: [String] {
                self == .usage ? UsageColumns.latency : UsageColumns.phaseHistograms
            }
            var details: [String] {
                self == .usage ? ["provider", "model", "project", "key_id", "tags"] : UsageColumns.attemptKeys
            }

            func log(from: String, to: String) -> String {
                self == .usage
                    ? UsageLog.usage(calls: "c", from: from, to: to)
                    : UsageLog.attempts(calls: "c", from: from, to: to)
            }
        }

        let family: Family
        let query: UsageQuery
        let span: UsageSpan
        var parameters: [SQLValue] = []
        /// Whether the rows without project, key and tags are enough.
        let isSummary: Bool

        init(_ query: UsageQuery, _ span: UsageSpan, _ family: Family) {
            self.family = family
            self.query = query
            self.span = span
            isSummary =
                family == .usage
                && query.groupBy.allSatisfy { dimension in
                    switch dimension {
                    case .team, .provider, .model, .day, .hour: true
                    case .project, .key, .tag, .error: false
                    }
                }
        }

        private mutating func parameter(_ value: SQLValue) -> String {
            parameters.append(value)
            return "$\(parameters.count)"
        }

        mutating func command() -> SQLCommand {
            let teamID = query.teamID.map { parameter(.int($0)) }
            func team(_ alias: String) -> String { teamID.map { "AND \(alias).team_id = \($0)" } ?? "" }
            let from = parameter(.time(query.from))
            let to = parameter(.time(max(query.to, span.minutes.to)))
            let first = parameter(.time(span.minutes.from))
            let last = parameter(.time(span.minutes.to))
            let hours = (parameter(.time(span.hours.from)), parameter(.time(span.hours.to)))
            let days = (parameter(.time(span.days.from)), parameter(.time(span.days.to)))
            let months = (parameter(.time(span.months.from)), parameter(.time(span.months.to)))
            // Coarse windows end where the first is that the finer ones know more of.
            let hoursEnd = "greatest(\(hours.0), least(\(hours.1), (SELECT hour FROM edge)))"
            let daysEnd = "greatest(\(days.0), least(\(days.1), (SELECT day FROM edge)))"
            let monthsEnd = "greatest(\(months.0), least(\(months.1), (SELECT month FROM edge)))"
            let suffix = isSummary ? "_summary" : ""
            let isClosed = """
                NOT EXISTS (SELECT 1 FROM open AS o
                    WHERE o.team_id = s.team_id AND o.bucket = s.bucket AND (SELECT few FROM edge))
                """
            var pieces: [String] = []
            /// The windows of one level before and after those of the next coarser one: each an index range of its own.
            func add(
                _ level: UsageLevel,
                before: (String, String)?,
                after: (String, String),
                _ condition: String? = nil
            ) {
                let isDetailed = level == .minute
                let table = "\(family.table)_\(level.rawValue)\(isDetailed ? "" : suffix) AS s"
                for range in [before, after].compactMap(\.self) {
                    pieces.append(
                        piece(table, isSummary: isSummary && !isDetailed)
                            + " WHERE s.bucket >= \(range.0) AND s.bucket < \(range.1) \(team("s"))"
                            + (condition.map { " AND \($0)" } ?? "")
                    )
                }
            }
            add(
                .minute,
                before: span.minutes.from < span.hours.from ? (first, hours.0) : nil,
                after: (hoursEnd, last),
                isClosed
            )
            if !span.hours.isEmpty {
                add(
                    .hour,
                    before: span.hours.from < span.days.from ? (hours.0, "least(\(days.0), \(hoursEnd))") : nil,
                    after: (daysEnd, hoursEnd)
                )
            }
            if !span.days.isEmpty {
                add(
                    .day,
                    before: span.days.from < span.months.from ? (days.0, "least(\(months.0), \(daysEnd))") : nil,
                    after: (monthsEnd, daysEnd)
                )
            }
            if !span.months.isEmpty { add(.month, before: nil, after: (months.0, monthsEnd)) }
            pieces.append(
                piece("(\(family.log(from: from, to: to))) AS s", isSummary: false)
            )
            var loose = [
                """
                SELECT \(UsageLog.callColumns) FROM open AS o JOIN calls AS c ON c.team_id = o.team_id
                    AND c.received_at >= o.bucket AND c.received_at < o.bucket + interval '1 minute'
                WHERE (SELECT few FROM edge) AND c.received_at >= \(first) AND c.received_at < \(last)
                    AND c.status <> 'in_progress'
                """
            ]
            for edge in span.edges {
                loose.append(
                    """
                    SELECT \(UsageLog.callColumns) FROM calls AS c
                    WHERE c.received_at >= \(parameter(.time(edge.from))) AND c.received_at < \(parameter(.time(edge.to)))
                        AND c.status <> 'in_progress' \(team("c"))
                    """
                )
            }
            let most = parameter(.int(UsageStatements.mostOpenWindows))
            var names: [String] = []
            var expressions = ""
            for (index, dimension) in query.groupBy.enumerated() {
                names.append("d\(index)")
                expressions += "\(expression(dimension)) AS d\(index), "
            }
            let list = names.map { "\($0), " }.joined()
            let tail =
                names.isEmpty
                ? ""
                : "GROUP BY \(UsageColumns.list(names)) ORDER BY "
                    + names.map { "\($0) COLLATE \"C\" NULLS LAST" }.joined(separator: ", ")
            let histograms = family.histograms.map { "string_agg(\($0), ''::bytea)" }
            let join = query.groupBy.contains(.team) ? "JOIN teams AS t ON t.id = p.team_id" : ""
            let sql = """
                WITH open AS MATERIALIZED (
                    SELECT team_id, bucket FROM usage_changes AS o
                    WHERE bucket >= \(first) AND bucket < \(last) \(team("o")) GROUP BY bucket, team_id LIMIT \(most) + 1
                ), opened AS MATERIALIZED (
                    SELECT count(*) <= \(most) AS few, min(bucket) AS first FROM open
                ), due AS MATERIALIZED (
                    SELECT few, least((SELECT min(bucket) FROM usage_pending AS q WHERE level = 'hour'
                            AND bucket >= \(hours.0) AND bucket < \(hours.1) \(team("q"))),
                        CASE WHEN few THEN date_trunc('hour', first, 'UTC') END, 'infinity') AS hour
                    FROM opened
                ), dated AS MATERIALIZED (
                    SELECT few, hour, least((SELECT min(bucket) FROM usage_pending AS q WHERE level = 'day'
                            AND bucket >= \(days.0) AND bucket < \(days.1) \(team("q"))),
                        date_trunc('day', hour, 'UTC')) AS day
                    FROM due
                ), edge AS MATERIALIZED (
                    SELECT few, hour, day, least((SELECT min(bucket) FROM usage_pending AS q WHERE level = 'month'
                            AND bucket >= \(months.0) AND bucket < \(months.1) \(team("q"))),
                        date_trunc('month', day, 'UTC')) AS month
                    FROM dated
                ), c AS MATERIALIZED (\(loose.joined(separator: " UNION ALL ")))
                SELECT \(list)\(UsageColumns.sums(family.figures)), \(histograms.joined(separator: ", "))
                FROM (
                    SELECT \(expressions)p.*
                    FROM (\(pieces.joined(separator: " UNION ALL "))) AS p \(join)
                ) AS rows \(tail)
                LIMIT \(parameter(.int(UsageStatements.mostRows + 1)))
                """
            return SQLCommand(sql, parameters, isPrepared: false)
        }

        private func piece(_ source: String, isSummary: Bool) -> String {
            let absent = ["project": "''::text", "key_id": "NULL::uuid", "tags": "NULL::jsonb"]
            let details = family.details.map { name in
                isSummary ? absent[name].map { "\($0) AS \(name)" } ?? "s.\(name)" : "s.\(name)"
            }
            let rest = (family.figures + family.histograms).map { "s.\($0)" }
            return "SELECT s.team_id, s.bucket, \(UsageColumns.list(details + rest)) FROM \(source)"
        }

        private mutating func expression(_ dimension: UsageQuery.Dimension) -> String {
            switch dimension {
            case .team: return "t.name"
            case .provider: return "nullif(p.provider, '')"
            case .model: return "p.model"
            case .project: return "nullif(p.project, '')"
            case .key: return "p.key_id::text"
            case .day:
                return "to_char(p.bucket AT TIME ZONE \(parameter(.text(query.timezone))), 'YYYY-MM-DD')"
            case .hour:
                // With the zone as its third argument date_trunc keeps the two hours of an autumn night apart and knows
                // zones whose hours begin at half past.
                return """
                    to_char(date_trunc('hour', p.bucket, \(parameter(.text(query.timezone)))) AT TIME ZONE 'UTC',
                        'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                    """
            case .error: return "nullif(p.error_code, '')"
            case .tag(let name): return "p.tags ->> \(parameter(.text(name)))"
            }
        }
    }

    // MARK: - Reading the answers

    static func row(_ cells: [SQLValue], dimensions: Int) throws(PostgresError) -> UsageReport.Row {
        var row = RowReader(cells)
        var group: [String?] = []
        for _ in 0..<dimensions { group.append(try row.optionalText()) }
        var figures = UsageFigures()
        // In the order of UsageColumns.figures; NULL where nothing was summed up.
        figures.calls = try row.optionalInt() ?? 0
        figures.succeeded = try row.optionalInt() ?? 0
        figures.partial = try row.optionalInt() ?? 0
        figures.refused = try row.optionalInt() ?? 0
        figures.failed = try row.optionalInt() ?? 0
        figures.images = try row.optionalInt() ?? 0
        figures.failovers = try row.optionalInt() ?? 0
        figures.failoverCost = try row.optionalMoney() ?? .zero
        figures.cost = try row.optionalMoney() ?? .zero
        figures.estimated = try row.optionalMoney() ?? .zero
        figures.reconciled = try row.optionalMoney() ?? .zero
        figures.hedges = try row.optionalInt() ?? 0
        figures.hedgeCost = try row.optionalMoney() ?? .zero
        figures.unpricedAttempts = try row.optionalInt() ?? 0
        figures.unknownAttempts = try row.optionalInt() ?? 0
        figures.pictures = try row.optionalInt() ?? 0
        figures.withheld = try row.optionalInt() ?? 0
        figures.nsfwImages = try row.optionalInt() ?? 0
        figures.nsfwClear = try row.optionalInt() ?? 0
        figures.copyrightChecked = try row.optionalInt() ?? 0
        figures.copyrightFlagged = try row.optionalInt() ?? 0
        figures.copyrightUndetermined = try row.optionalInt() ?? 0
        figures.latency = LatencyHistogram(bytes: try row.optionalBytes() ?? [])
        figures.readPercentiles()
        return UsageReport.Row(group: group, figures: figures)
    }

    static func attemptRow(_ cells: [SQLValue], dimensions: Int) throws(PostgresError) -> AttemptReport.Row {
        var row = RowReader(cells)
        var group: [String?] = []
        for _ in 0..<dimensions { group.append(try row.optionalText()) }
        var figures = AttemptFigures()
        // In the order of UsageColumns.attemptFigures and UsageColumns.phases.
        figures.attempts = try row.optionalInt() ?? 0
        figures.sent = try row.optionalInt() ?? 0
        figures.succeeded = try row.optionalInt() ?? 0
        figures.partial = try row.optionalInt() ?? 0
        figures.refused = try row.optionalInt() ?? 0
        figures.failed = try row.optionalInt() ?? 0
        figures.unknown = try row.optionalInt() ?? 0
        figures.images = try row.optionalInt() ?? 0
        figures.cost = try row.optionalMoney() ?? .zero
        figures.wasted = try row.optionalMoney() ?? .zero
        figures.total = LatencyHistogram(bytes: try row.optionalBytes() ?? [])
        figures.firstByte = LatencyHistogram(bytes: try row.optionalBytes() ?? [])
        figures.tls = LatencyHistogram(bytes: try row.optionalBytes() ?? [])
        figures.connect = LatencyHistogram(bytes: try row.optionalBytes() ?? [])
        figures.dns = LatencyHistogram(bytes: try row.optionalBytes() ?? [])
        return AttemptReport.Row(group: group, figures: figures)
    }

    static func quality(_ result: SQLResult, _ totals: UsageFigures) throws(PostgresError) -> UsageReport.DataQuality {
        var quality = UsageReport.DataQuality()
        quality.unpricedAttempts = totals.unpricedAttempts
        quality.unknownAttempts = totals.unknownAttempts
        guard let cells = result.rows.first else { return quality }
        var row = RowReader(cells)
        quality.unpricedAttempts += try row.int()
        quality.unknownAttempts += try row.int()
        quality.rollupLagS = try row.optionalInt() ?? 0
        return quality
    }
}
