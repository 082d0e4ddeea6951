import EaselBase
package import EaselCore
package import Foundation

// MARK: - Rollups

extension PostgresLedger: RollupStore {
    package func acquireLease(
        _ name: String,
        holder: UUID,
        for length: Duration
    ) async throws(LedgerError) -> Lease? {
        try await readers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            let commands = RollupStatements.acquire(name, holder: holder, for: length)
            let results = try connection.run(commands, deadline: deadline)
            guard let cells = results.last?.rows.first else { return nil }
            var row = RowReader(cells)
            return Lease(name: name, holder: holder, epoch: try row.int64())
        }
    }

    package func releaseLease(_ lease: Lease) async throws(LedgerError) {
        _ = try await readers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try connection.run([RollupStatements.release(lease)], deadline: deadline).count
        }
    }

    /// What is to be done is read first, in a snapshot of its own; the windows are summed up in later ones. So whatever
    /// wrote a change that is taken away is in the sums, and what is written meanwhile keeps its change for the next pass.
    package func rollUp(
        _ lease: Lease,
        for length: Duration,
        atMost windows: Int
    ) async throws(LedgerError) -> RollupPass? {
        let now = time.now
        return try await readers.read(limit: options.reportLimit) { connection, deadline throws(PostgresError) in
            let work = try Self.work(on: connection, now: now, atMost: windows, deadline)
            guard !work.isEmpty else {
                let kept = try connection.run(
                    RollupStatements.acquire(lease.name, holder: lease.holder, for: length),
                    deadline: deadline
                )
                return kept.last?.rows.first == [.int(lease.epoch)] ? work.pass : nil
            }
            try Partitions.create(monthsOf: work.minutes.map(\.start), on: connection)
            let fence = RollupStatements.fence(lease, for: length, watermark: now)
            do throws(PostgresError) {
                _ = try connection.transaction(fence + work.commands, deadline: deadline)
            } catch {
                if error.sqlState == RollupStatements.lostLeaseState, error.commandIndex == fence.count - 1 {
                    return nil
                }
                throw error
            }
            return work.pass
        }
    }

    /// What a pass is to do.
    private struct Work {
        var minutes: [RollupStatements.Window] = []
        var hours: [RollupStatements.Window] = []
        var days: [RollupStatements.Window] = []
        /// Windows that are not over yet: summing them up again with every call would be work for nothing.
        var laterHours: [RollupStatements.Window] = []
        var laterDays: [RollupStatements.Window] = []
        var changes: [RollupStatements.Change] = []
        var pass = RollupPass()

        var isEmpty: Bool { minutes.isEmpty && hours.isEmpty && days.isEmpty && changes.isEmpty }

        var commands: [SQLCommand] {
            var commands: [SQLCommand] = []
            if !minutes.isEmpty { commands += RollupStatements.minutes(minutes) }
            if !hours.isEmpty {
                commands += RollupStatements.coarser(.hour, hours) + [RollupStatements.settle(hours, .hour)]
            }
            if !laterHours.isEmpty { commands.append(RollupStatements.postpone(laterHours, .hour)) }
            if !days.isEmpty {
                commands += RollupStatements.coarser(.day, days) + [RollupStatements.settle(days, .day)]
            }
            if !laterDays.isEmpty { commands.append(RollupStatements.postpone(laterDays, .day)) }
            if !changes.isEmpty { commands.append(RollupStatements.forget(changes)) }
            return commands
        }
    }

    private static func work(
        on connection: PostgresConnection,
        now: Timestamp,
        atMost limit: Int,
        _ deadline: SteadyInstant
    ) throws(PostgresError) -> Work {
        // An hour or a day sums up many finer windows.
        let coarse = max(1, limit / 4)
        let results = try connection.run(
            [
                RollupStatements.changes(limit: limit),
                RollupStatements.pending(.hour, endedBy: now, limit: coarse),
                RollupStatements.pending(.day, endedBy: now, limit: coarse),
            ],
            deadline: deadline
        )
        let horizon = try horizon(logHorizon, on: connection, deadline)
        var work = Work()
        var marked: Set<RollupStatements.Window> = []
        for cells in results[0].rows {
            var row = RowReader(cells)
            let teamID = try row.int64()
            marked.insert(RollupStatements.Window(teamID: teamID, start: try row.time()))
            work.changes.append(RollupStatements.Change(teamID: teamID, id: try row.uuid()))
            work.pass.lag = max(work.pass.lag, .milliseconds(try row.int()))
        }
        // What a mark says of a time whose log was dropped cannot be looked up: its sums stay as they are.
        let minutes = marked.filter { window in horizon.map { window.start >= $0 } ?? true }
        var hours = try windows(results[1])
        var days = try windows(results[2])
        work.pass.hasMore =
            marked.count == limit || hours.count == coarse || days.count == coarse
        func isOver(_ window: RollupStatements.Window, _ level: UsageLevel) -> Bool {
            window.start + level.length <= now
        }
        let touchedHours = Set(minutes.map { $0.floor(.hour) })
        hours.formUnion(touchedHours.filter { isOver($0, .hour) })
        let touchedDays = Set(hours.map { $0.floor(.day) })
        days.formUnion(touchedDays.filter { isOver($0, .day) })
        work.minutes = minutes.sorted()
        work.hours = hours.sorted()
        work.days = days.sorted()
        work.laterHours = touchedHours.subtracting(hours).sorted()
        // A day waits for its hours, also for those that are still to come.
        work.laterDays = touchedDays.union(touchedHours.map { $0.floor(.day) }).subtracting(days).sorted()
        work.pass.minutes = minutes.count
        work.pass.hours = hours.count
        work.pass.days = days.count
        work.pass.changes = work.changes.count
        return work
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
