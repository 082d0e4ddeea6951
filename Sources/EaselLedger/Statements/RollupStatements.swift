import EaselBase
import EaselCore
import Foundation

/// Windows of the rollups: each is deleted and made again from what it sums up, never added to (L3).
enum RollupStatements {
    /// A team's window: a minute, an hour, a day or a month in UTC.
    struct Window: Hashable, Comparable {
        let teamID: Int64
        let start: Timestamp

        static func < (left: Window, right: Window) -> Bool {
            (left.start, left.teamID) < (right.start, right.teamID)
        }

        func floor(_ level: UsageLevel) -> Window { Window(teamID: teamID, start: level.floor(start)) }
    }

    /// A mark that a write to the log left.
    struct Change {
        let window: Window
        let id: UUID
    }

    /// When the oldest write was made that is not summed up; of the oldest windows, where very many wait. Windows that cannot be
    /// summed up are shown as such and are no lag.
    static let oldestChange = SQLCommand(
        """
        SELECT min(changed_at) FROM (
            SELECT changed_at FROM usage_changes AS u WHERE \(UsageEdges.isNoFault("u")) ORDER BY bucket LIMIT 5000
        ) AS oldest
        """
    )

    // MARK: - The lease

    /// Takes the lease, or keeps it; one row with the epoch when it is the holder's, none when another holds it (L4).
    static func acquire(_ name: String, holder: UUID, for length: Duration) -> [SQLCommand] {
        [
            SQLCommand("INSERT INTO daemon_state (name) VALUES ($1) ON CONFLICT DO NOTHING", [.text(name)]),
            SQLCommand(
                """
                UPDATE daemon_state SET holder = $2, expires_at = now() + make_interval(secs => $3),
                    epoch = epoch + CASE WHEN holder IS NOT DISTINCT FROM $2 THEN 0 ELSE 1 END
                WHERE name = $1 AND (holder IS NOT DISTINCT FROM $2 OR expires_at IS NULL OR expires_at < now())
                RETURNING epoch
                """,
                [.text(name), .uuid(holder), .double(length.secondsAsDouble)]
            ),
        ]
    }

    static func release(_ lease: Lease) -> SQLCommand {
        SQLCommand(
            "UPDATE daemon_state SET holder = NULL, expires_at = NULL WHERE name = $1 AND holder = $2 AND epoch = $3",
            [.text(lease.name), .uuid(lease.holder), .int(lease.epoch)]
        )
    }

    /// The error of a holder that has lost its lease: the statement divides by the rows that it found.
    static let lostLeaseState = "22012"

    /// First in every transaction of the holder: fails when the lease has gone to another, and keeps the row until the
    /// end, so that nobody takes the lease in between (L4).
    static func fence(_ lease: Lease, for length: Duration, watermark: Timestamp) -> [SQLCommand] {
        [
            // A holder that is frozen here must not keep the row from the next one.
            SQLCommand("SET LOCAL idle_in_transaction_session_timeout = '5s'"),
            SQLCommand(
                """
                WITH fenced AS (
                    UPDATE daemon_state SET watermark = $4, expires_at = now() + make_interval(secs => $5)
                    WHERE name = $1 AND holder = $2 AND epoch = $3 RETURNING 1)
                SELECT 1 / count(*)::integer FROM fenced
                """,
                [
                    .text(lease.name), .uuid(lease.holder), .int(lease.epoch), .time(watermark),
                    .double(length.secondsAsDouble),
                ]
            ),
        ]
    }

    // MARK: - What is to be done

    /// Writes that are not summed up yet, those of the newest windows first, for at most so many windows.
    static func changes(limit: Int) -> SQLCommand {
        SQLCommand(
            """
            WITH windows AS MATERIALIZED (
                SELECT u.bucket, u.team_id FROM usage_changes AS u WHERE \(isNoFault("u", "'minute'"))
                GROUP BY u.bucket, u.team_id ORDER BY u.bucket DESC, u.team_id DESC LIMIT $1)
            SELECT u.team_id, u.bucket, u.change_id, floor(extract(epoch FROM now() - u.changed_at) * 1000)::bigint
            FROM usage_changes AS u JOIN windows AS w ON w.team_id = u.team_id AND w.bucket = u.bucket
            """,
            [.int(limit)]
        )
    }

