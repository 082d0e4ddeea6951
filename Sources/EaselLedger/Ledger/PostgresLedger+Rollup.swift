import EaselBase
package import EaselCore
package import Foundation

// MARK: - Rollups

extension PostgresLedger: RollupStore {
    package func rollupLag() async throws(LedgerError) -> Duration {
        let now = time.now
        return try await lookups.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let results = try connection.run([RollupStatements.oldestChange], deadline: deadline)
            guard let cells = results.last?.rows.first else { return .zero }
            var row = RowReader(cells)
            return max(.zero, try row.optionalTime().map { now.since($0) } ?? .zero)
        }
    }

    package func acquireLease(
        _ name: String,
        holder: UUID,
        for length: Duration
    ) async throws(LedgerError) -> Lease? {
        try await workers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let commands = RollupStatements.acquire(name, holder: holder, for: length)
            let results = try connection.run(commands, deadline: deadline)
            guard let cells = results.last?.rows.first else { return nil }
            var row = RowReader(cells)
            return Lease(name: name, holder: holder, epoch: try row.int64())
        }
    }

    package func releaseLease(_ lease: Lease) async throws(LedgerError) {
        _ = try await workers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try connection.run([RollupStatements.release(lease)], deadline: deadline).count
        }
    }

    /// What is to be done is read first, in a snapshot of its own; the windows are summed up in later ones. So whatever
    /// wrote a change that is taken away is in the sums, and what is written meanwhile keeps its change for the next pass.
    ///
    /// All windows go into one transaction. Where the database refuses it, the window that is at fault is looked for and
    /// left out until its next turn, and the others go on (`RollupFaults`).
    package func rollUp(
        _ lease: Lease,
        for length: Duration,
        atMost windows: Int
    ) async throws(LedgerError) -> RollupPass? {
        let now = time.now
        return try await workers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let work = try Self.work(on: connection, now: now, atMost: windows, deadline)
            guard !work.isEmpty else {
                let kept = try connection.run(
                    RollupStatements.acquire(lease.name, holder: lease.holder, for: length),
                    deadline: deadline
                )
                return kept.last?.rows.first == [.int(lease.epoch)] ? work.pass : nil
            }
            try Partitions.create(monthsOf: work.minutes.map(\.start), on: connection)
            do throws(PostgresError) {
                let results = try Self.fenced(work.commands, by: lease, for: length, at: now, on: connection, deadline)
                return results == nil ? nil : work.pass
            } catch {
                guard error.isOfWhatIsWritten else { throw error }
                var search = RollupFaults { (commands) throws(PostgresError) in
                    try Self.fenced(commands, by: lease, for: length, at: now, on: connection, deadline) != nil
                }
                try work.runApart(&search)
                guard search.isHolder else { return nil }
                var pass = work.pass
                pass.faults = search.faults
                return pass
            }
        }
    }

    package func sumUpMonths(
        _ lease: Lease,
        for length: Duration,
        atMost months: Int
    ) async throws(LedgerError) -> RollupPass? {
        let now = time.now
        return try await workers.read(limit: options.reportLimit * 4) { connection, deadline throws(PostgresError) in
            let due = RollupStatements.pending(.month, endedBy: now, after: nil, limit: months)
            let windows = try Self.windows(try connection.run([due], deadline: deadline)[0]).sorted()
            var pass = RollupPass()
            guard !windows.isEmpty else { return pass }
            var search = RollupFaults { (commands) throws(PostgresError) in
                try Self.fenced(commands, by: lease, for: length, at: now, on: connection, deadline) != nil
            }
            try search.run(.month, windows) { Work.coarser(.month, $0) }
            guard search.isHolder else { return nil }
            pass.months = windows.count
            pass.faults = search.faults
            return pass
        }
    }

    /// Runs the commands in one transaction behind the fence of the lease, which lasts for that long from now; nil, and
    /// nothing is changed, when it is another's by now (L4).
    static func fenced(
        _ commands: [SQLCommand],
        by lease: Lease,
        for length: Duration,
        at now: Timestamp,
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [SQLResult]? {
        let fence = RollupStatements.fence(lease, for: length, watermark: now)
        do throws(PostgresError) {
            return try connection.transaction(fence + commands, deadline: deadline)
        } catch {
            if error.sqlState == RollupStatements.lostLeaseState, error.commandIndex == fence.count - 1 { return nil }
            throw error
        }
    }

    /// What a pass is to do.
    private struct Work {
        var minutes: [RollupStatements.Window] = []
        /// Hours and days to be made again, and windows up to months that must wait: they are not over yet, or more of their
        /// marks come in a later pass. Summing them up again with every call would be work for nothing.
        var coarser: [(level: UsageLevel, now: [RollupStatements.Window], later: [RollupStatements.Window])] = []
        var changes: [RollupStatements.Change] = []
        var pass = RollupPass()

        var isEmpty: Bool { minutes.isEmpty && changes.isEmpty && coarser.allSatisfy(\.now.isEmpty) }

        var commands: [SQLCommand] {
            var commands: [SQLCommand] = []
            if !minutes.isEmpty {
                commands += RollupStatements.minutes(minutes) + [RollupStatements.mend(minutes, .minute)]
            }
            for (level, now, later) in coarser {
                if !now.isEmpty { commands += Self.coarser(level, now) }
                if !later.isEmpty { commands.append(RollupStatements.postpone(later, level)) }
            }
            if !changes.isEmpty { commands.append(RollupStatements.forget(changes)) }
            return commands
        }

        static func coarser(_ level: UsageLevel, _ windows: [RollupStatements.Window]) -> [SQLCommand] {
            RollupStatements.coarser(level, windows)
                + [RollupStatements.settle(windows, level), RollupStatements.mend(windows, level)]
        }

        /// The same in parts, so that what cannot be summed up holds up nothing else: minutes with their marks first, whose
        /// hours, days and months wait for the next passes; then the hours and days that were due.
        func runApart(_ search: inout RollupFaults) throws(PostgresError) {
            let marks = Dictionary(grouping: changes, by: \.window)
            let known = Set(minutes)
            let lost = changes.filter { !known.contains($0.window) }
            if !lost.isEmpty { try search.run([RollupStatements.forget(lost)]) }
            try search.run(.minute, minutes) { windows in
                RollupStatements.minutes(windows) + [RollupStatements.mend(windows, .minute)]
                    + [UsageLevel.hour, .day, .month].map { level in
                        RollupStatements.postpone(Set(windows.map { $0.floor(level) }).sorted(), level)
                    }
                    + [RollupStatements.forget(windows.flatMap { marks[$0] ?? [] })]
            }
            for (level, now, later) in coarser {
                // Before they are summed up: one that fails must not be forgotten.
                let all = Set(now + later).sorted()
                if !all.isEmpty { try search.run([RollupStatements.postpone(all, level)]) }
                try search.run(level, now) { Self.coarser(level, $0) }
            }
        }
    }

    private static func work(
        on connection: PostgresConnection,
        now: Timestamp,
        atMost limit: Int,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> Work {
        let changes = try connection.run([RollupStatements.changes(limit: limit)], deadline: deadline)
        let horizon = try Horizon.read(Horizon.log, on: connection, deadline)
        var work = Work()
        var marked: Set<RollupStatements.Window> = []
        for cells in changes[0].rows {
            var row = RowReader(cells)
            let teamID = try row.int64()
            let window = RollupStatements.Window(teamID: teamID, start: try row.time())
            marked.insert(window)
            work.changes.append(RollupStatements.Change(window: window, id: try row.uuid()))
            work.pass.lag = max(work.pass.lag, .milliseconds(try row.int()))
        }
        work.pass.changes = work.changes.count
        work.pass.hasMore = marked.count == limit
        // The newest marks come first. Where there are more of them, all of what begins after the oldest of these is
        // known; hours, days and months that begin before it wait, or each would be summed up in many passes.
        let boundary = work.pass.hasMore ? marked.map(\.start).min() : nil
        // What a mark says of a time whose log was dropped cannot be looked up: its sums stay as they are.
        work.minutes = marked.filter { window in horizon.map { window.start >= $0 } ?? true }.sorted()
        work.pass.minutes = work.minutes.count
        let faults = try faults(on: connection, deadline)
        // An hour, a day or a month sums up many finer windows.
        let most = max(1, limit / 4)
        var touched = Set(work.minutes)
        var postponed: Set<RollupStatements.Window> = []
        for level in [UsageLevel.hour, .day] {
            let command = RollupStatements.pending(level, endedBy: now, after: boundary, limit: most)
            var due = try windows(try connection.run([command], deadline: deadline)[0])
            work.pass.hasMore = work.pass.hasMore || due.count == most
            // Those whose parts are made now, and those that wait for parts that wait themselves.
            let parents = Set(touched.map { $0.floor(level) })
            due.formUnion(
                parents.filter { window in
                    level.end(window.start) <= now && boundary.map { window.start > $0 } ?? true
                }
            )
            due.subtract(faults[level] ?? [])
            let later = parents.union(postponed.map { $0.floor(level) }).subtracting(due)
            work.coarser.append((level, due.sorted(), later.sorted()))
            touched = due
            postponed = later
        }
        // Months are made apart, when there is time.
        let months = Set((touched.union(postponed)).map { $0.floor(.month) })
        work.coarser.append((.month, [], months.sorted()))
        work.pass.hours = work.coarser[0].now.count
        work.pass.days = work.coarser[1].now.count
        return work
    }

    /// Windows of each level that wait for their next turn.
    private static func faults(
        on connection: PostgresConnection,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> [UsageLevel: Set<RollupStatements.Window>] {
        var faults: [UsageLevel: Set<RollupStatements.Window>] = [:]
        for cells in try connection.run([RollupStatements.faults], deadline: deadline)[0].rows {
            var row = RowReader(cells)
            let level = try row.word(UsageLevel.self)
            faults[level, default: []].insert(
                RollupStatements.Window(teamID: try row.int64(), start: try row.time())
            )
        }
        return faults
    }

    private static func windows(_ result: SQLResult) throws(PostgresError) -> Set<RollupStatements.Window> {
        var windows: Set<RollupStatements.Window> = []
        for cells in result.rows {
            var row = RowReader(cells)
            windows.insert(RollupStatements.Window(teamID: try row.int64(), start: try row.time()))
        }
        return windows
    }
}

// MARK: - What cannot be summed up

extension PostgresLedger {
    /// Windows that could not be summed up the last time, oldest first; at most a thousand.
    package func rollupFaults() async throws(LedgerError) -> [RollupPass.Fault] {
        try await readers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let result = try connection.run(
                "SELECT team_id, level, bucket, reason FROM usage_faults ORDER BY bucket, team_id LIMIT 1000",
                deadline: deadline
            )
            return try result.rows.map { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return RollupPass.Fault(
                    teamID: try row.int64(),
                    level: try row.word(UsageLevel.self),
                    start: try row.time(),
                    reason: try row.text()
                )
            }
        }
    }
}
