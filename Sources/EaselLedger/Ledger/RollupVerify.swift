/// Compares the rollups with the log, and the coarser ones with the finer (M6, L3), in one snapshot for each statement.
/// Stretches (`$1`, `$2`) begin and end with days, but for the first one's beginning.
enum RollupVerify {
    /// Minutes that are not among the open changes, against the log: its usage, and its attempts.
    static func minutes() -> [VerifyStep] {
        let calls = """
            WITH c AS MATERIALIZED (
                SELECT \(UsageLog.callColumns) FROM calls AS c
                WHERE c.received_at >= date_trunc('minute', $1::timestamptz) AND c.received_at < $2
                    AND c.status <> 'in_progress'
                    AND NOT EXISTS (SELECT 1 FROM usage_changes AS u
                        WHERE u.team_id = c.team_id AND u.bucket = date_trunc('minute', c.received_at)))
            """
        // The hash stands for the tags.
        let keys = UsageColumns.window + UsageColumns.detailKeys
        let (from, to) = ("$1::timestamptz", "$2::timestamptz")
        let usage = """
            SELECT \(UsageColumns.list(keys)), \(UsageColumns.sums(UsageColumns.figures)),
                string_agg(latency_histogram, ''::bytea) AS latency_histogram
            FROM (\(UsageLog.usage(calls: "c", from: from, to: to, keys: keys))) AS parts GROUP BY \(UsageColumns.list(keys))
            """
        let comparisons = [
            compare(
                "usage_minute",
                usage,
                rolled("usage_minute"),
                keys: UsageColumns.window + UsageColumns.detailKeys,
                figures: UsageColumns.figures + UsageColumns.latency
            ),
            compare(
                "attempt_minute",
                UsageLog.attempts(calls: "c", from: from, to: to),
                rolled("attempt_minute"),
                keys: UsageColumns.window + UsageColumns.attemptKeys,
                figures: UsageColumns.attemptFigures + UsageColumns.phaseHistograms
            ),
        ]
        return comparisons.map { VerifyStep(sql: "\(calls)\n\($0)") }
    }

    /// Hours, days and months that are not due, against what they sum up. Months do not begin where stretches do.
    static func coarser() -> [VerifyStep] {
        let usage = (UsageColumns.figures, UsageColumns.latency)
        let attempts = (UsageColumns.attemptFigures, UsageColumns.phaseHistograms)
        let byStretch = [
            level("hour", "usage_hour", of: "usage_minute", UsageColumns.detailKeys, usage),
            level("hour", "usage_hour_summary", of: "usage_minute", UsageColumns.summary, usage),
            level("day", "usage_day", of: "usage_hour", UsageColumns.detailKeys, usage),
            level("day", "usage_day_summary", of: "usage_hour", UsageColumns.summary, usage),
            level("hour", "attempt_hour", of: "attempt_minute", UsageColumns.attemptKeys, attempts),
            level("day", "attempt_day", of: "attempt_hour", UsageColumns.attemptKeys, attempts),
        ]
        let whole = [
            level("month", "usage_month", of: "usage_day", UsageColumns.detailKeys, usage),
            level("month", "usage_month_summary", of: "usage_day", UsageColumns.summary, usage),
            level("month", "attempt_month", of: "attempt_day", UsageColumns.attemptKeys, attempts),
        ]
        return byStretch.map { VerifyStep(sql: $0) } + whole.map { VerifyStep(sql: $0, isByStretch: false) }
    }

    private static func rolled(_ table: String) -> String {
        """
        SELECT * FROM \(table) AS s WHERE s.bucket >= date_trunc('minute', $1::timestamptz) AND s.bucket < $2
            AND NOT EXISTS (SELECT 1 FROM usage_changes AS u WHERE u.team_id = s.team_id AND u.bucket = s.bucket)
        """
    }

    private static func level(
        _ unit: String,
        _ table: String,
        of source: String,
        _ keys: [String],
        _ columns: (figures: [String], histograms: [String])
    ) -> String {
        let (figures, histograms) = columns
        // The first whole window from the moment on: the finer ones are complete from there.
        let first = "date_trunc('\(unit)', $1::timestamptz + interval '1 \(unit)' - interval '1 microsecond', 'UTC')"
        let isWithin = "s.bucket >= \(first) AND s.bucket < $2"
        let due = """
            NOT EXISTS (SELECT 1 FROM usage_pending AS q WHERE q.level = '\(unit)' AND q.team_id = s.team_id
                AND q.bucket = date_trunc('\(unit)', s.bucket, 'UTC'))
            """
        let merged = histograms.map { "string_agg(\($0), ''::bytea) AS \($0)" }
        let list = UsageColumns.list(keys)
        let finer = """
            SELECT team_id, date_trunc('\(unit)', s.bucket, 'UTC') AS bucket, \(list), \(UsageColumns.sums(figures)),
                \(merged.joined(separator: ", "))
            FROM \(source) AS s WHERE \(isWithin) AND \(due)
            GROUP BY team_id, date_trunc('\(unit)', s.bucket, 'UTC'), \(list)
            """
        return compare(
            table,
            finer,
            "SELECT * FROM \(table) AS s WHERE \(isWithin) AND \(due)",
            keys: UsageColumns.window + keys,
            figures: figures,
            histograms: histograms
        )
    }

    /// - Parameter histograms: those whose entries may stand in any order and several times.
    private static func compare(
        _ table: String,
        _ wanted: String,
        _ found: String,
        keys: [String],
        figures: [String],
        histograms: [String] = []
    ) -> String {
        func list(_ alias: String) -> String { figures.map { "\(alias).\($0)" }.joined(separator: ", ") }
        func row(_ alias: String) -> String {
            "ROW(\(([list(alias)] + histograms.map { sum(alias, $0) }).joined(separator: ", ")))"
        }
        func sum(_ alias: String, _ name: String) -> String { "easel_histogram_sum(coalesce(\(alias).\(name), ''))" }
        // Most are equal as they stand; only where they are not is it worth sorting them.
        let differs =
            ["ROW(\(list("w"))) IS DISTINCT FROM ROW(\(list("f")))"]
            + histograms.map { name in
                "(w.\(name) IS DISTINCT FROM f.\(name) AND \(sum("w", name)) IS DISTINCT FROM \(sum("f", name)))"
            }
        return """
            SELECT team_id, '\(VerifyStatements.noID)'::uuid AS call_id,
                format('\(table) %s, %s: %s, and its parts say %s', bucket, provider, \(row("f"))::text,
                    \(row("w"))::text) AS detail
            FROM (\(wanted)) AS w FULL JOIN (\(found)) AS f USING (\(UsageColumns.list(keys)))
            WHERE \(differs.joined(separator: " OR "))
            """
    }
}
