import EaselBase
import EaselCore

/// Figures that the rollups hold, in tables of each level.
protocol GatheredFigures: SummedFigures {
    /// The name of its tables before their level.
    static var table: String { get }
    /// Whether there are tables without project, key and tags as well.
    static var haveSummary: Bool { get }
    /// Whether each of its tables has few rows for a month.
    static var areNarrow: Bool { get }

    /// Rows of the log (`UsageLog`); `calls` is the name of a list of calls.
    static func log(_ calls: String, from: String, to: String) -> String
}

extension UsageFigures: GatheredFigures {
    static let table = "usage"
    static let haveSummary = true
    static let areNarrow = false

    static func log(_ calls: String, from: String, to: String) -> String {
        UsageLog.usage(calls: calls, from: from, to: to)
    }
}

extension AttemptFigures: GatheredFigures {
    static let table = "attempt"
    static let haveSummary = false
    static let areNarrow = true

    static func log(_ calls: String, from: String, to: String) -> String {
        UsageLog.attempts(calls: calls, from: from, to: to)
    }
}

/// Reads the usage figures (L5): from the rollups, and from the log (`UsageLog`) for what is not rolled up yet, all in the
/// snapshot of `UsageEdges`. So a report is what the log says, however far the rollups are.
enum UsageStatements {
    /// Figures by group, in any order and several rows for one group: `ReportGathering` adds them up.
    static func figures<Figures: GatheredFigures>(
        _ type: Figures.Type,
        _ query: UsageQuery,
        _ span: UsageSpan,
        _ edges: UsageEdges
    ) -> SQLCommand {
        var builder = Builder<Figures>(query, span, edges)
        return builder.command()
    }

    /// The name of the column that holds the names of a query's dimension.
    static func group(_ index: Int) -> String { "d\(index)" }

    /// What the rollups do not count: attempts of calls in progress whose end or price is not known.
    static func quality(_ query: UsageQuery) -> SQLCommand {
        var parameters: [SQLValue] = [.time(query.from), .time(query.to)]
        if let teamID = query.teamID { parameters.append(.int(teamID)) }
        return SQLCommand(
            """
            SELECT count(*) FILTER (WHERE \(UsageLog.isUnpriced)), count(*) FILTER (WHERE a.outcome = 'unknown'),
                (SELECT count(*) FROM usage_faults AS f WHERE f.bucket >= date_trunc('month', $1::timestamptz, 'UTC')
                    AND f.bucket < $2 \(query.teamID == nil ? "" : "AND f.team_id = $3"))
            FROM calls AS c JOIN attempts AS a ON a.team_id = c.team_id AND a.call_id = c.call_id
            WHERE c.status = 'in_progress' AND c.received_at >= $1 AND c.received_at < $2
                AND \(UsageLog.window("a.started_at", "$1", "$2")) \(query.teamID == nil ? "" : "AND c.team_id = $3")
            """,
            parameters,
            isPrepared: false
        )
    }

    // MARK: - The statement

    private struct Builder<Figures: GatheredFigures> {
        let query: UsageQuery
        let span: UsageSpan
        let edges: UsageEdges
        var parameters: [SQLValue] = []
        /// Whether the rows without project, key and tags are enough.
        let isSummary: Bool

        init(_ query: UsageQuery, _ span: UsageSpan, _ edges: UsageEdges) {
            self.query = query
            self.span = span
            self.edges = edges
            isSummary =
                Figures.haveSummary
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
            var pieces = rollups()
            var with = ""
            if let log = log() {
                with = "WITH \(log.with)"
                pieces.append(log.piece)
            }
            // A report of no time at all has its columns too.
            if pieces.isEmpty { pieces.append(level(.minute, UsageSpan.Stretch(from: query.from, to: query.from))) }
            let groups = query.groupBy.enumerated().map {
                "\(name($1, "p.\(UsageStatements.group($0))")) AS \(UsageStatements.group($0)), "
            }.joined()
            let join =
                query.groupBy.firstIndex(of: .team).map { "JOIN teams AS t ON t.id = p.\(UsageStatements.group($0))" }
                ?? ""
            let sql = """
                \(with)
                SELECT \(groups)\(UsageColumns.list(Figures.sumColumns + Figures.histogramColumns))
                FROM (\(pieces.joined(separator: " UNION ALL "))) AS p \(join)
                """
            return SQLCommand(sql, parameters, isPrepared: false)
        }