    /// Hours, days or months that are over, begin after `boundary` and wait to be summed up.
    static func pending(
        _ level: UsageLevel,
        endedBy now: Timestamp,
        after boundary: Timestamp?,
        limit: Int
    ) -> SQLCommand {
        SQLCommand(
            """
            SELECT p.team_id, p.bucket FROM usage_pending AS p
            WHERE p.level = $1 AND p.bucket < $2 AND ($4::timestamptz IS NULL OR p.bucket > $4)
                AND \(isNoFault("p", "p.level"))
            ORDER BY p.bucket DESC, p.team_id LIMIT $3
            """,
            [.text(level.rawValue), .time(level.floor(now)), .int(limit), .time(boundary)]
        )
    }

    /// The write's own mark. In the transaction of every write that changes what a settled call counts for. A write whose
    /// commit was not confirmed is run again with the same mark, which may be there then.
    static func note(teamID: Int64, receivedAt: Timestamp) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO usage_changes (team_id, change_id, bucket, changed_at) VALUES ($1, $2, $3, now())
            ON CONFLICT DO NOTHING
            """,
            [.int(teamID), .uuid(UUID()), .time(UsageLevel.minute.floor(receivedAt))]
        )
    }

    /// The minute in which a call was received, out of its id (L1).
    static let minuteOfCall = """
        date_trunc('minute', to_timestamp(('x' || left(replace(call_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0))
        """

    /// Takes the marks away that were read, and no other.
    static func forget(_ changes: [Change]) -> SQLCommand {
        SQLCommand(
            """
            DELETE FROM usage_changes AS u USING unnest($1::text[]::bigint[], $2::uuid[]) AS c(team_id, change_id)
            WHERE u.team_id = c.team_id AND u.change_id = c.change_id
            """,
            [.texts(changes.map { String($0.window.teamID) }), .uuids(changes.map(\.id))]
        )
    }

    static func postpone(_ windows: [Window], _ level: UsageLevel) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO usage_pending (team_id, level, bucket)
            SELECT w.team_id, $5::text, w.bucket FROM \(Self.windows) ON CONFLICT DO NOTHING
            """,
            list(windows) + [.text(level.rawValue)]
        )
    }

    static func settle(_ windows: [Window], _ level: UsageLevel) -> SQLCommand {
        SQLCommand(
            """
            DELETE FROM usage_pending AS p USING \(Self.windows)
            WHERE p.team_id = w.team_id AND p.level = $5 AND p.bucket = w.bucket AND p.bucket >= $3 AND p.bucket < $4
            """,
            list(windows) + [.text(level.rawValue)]
        )
    }

    // MARK: - What cannot be summed up

    /// Whether a window of the table is not one that failed and waits for its next turn.
    private static func isNoFault(_ table: String, _ level: String) -> String {
        """
        NOT EXISTS (SELECT 1 FROM usage_faults AS f WHERE f.team_id = \(table).team_id AND f.level = \(level)
            AND f.bucket = \(table).bucket AND f.retry_at > now())
        """
    }

    /// Windows that wait for their next turn: level, team and bucket.
    static let faults = SQLCommand("SELECT level, team_id, bucket FROM usage_faults WHERE retry_at > now()")

    /// Keeps a window out of the next passes: for half a minute, then twice as long each time, up to an hour.
    static func fault(_ window: Window, _ level: UsageLevel, _ reason: String) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO usage_faults AS f (team_id, level, bucket, reason, tries, failed_at, retry_at)
            VALUES ($1, $2, $3, $4, 1, now(), now() + interval '30 seconds')
            ON CONFLICT (team_id, level, bucket) DO UPDATE SET reason = excluded.reason, tries = f.tries + 1,
                failed_at = excluded.failed_at,
                retry_at = excluded.failed_at + least(interval '1 hour', interval '30 seconds' * power(2, least(f.tries, 7)))
            """,
            [.int(window.teamID), .text(level.rawValue), .time(window.start), .text(reason)]
        )
    }

    /// These windows are summed up again.
    static func mend(_ windows: [Window], _ level: UsageLevel) -> SQLCommand {
        SQLCommand(
            """
            DELETE FROM usage_faults AS f USING \(Self.windows)
            WHERE f.team_id = w.team_id AND f.level = $5 AND f.bucket = w.bucket AND f.bucket >= $3 AND f.bucket < $4
            """,
            list(windows, level) + [.text(level.rawValue)]
        )
    }

    // MARK: - Summing up

    /// Makes minutes again from the log.
    static func minutes(_ windows: [Window]) -> [SQLCommand] {
        let keys = UsageColumns.window + UsageColumns.details
        let calls = """
            WITH c AS MATERIALIZED (
                SELECT \(UsageLog.callColumns)
                FROM \(Self.windows) JOIN calls AS c ON c.team_id = w.team_id
                    AND c.received_at >= w.bucket AND c.received_at < w.bucket + interval '1 minute'
                WHERE c.received_at >= $3 AND c.received_at < $4 AND c.status <> 'in_progress')
            """
        let attemptColumns =
            UsageColumns.window + UsageColumns.attemptKeys + UsageColumns.attemptFigures + UsageColumns.phaseHistograms
        return [
            remove(windows, from: "usage_minute"),
            SQLCommand(
                """
                \(calls)
                INSERT INTO usage_minute (\(UsageColumns.list(keys + UsageColumns.figures)), latency_histogram)
                SELECT \(UsageColumns.list(keys)), \(UsageColumns.sums(UsageColumns.figures)),
                    string_agg(latency_histogram, ''::bytea)
                FROM (\(UsageLog.usage(calls: "c", from: "$3", to: "$4"))) AS parts
                GROUP BY \(UsageColumns.list(keys))
                """,
                list(windows)
            ),
            remove(windows, from: "attempt_minute"),
            SQLCommand(
                """
                \(calls)
                INSERT INTO attempt_minute (\(UsageColumns.list(attemptColumns)))
                SELECT \(UsageColumns.list(attemptColumns))
                FROM (\(UsageLog.attempts(calls: "c", from: "$3", to: "$4"))) AS parts
                """,
                list(windows)
            ),
        ]
    }

    /// Bytes of a histogram that is not summed up yet: 64 entries.
    private static let shortHistogram = 64 * 6

    /// Makes hours again from their minutes, days from their hours, or months from their days.
    static func coarser(_ level: UsageLevel, _ windows: [Window]) -> [SQLCommand] {
        let finer = level == .hour ? "minute" : level == .day ? "hour" : "day"
        let unit = "interval '1 \(level.rawValue)'"
        func sum(_ target: String, from source: String, keys: [String], figures: [String], histograms: [String])
            -> [SQLCommand]
        {
            // Short ones may stand behind each other: readers add up what they find, and summing up is dear.
            let merged = histograms.map { name in
                let all = "string_agg(\(name), ''::bytea)"
                return "CASE WHEN length(\(all)) <= \(shortHistogram) THEN \(all) ELSE easel_histogram_sum(\(all)) END"
            }
            return [
                remove(windows, from: target),
                SQLCommand(
                    """
                    INSERT INTO \(target) (team_id, bucket, \(UsageColumns.list(keys + figures + histograms)))
                    SELECT w.team_id, w.bucket, \(UsageColumns.list(keys)), \(UsageColumns.sums(figures)),
                        \(merged.joined(separator: ", "))
                    FROM \(Self.windows) JOIN \(source) AS s ON s.team_id = w.team_id
                        AND s.bucket >= w.bucket AND s.bucket < w.bucket + \(unit)
                    WHERE s.bucket >= $3 AND s.bucket < $4
                    GROUP BY w.team_id, w.bucket, \(UsageColumns.list(keys))
                    """,
                    list(windows, level)
                ),
            ]
        }
        let figures = UsageColumns.figures
        return sum(
            "usage_\(level.rawValue)",
            from: "usage_\(finer)",
            keys: UsageColumns.details,
            figures: figures,
            histograms: UsageColumns.latency
        )
            + sum(
                "usage_\(level.rawValue)_summary",
                from: level == .hour ? "usage_hour" : "usage_\(finer)_summary",
                keys: UsageColumns.summary,
                figures: figures,
                histograms: UsageColumns.latency
            )
            + sum(
                "attempt_\(level.rawValue)",
                from: "attempt_\(finer)",
                keys: UsageColumns.attemptKeys,
                figures: UsageColumns.attemptFigures,
                histograms: UsageColumns.phaseHistograms
            )
    }

    private static func remove(_ windows: [Window], from table: String) -> SQLCommand {
        SQLCommand(
            """
            DELETE FROM \(table) AS s USING \(Self.windows)
            WHERE s.team_id = w.team_id AND s.bucket = w.bucket AND s.bucket >= $3 AND s.bucket < $4
            """,
            list(windows)
        )
    }

    /// The windows as a table `w`, out of the first two parameters of `list`.
    private static let windows = "unnest($1::text[]::bigint[], $2::text[]::timestamptz[]) AS w(team_id, bucket)"

    /// The windows, and the first moment of the first and the end of the last, which prune partitions.
    private static func list(_ windows: [Window], _ level: UsageLevel = .minute) -> [SQLValue] {
        let starts = windows.map(\.start)
        return [
            .texts(windows.map { String($0.teamID) }), .texts(starts.map(\.description)), .time(starts.min()),
            .time(starts.max().map { level.end($0) }),
        ]
    }
}
