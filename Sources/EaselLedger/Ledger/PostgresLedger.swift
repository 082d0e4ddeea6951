package import EaselBase
package import EaselCore
import Foundation

/// The live ledger: PostgreSQL, through a few writers that share commits and readers of four kinds.
///
/// Every write is one transaction in one round trip (M5) and may be repeated without harm (L1). Waiting never blocks a
/// thread of the pool that async code shares. What must not wait for what is slow has connections of its own: signs of
/// life and probes, look-ups on the way of a request, the work of daemons, and reports. `close()` must be called, or the
/// threads stay.
package final class PostgresLedger: Ledger {
    /// How many connections, and how long callers wait.
    package struct Options: Sendable {
        /// Connections that write. More than a few only queue up behind each other's commits.
        package var writers = 4
        /// Connections that read reports, lists and whatever else may take long for people who ask.
        package var readers = 4
        /// Connections for look-ups: keys, teams, single calls, terms.
        package var lookups = 2
        /// Connections of daemons: rollups, leases, alerts, recovery, shadows, changes of terms, maintenance.
        package var workers = 4
        /// Writes that may wait, all writers together; more are answered with `.unavailable`.
        package var queueCapacity = 10_000
        /// How long a caller waits for a write at most.
        package var writeLimit = Duration.seconds(2)
        /// How long a caller waits for a look-up at most.
        package var readLimit = Duration.seconds(5)
        /// How long a report may take.
        package var reportLimit = Duration.seconds(30)
        /// Maximum rows of a report.
        package var mostReportRows = 100_000
        /// What goes wrong on the writers' connections, for tests.
        package var fault: WireFault?
        /// The same on the readers', of every kind.
        package var readerFault: WireFault?

        package init() {}
    }

    let options: Options
    let writers: WriterPool
    let readers: ReaderPool
    let lookups: ReaderPool
    let workers: ReaderPool
    /// One connection, for what must be heard while everything else is slow.
    let pulse: ReaderPool
    let watch: WriteWatch
    let log: Log
    /// The names of time zones that PostgreSQL knows, once they were asked for.
    let zoneNames = Locked<Set<String>>([])
    /// What was last read of the terms, and which windows are known to have a row.
    let memory = Locked(TermsMemory())
    let time: TimeSource
    /// Rows that could not be read.
    let setAside: SetAsideRows
    private let isClosed = Locked(false)

    private init(connectionString: String, options: Options, log: Log, time: TimeSource) {
        self.options = options
        self.log = log
        self.time = time
        watch = WriteWatch()
        setAside = SetAsideRows(log: log)
        writers = WriterPool(
            settings: ConnectionSettings(
                connectionString: connectionString,
                statementTimeout: max(options.writeLimit, .seconds(1)),
                lockTimeout: max(options.writeLimit, .seconds(1)),
                fault: options.fault
            ),
            count: options.writers,
            capacity: options.queueCapacity,
            watch: watch,
            log: log
        )
        func pool(_ name: String, _ count: Int, _ limit: Duration) -> ReaderPool {
            ReaderPool(
                name: name,
                settings: ConnectionSettings(
                    connectionString: connectionString,
                    statementTimeout: limit,
                    fault: options.readerFault
                ),
                count: count,
                log: log
            )
        }
        readers = pool("reader", options.readers, options.reportLimit)
        lookups = pool("lookup", options.lookups, options.readLimit)
        workers = pool("worker", options.workers, options.reportLimit)
        pulse = pool("pulse", 1, options.readLimit)
    }

    /// The same ledger for daemons: what they read does not stand in a row with people's reports. It ends with the one it
    /// comes from.
    private init(besides other: PostgresLedger) {
        options = other.options
        log = other.log
        time = other.time
        watch = other.watch
        writers = other.writers
        readers = other.workers
        lookups = other.lookups
        workers = other.workers
        pulse = other.pulse
        setAside = other.setAside
    }

    /// The same ledger for daemons; close the one it comes from, not this one.
    package func forDaemons() -> PostgresLedger { PostgresLedger(besides: self) }

    /// Opens the ledger and brings the schema up to date, partitions of the next months included.
    ///
    /// Throws what `Migrator.migrate` throws, or `.unavailable` when the database does not answer.
    package static func connect(
        connectionString: String,
        log: Log,
        options: Options = Options(),
        time: TimeSource = .system,
        migrate: Bool = true
    ) async throws(LedgerError) -> PostgresLedger {
        if migrate { try await Migrator(connectionString: connectionString, log: log).migrate(now: time.now) }
        let ledger = PostgresLedger(connectionString: connectionString, options: options, log: log, time: time)
        do throws(LedgerError) {
            try await ledger.ping()
        } catch {
            await ledger.close()
            throw error
        }
        return ledger
    }

    /// Maintenance until the task is cancelled: partitions made ahead, old idempotency keys forgotten, every hour.
    package func run() async {
        while !Task.isCancelled {
            do throws(LedgerError) {
                try await maintain()
                try? await Task.sleep(for: .seconds(3600))
            } catch {
                log.warning("the ledger's maintenance failed", ["error": sentence(for: error)])
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }

    /// One round of maintenance.
    package func maintain() async throws(LedgerError) {
        let now = time.now
        var failure: LedgerError?
        do throws(LedgerError) {
            try await workers.read(limit: .seconds(60)) { connection, _ throws(PostgresError) in
                try Partitions.ensure(now: now, on: connection)
            }
        } catch {
            failure = error
        }
        // Whatever stands in the way of a month is not in the way of this.
        try await forgetIdempotencyKeys(at: now)
        try await forgetSessions(at: now)
        if let failure { throw failure }
    }

    /// Ends after the writes that are on their way; what still waits is answered with `.unavailable`.
    package func close() async {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if wasClosed { return }
        await writers.close()
        for pool in [pulse, lookups, workers, readers] { await pool.close() }
    }

    package var unreadableRows: [UnreadableRow] { setAside.all }

    package var pools: [PoolStanding] {
        // `pulse` is one connection for signs of life.
        [writers.standing] + [readers, lookups, workers, pulse].map(\.standing)
    }

    package func ping() async throws(LedgerError) {
        _ = try await pulse.read(limit: .seconds(2)) { connection, deadline throws(PostgresError) in
            try connection.run("SELECT 1", deadline: deadline).affected
        }
    }

    /// A write that went through so short a time ago is proof enough.
    private static let proofLasts = Duration.milliseconds(500)

    package func proveWritable() async throws(LedgerError) {
        if let cause = watch.doubt() { throw .unavailable(cause) }
        let watch = watch
        try await pulse.read(limit: .seconds(2)) { connection, deadline throws(PostgresError) in
            // Whoever stood before in the row may have proved it.
            if watch.isProven(within: Self.proofLasts) { return }
            _ = try connection.run(
                """
                INSERT INTO daemon_state (name, watermark) VALUES ('write_probe', now())
                ON CONFLICT (name) DO UPDATE SET watermark = excluded.watermark
                """,
                deadline: deadline
            )
            watch.proved()
        }
        writers.hurry()
    }

    // MARK: - On the way of a call

    /// Throws `.unavailable` when the write was not confirmed in time. Then either nothing was written, or the ledger
    /// takes the admission back by itself as soon as it can: the call becomes one that failed and holds no money. A
    /// caller who gets the error must not send anything (L2), and need not do more.
    package func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        let givenUpAt = time.now + options.writeLimit
        let missing = memory.withLock { memory in admission.budgets.filter { !memory.windows.contains($0) } }
        let unit = AdmissionStatements.admit(admission, missing: missing)
        let results = try await writers.write(
            callID: admission.callID,
            teamID: admission.teamID,
            commands: unit.commands,
            moments: [admission.receivedAt] + admission.attempts.map(\.startedAt),
            limit: options.writeLimit,
            undo: { AdmissionStatements.undo(admission, at: givenUpAt) },
            isWithdrawable: true
        )
        // One round trip on every call's way; what follows only finds out why there was a no.
        guard Self.isYes(results, unit.verdict) else {
            do throws(LedgerError) {
                return try await whyNot(admission)
            } catch {
                // It may be an admission whose first answer was lost: nothing will be sent, so it is taken back.
                writers.submit(
                    callID: admission.callID,
                    teamID: admission.teamID,
                    commands: AdmissionStatements.undo(admission, at: givenUpAt),
                    moments: [admission.receivedAt]
                )
                throw error
            }
        }
        if !missing.isEmpty { memory.withLock { $0.remember(missing) } }
        return .admitted
    }

    /// When it throws `.unavailable`, the rows may be there all the same; writing them again does no harm.
    package func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        guard let first = starts.first ?? ended.first?.start else { return .started }
        // A call's id tells when it was received (L1), so an end needs no other way to its call's row.
        guard let receivedAt = UUIDv7.moment(of: first.callID) else {
            throw .rejected("the call's id \(first.callID.text) is not of version 7")
        }
        let call = CallKey(teamID: first.teamID, receivedAt: receivedAt, callID: first.callID)
        var unit = AdmissionStatements.Unit(
            commands: starts.map { AttemptStatements.start($0, receivedAt: receivedAt) },
            verdict: 0
        )
        if let hold, !starts.isEmpty {
            unit = AdmissionStatements.hold(hold, for: starts, of: call)
        }
        let ends = ended.map { AttemptStatements.end($0, receivedAt: receivedAt) }
        let results = try await writers.write(
            callID: first.callID,
            teamID: first.teamID,
            // The budgets' rows before the attempts' in every unit, so that locks are taken in one order.
            commands: unit.commands + AttemptStatements.beginRace(of: starts, receivedAt: receivedAt) + ends,
            moments: (starts + ended.map(\.start)).map(\.startedAt),
            limit: options.writeLimit
        )
        guard let hold, !starts.isEmpty, !Self.isYes(results, unit.verdict) else { return .started }
        return try await whyNot(hold: hold, of: call)
    }

    private static func isYes(_ results: [SQLResult], _ index: Int) -> Bool {
        results.indices.contains(index) && results[index].rows.first?.first == .int(1)
    }

    package func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        guard let receivedAt = UUIDv7.moment(of: start.callID) else {
            throw .rejected("the call's id \(start.callID.text) is not of version 7")
        }
        _ = try await writers.write(
            callID: start.callID,
            teamID: start.teamID,
            commands: [AttemptStatements.note(start, providerTaskID: providerTaskID, receivedAt: receivedAt)],
            moments: [start.startedAt],
            limit: options.writeLimit
        )
    }

    package func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        _ = try await writers.write(
            callID: resolution.callID,
            teamID: resolution.teamID,
            commands: ResolutionStatements.resolve(
                resolution,
                locks: budgetLocks(teamID: resolution.teamID, receivedAt: resolution.receivedAt)
            ),
            moments: [resolution.receivedAt] + resolution.ends.map(\.start.startedAt),
            limit: options.writeLimit
        )
    }

    /// Throws `.notFound` when the call was never admitted. A settlement older than the one that stands changes
    /// nothing.
    package func settle(_ settlement: Settlement) async throws(LedgerError) {
        let results = try await writers.write(
            callID: settlement.callID,
            teamID: settlement.teamID,
            commands: CallStatements.settle(
                settlement,
                locks: budgetLocks(teamID: settlement.teamID, receivedAt: settlement.receivedAt)
            ),
            moments: [settlement.receivedAt] + settlement.attempts.map(\.start.startedAt)
                + settlement.images.map(\.createdAt),
            limit: options.writeLimit
        )
        // The first command locks the call's row.
        if results.first?.rows.isEmpty ?? true {
            throw .notFound("call \(settlement.callID.text) was never admitted")
        }
    }
}