        // MARK: - What is summed up

        /// The coarsest windows that are known, and finer ones before and after them: each an index range of its own.
        private mutating func rollups() -> [String] {
            let stretches: [(UsageLevel, UsageSpan.Stretch)] = [
                (.minute, UsageSpan.Stretch(from: span.minutes.from, to: span.hours.from)),
                (.minute, UsageSpan.Stretch(from: edges.hours.to, to: span.minutes.to)),
                (.hour, UsageSpan.Stretch(from: span.hours.from, to: min(span.days.from, edges.hours.to))),
                (.hour, UsageSpan.Stretch(from: edges.days.to, to: edges.hours.to)),
                (.day, UsageSpan.Stretch(from: span.days.from, to: min(span.months.from, edges.days.to))),
                (.day, UsageSpan.Stretch(from: edges.months.to, to: edges.days.to)),
                (.month, edges.months),
            ]
            var pieces: [String] = []
            for (unit, stretch) in stretches where !stretch.isEmpty { pieces.append(level(unit, stretch)) }
            return pieces
        }

        private mutating func level(_ level: UsageLevel, _ stretch: UsageSpan.Stretch) -> String {
            let suffix = isSummary && level != .minute ? "_summary" : ""
            let range = "s.bucket >= \(parameter(.time(stretch.from))) AND s.bucket < \(parameter(.time(stretch.to)))"
            // Open minutes are read from the log.
            let isClosed =
                level == .minute && edges.open != nil
                ? "AND NOT EXISTS (SELECT 1 FROM open AS o WHERE o.team_id = s.team_id AND o.bucket = s.bucket)" : ""
            let source = "\(Figures.table)_\(level.rawValue)\(suffix) AS s WHERE \(range) \(team("s")) \(isClosed)"
            // Nearly all of such a row is its histogram, which PostgreSQL can only put behind the others of its group: at
            // ten times of what reading it takes, where there is but a row for each model and month.
            let isNarrow = isSummary || Figures.areNarrow
            return level == .month && isNarrow ? rows(source, level) : sums(source, level)
        }

        private mutating func rows(_ source: String, _ level: UsageLevel) -> String {
            "SELECT \(groups(level))\(UsageColumns.list(Figures.sumColumns + Figures.histogramColumns)) FROM \(source)"
        }

        /// Summed up by itself: the planner knows how many groups there are in a table, but not in a union of tables, which
        /// it sorts.
        private mutating func sums(_ source: String, _ level: UsageLevel) -> String {
            let histograms = Figures.histogramColumns.map { "string_agg(\($0), ''::bytea) AS \($0)" }
            let list = UsageColumns.list([UsageColumns.sums(Figures.sumColumns)] + histograms)
            let group = query.groupBy.indices.map { String($0 + 1) }
            let tail = group.isEmpty ? "" : "GROUP BY \(UsageColumns.list(group))"
            return "SELECT \(groups(level))\(list) FROM \(source) \(tail)"
        }

        private mutating func groups(_ level: UsageLevel) -> String {
            var list = ""
            for (index, dimension) in query.groupBy.enumerated() {
                list += "\(expression(dimension, level)) AS \(UsageStatements.group(index)), "
            }
            return list
        }

