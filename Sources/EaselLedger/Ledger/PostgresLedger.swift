package import EaselBase
package import EaselCore
import Foundation

/// The live ledger: PostgreSQL, through a few writers that share commits and a few readers.
///
/// Every write is one transaction in one round trip (M5) and may be repeated without harm (L1). Waiting never blocks a
/// thread of the pool that async code shares. `close()` must be called, or the threads stay.
package final class PostgresLedger: Ledger, Sendable {
    /// How many connections, and how long callers wait.
    package struct Options: Sendable {
        /// Connections that write. More than a few only queue up behind each other's commits.
        package var writers = 4
        /// Connections that read.
        package var readers = 4
        /// Writes that may wait, all writers together; more are answered with `.unavailable`.
        package var queueCapacity = 10_000
        /// How long a caller waits for a write at most.
        package var writeLimit = Duration.seconds(2)
        /// How long a caller waits for a look-up at most.
        package var readLimit = Duration.seconds(5)
        /// How long a report may take.
        package var reportLimit = Duration.seconds(30)
        /// Rows of a report at most; more than this are nobody's report.
        package var mostReportRows = 100_000
        /// What goes wrong on the writers' connections, for tests.
        package var fault: WireFault?
        /// The same on the readers'.
        package var readerFault: WireFault?

        package init() {}
    }

    let options: Options
    let writers: WriterPool
    let readers: ReaderPool
    let log: Log
    /// The names of time zones that PostgreSQL knows, once they were asked for.
    let zoneNames = Locked<Set<String>>([])
    /// What was last read of the terms, and which windows are known to have a row.
    let memory = Locked(TermsMemory())
    let time: TimeSource
    private let isClosed = Locked(false)

    private init(connectionString: String, options: Options, log: Log, time: TimeSource) {
        self.options = options
        self.log = log
        self.time = time
        writers = WriterPool(
            settings: ConnectionSettings(
                connectionString: connectionString,
                statementTimeout: max(options.writeLimit, .seconds(1)),
                lockTimeout: max(options.writeLimit, .seconds(1)),
                fault: options.fault
            ),
            count: options.writers,
            capacity: options.queueCapacity,
            log: log
        )
        readers = ReaderPool(
            settings: ConnectionSettings(
                connectionString: connectionString,
                statementTimeout: options.reportLimit,
                fault: options.readerFault
            ),
            count: options.readers,
            log: log
        )
    }

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
                log.warning("the ledger's maintenance failed", ["error": String(describing: error)])
                try? await Task.sleep(for: .seconds(60))
            }
        }
    }

    /// One round of maintenance.
    package func maintain() async throws(LedgerError) {
        let now = time.now
        try await readers.read(limit: .seconds(60)) { connection, _ throws(PostgresError) in
            try Partitions.ensure(now: now, on: connection)
        }
        try await forgetIdempotencyKeys(at: now)
    }

    /// Ends after the writes that are on their way; what still waits is answered with `.unavailable`.
    package func close() async {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if wasClosed { return }
        await writers.close()
        await readers.close()
    }

    package func ping() async throws(LedgerError) {
        _ = try await readers.read(limit: .seconds(2)) { connection, deadline throws(PostgresError) in
            try connection.run("SELECT 1", deadline: deadline).affected
        }
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
        var unit = AdmissionStatements.Unit(
            commands: starts.map { AttemptStatements.start($0, receivedAt: receivedAt) },
            verdict: 0
        )
        if let hold, !starts.isEmpty {
            unit = AdmissionStatements.hold(hold, for: starts, teamID: first.teamID, receivedAt: receivedAt)
        }
        let ends = ended.map { AttemptStatements.end($0, receivedAt: receivedAt) }
        let results = try await writers.write(
            callID: first.callID,
            teamID: first.teamID,
            // The budgets' rows before the attempts' in every unit, so that locks are taken in one order.
            commands: unit.commands + ends,
            moments: (starts + ended.map(\.start)).map(\.startedAt),
            limit: options.writeLimit
        )
        guard let hold, !starts.isEmpty, !Self.isYes(results, unit.verdict) else { return .started }
        return try await whyNot(hold: hold, callID: first.callID, teamID: first.teamID, receivedAt: receivedAt)
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
