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

        package init() {}
    }

    let options: Options
    let writers: WriterPool
    let readers: ReaderPool
    let log: Log
    /// The names of time zones that PostgreSQL knows, once they were asked for.
    let zoneNames = Locked<Set<String>>([])
    private let time: TimeSource
    private let isClosed = Locked(false)

    private init(connectionString: String, options: Options, log: Log, time: TimeSource) {
        self.options = options
        self.log = log
        self.time = time
        writers = WriterPool(
            settings: ConnectionSettings(
                connectionString: connectionString,
                statementTimeout: max(options.writeLimit, .seconds(1)),
                lockTimeout: max(options.writeLimit, .seconds(1))
            ),
            count: options.writers,
            capacity: options.queueCapacity,
            log: log
        )
        readers = ReaderPool(
            settings: ConnectionSettings(
                connectionString: connectionString,
                statementTimeout: options.reportLimit
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

    /// Maintenance until the task is cancelled: partitions made ahead, every hour.
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
    package func admit(_ admission: Admission) async throws(LedgerError) {
        let givenUpAt = time.now + options.writeLimit
        _ = try await writers.write(
            callID: admission.callID,
            commands: CallStatements.admit(admission),
            moments: [admission.receivedAt] + admission.attempts.map(\.startedAt),
            limit: options.writeLimit,
            undo: { CallStatements.undo(admission, at: givenUpAt) },
            isWithdrawable: true
        )
    }

    /// When it throws `.unavailable`, the rows may be there all the same; writing them again does no harm.
    package func startAttempts(_ starts: [AttemptStart], ended: [AttemptEnd]) async throws(LedgerError) {
        guard let callID = starts.first?.callID ?? ended.first?.start.callID else { return }
        // A call's id tells when it was received (L1), so an end needs no other way to its call's row.
        guard let receivedAt = UUIDv7.moment(of: callID) else {
            throw .rejected("the call's id \(callID.text) is not of version 7")
        }
        let ends = ended.map { AttemptStatements.end($0, receivedAt: receivedAt) }
        _ = try await writers.write(
            callID: callID,
            commands: ends + starts.map(AttemptStatements.start),
            moments: (starts + ended.map(\.start)).map(\.startedAt),
            limit: options.writeLimit
        )
    }

    package func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        _ = try await writers.write(
            callID: start.callID,
            commands: [AttemptStatements.note(start, providerTaskID: providerTaskID)],
            moments: [start.startedAt],
            limit: options.writeLimit
        )
    }

    package func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        _ = try await writers.write(
            callID: resolution.callID,
            commands: CallStatements.resolve(resolution),
            moments: [resolution.receivedAt] + resolution.ends.map(\.start.startedAt),
            limit: options.writeLimit
        )
    }

    /// Throws `.notFound` when the call was never admitted. A settlement older than the one that stands changes
    /// nothing.
    package func settle(_ settlement: Settlement) async throws(LedgerError) {
        let results = try await writers.write(
            callID: settlement.callID,
            commands: CallStatements.settle(settlement),
            moments: [settlement.receivedAt] + settlement.attempts.map(\.start.startedAt)
                + settlement.images.map(\.createdAt),
            limit: options.writeLimit
        )
        guard results.first?.affected == 0 else { return }
        // No row was updated: it is newer than this settlement, which is fine, or it is not there.
        let isThere = try await readers.read(limit: options.readLimit) { connection, deadline throws(PostgresError) in
            try connection.run(
                "SELECT 1 FROM calls WHERE team_id = $1 AND received_at = $2 AND call_id = $3",
                [.int(settlement.teamID), .time(settlement.receivedAt), .uuid(settlement.callID)],
                deadline: deadline
            )
            .rows.isEmpty == false
        }
        if !isThere { throw .notFound("call \(settlement.callID.text) was never admitted") }
    }
}