        /// What is read from the log: open minutes, and parts of a minute at the ends of the report's time. Nil for none.
        private mutating func log() -> (with: String, piece: String)? {
            var with = ""
            var loose: [String] = []
            let stretches = span.edges + [edges.open].compactMap(\.self)
            guard let from = stretches.map(\.from).min(), let to = stretches.map(\.to).max() else { return nil }
            if let open = edges.open {
                let range = (parameter(.time(open.from)), parameter(.time(open.to)))
                with = """
                    open AS MATERIALIZED (
                        SELECT team_id, bucket FROM usage_changes AS o
                        WHERE bucket >= \(range.0) AND bucket < \(range.1) \(team("o")) AND \(UsageEdges.isNoFault("o"))
                        GROUP BY bucket, team_id
                    ),
                    """
                loose.append(
                    """
                    SELECT \(UsageLog.callColumns) FROM open AS o JOIN calls AS c ON c.team_id = o.team_id
                        AND c.received_at >= o.bucket AND c.received_at < o.bucket + interval '1 minute'
                    WHERE c.received_at >= \(range.0) AND c.received_at < \(range.1) AND c.status <> 'in_progress'
                    """
                )
            }
            for edge in span.edges {
                loose.append(
                    """
                    SELECT \(UsageLog.callColumns) FROM calls AS c
                    WHERE c.received_at >= \(parameter(.time(edge.from))) AND c.received_at < \(parameter(.time(edge.to)))
                        AND c.status <> 'in_progress' \(team("c"))
                    """
                )
            }
            let window = (parameter(.time(from)), parameter(.time(to)))
            return (
                with + "c AS MATERIALIZED (\(loose.joined(separator: " UNION ALL ")))",
                sums("(\(Figures.log("c", from: window.0, to: window.1))) AS s", .minute)
            )
        }

        private mutating func team(_ alias: String) -> String {
            query.teamID.map { "AND \(alias).team_id = \(parameter(.int($0)))" } ?? ""
        }

        /// What rows of this level are grouped by. Times and ids are written out afterwards, once a group (`name`).
        private mutating func expression(_ dimension: UsageQuery.Dimension, _ level: UsageLevel) -> String {
            switch dimension {
            case .team: return "s.team_id"
            case .provider: return "nullif(s.provider, '')"
            case .model: return "s.model"
            case .project: return "nullif(s.project, '')"
            case .key: return "s.key_id"
            case .day: return "(s.bucket AT TIME ZONE \(parameter(.text(query.timezone))))::date"
            case .hour:
                // `UsageSpan` takes hours only where the zone's hours are the same: their rows come in order from an index.
                guard level == .minute else { return "s.bucket" }
                // With the zone as its third argument date_trunc keeps the two hours of an autumn night apart and knows
                // zones whose hours begin at half past.
                return "date_trunc('hour', s.bucket, \(parameter(.text(query.timezone))))"
            case .error: return "nullif(s.error_code, '')"
            case .tag(let name): return "s.tags ->> \(parameter(.text(name)))"
            }
        }

        /// The name of a group, from what its rows were grouped by.
        private func name(_ dimension: UsageQuery.Dimension, _ value: String) -> String {
            switch dimension {
            case .team: "t.name"
            case .day: "to_char(\(value)::timestamp, 'YYYY-MM-DD')"
            case .hour: "to_char(\(value) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
            case .key: "\(value)::text"
            case .provider, .model, .project, .error, .tag: value
            }
        }
    }

    // MARK: - Reading the answers

    static func quality(
        _ result: SQLResult,
        _ totals: UsageFigures,
        _ edges: UsageEdges
    ) throws(PostgresError) -> DataQuality {
        var quality = DataQuality()
        quality.rollupLagS = edges.lagS
        quality.unpricedAttempts = totals[.unpricedAttempts]
        quality.unknownAttempts = totals[.unknownAttempts]
        guard let cells = result.rows.first else { return quality }
        var row = RowReader(cells)
        quality.unpricedAttempts += try row.int()
        quality.unknownAttempts += try row.int()
        quality.unsummedWindows = try row.int()
        return quality
    }
}
