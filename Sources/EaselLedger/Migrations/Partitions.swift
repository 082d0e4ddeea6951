import EaselBase
import EaselCore
import Foundation

/// The monthly partitions of the log, made ahead of time and, for a row outside, on demand.
///
/// A partition is made as a table of its own and then attached: unlike `CREATE TABLE ... PARTITION OF` that takes no
/// lock that keeps readers and writers out.
enum Partitions {
    /// The partitioned tables.
    static let tables = [
        "calls", "call_payloads", "attempts", "images", "shadows", "usage_minute", "attempt_minute",
    ]
    /// Months made ahead of the running one.
    static let monthsAhead = 3
    /// Nothing that Easel writes is older; an earlier time is a mistake and gets no partition.
    private static let firstMonth = Month(year: 2024, month: 1)
    /// Two gateways may make the same partition at once; this lock lets one of them wait.
    private static let lockKey: Int64 = 0x4541_5345_4C02

    /// A calendar month in UTC.
    struct Month: Hashable, Comparable {
        let year: Int
        let month: Int

        init(year: Int, month: Int) {
            self.year = year
            self.month = month
        }

        init(of moment: Timestamp) {
            let date = CivilDate.fromDays(Int(UsageLevel.day.floor(moment).microseconds / 86_400_000_000))
            self.init(year: date.year, month: date.month)
        }

        func adding(_ months: Int) -> Month {
            let index = year * 12 + month - 1 + months
            return Month(year: index / 12, month: index % 12 + 1)
        }

        static func < (left: Month, right: Month) -> Bool {
            (left.year, left.month) < (right.year, right.month)
        }

        /// `2026_11`
        var suffix: String { text(separator: "_") }
        /// The first moment.
        var moment: Timestamp? { Timestamp(text(separator: "-") + "-01") }
        /// The same, as PostgreSQL reads it whatever its time zone.
        var start: String { text(separator: "-") + "-01 00:00:00+00" }

        private func text(separator: String) -> String {
            var text = ""
            text.appendPadded(year, width: 4)
            text += separator
            text.appendPadded(month, width: 2)
            return text
        }
    }

    /// The partition that a row of this time lies in. Statements on a call's way name it instead of its parent: then the
    /// server neither plans for, locks nor opens the partitions of other months.
    static func name(_ table: String, _ moment: Timestamp) -> String {
        "\(table)_\(Month(of: moment).suffix)"
    }

    /// Makes the partitions of the last month, this one and the next three where they are missing. A last month that was
    /// dropped for its age is not made again: nothing of it comes any more.
    static func ensure(now: Timestamp, on connection: PostgresConnection) throws(PostgresError) {
        let horizon = try Horizon.read(Horizon.log, on: connection, .now + .seconds(5))
        try create(Set(months(at: now, horizon: horizon)), on: connection)
    }

    /// - Parameter horizon: where the log begins since some of it was dropped.
    static func months(at now: Timestamp, horizon: Timestamp?) -> [Month] {
        let current = Month(of: now)
        let first = horizon.map { Month(of: $0) }
        return (-1...monthsAhead).map { current.adding($0) }.filter { month in
            month >= current || first.map { month >= $0 } ?? true
        }
    }

    /// Makes the partitions for rows of these times. Times that no row of ours can have are left out, so that a bad
    /// clock does not litter the schema.
    static func create(monthsOf moments: [Timestamp], on connection: PostgresConnection) throws(PostgresError) {
        let last = Month(of: TimeSource.system.now).adding(monthsAhead + 1)
        try create(Set(moments.map { Month(of: $0) }).filter { $0 >= firstMonth && $0 <= last }, on: connection)
    }

    private static func create(_ months: Set<Month>, on connection: PostgresConnection) throws(PostgresError) {
        let existing = try existingNames(on: connection)
        let missing = months.sorted().flatMap { month in
            tables.map { (table: $0, month: month) }
        }
        .filter { !existing.contains("\($0.table)_\($0.month.suffix)") }
        // One that cannot be made stops none of the others (L6).
        var failure: PostgresError?
        for (table, month) in missing {
            do throws(PostgresError) {
                try create(table, month, on: connection)
            } catch {
                guard error.kind == .server, connection.isUsable else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// The partitions that there are: their tables' names and the months that they are for.
    struct Existing {
        let names: Set<String>

        var months: Set<Month> {
            Set(
                names.compactMap { name in
                    let parts = name.split(separator: "_").suffix(2).compactMap { Int($0) }
                    return parts.count == 2 && (1...12).contains(parts[1])
                        ? Month(year: parts[0], month: parts[1]) : nil
                }
            )
        }
    }

    static func existing(on connection: PostgresConnection) throws(PostgresError) -> Existing {
        Existing(names: try existingNames(on: connection))
    }

    private static func existingNames(on connection: PostgresConnection) throws(PostgresError) -> Set<String> {
        let result = try connection.run(
            """
            SELECT c.relname FROM pg_inherits AS i
            JOIN pg_class AS c ON c.oid = i.inhrelid
            JOIN pg_class AS p ON p.oid = i.inhparent
            JOIN pg_namespace AS n ON n.oid = p.relnamespace
            WHERE p.relkind = 'p' AND c.relkind = 'r' AND n.nspname = current_schema()
            """,
            deadline: .now + .seconds(5)
        )
        return Set(result.rows.compactMap { if case .text(let name) = $0.first { name } else { nil } })
    }

    private static func create(
        _ table: String,
        _ month: Month,
        on connection: PostgresConnection
    ) throws(PostgresError) {
        let name = "\(table)_\(month.suffix)"
        do throws(PostgresError) {
            try connection.script(
                """
                BEGIN;
                SET LOCAL lock_timeout = '3s';
                SELECT pg_advisory_xact_lock(\(lockKey));
                CREATE TABLE \(name) (LIKE \(table) INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
                ALTER TABLE \(table) ATTACH PARTITION \(name)
                    FOR VALUES FROM ('\(month.start)') TO ('\(month.adding(1).start)');
                COMMIT
                """,
                deadline: .now + .seconds(10)
            )
        } catch {
            if connection.isUsable { try connection.script("ROLLBACK", deadline: .now + .seconds(2)) }
            // duplicate_table: another gateway was quicker.
            guard error.sqlState == "42P07" else { throw error }
        }
    }
}
