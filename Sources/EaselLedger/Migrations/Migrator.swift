package import EaselBase
package import EaselCore

/// Brings the schema of a database up to what this program needs: numbered, forward only, each in a transaction of its
/// own, one program at a time.
package struct Migrator: Sendable {
    /// Where a database stands.
    package struct Status: Sendable, Hashable {
        /// Names of the migrations that were applied, in order.
        package var applied: [String] = []
        /// Names of those that this program still has to apply.
        package var pending: [String] = []
        /// Versions that a newer program has applied.
        package var newer: [Int64] = []

        package init() {}
    }

    /// A session lock, so that two programs that start at once do not collide. On a cluster it is held on the
    /// coordinator, which is where migrations run.
    private static let lockKey: Int64 = 0x4541_5345_4C01

    private let settings: ConnectionSettings
    private let log: Log
    private let migrations: [Migration]

    package init(connectionString: String, log: Log) {
        self.init(connectionString: connectionString, log: log, migrations: MigrationFiles.all)
    }

    init(connectionString: String, log: Log, migrations: [Migration]) {
        settings = ConnectionSettings(connectionString: connectionString, statementTimeout: .zero)
        self.log = log
        self.migrations = migrations
    }

    /// Applies what is missing and makes the partitions that the next months need. Returns the names of what was
    /// applied.
    ///
    /// Throws `.conflict` when an applied file was changed since, `.unavailable` when the database is away, `.rejected`
    /// when a migration fails; then nothing of that migration is left.
    @discardableResult
    package func migrate(now: Timestamp = TimeSource.system.now) async throws(LedgerError) -> [String] {
        try await OwnThread.run("easel-migrate") { () throws(LedgerError) in
            let connection = try connect()
            // The lock goes with the connection, on every path.
            try attempt { () throws(PostgresError) in
                try connection.script("SELECT pg_advisory_lock(\(Self.lockKey))", deadline: .now + .seconds(600))
                try connection.script(Self.table, deadline: .now + .seconds(30))
            }
            let status = try compare(with: try records(on: connection))
            if !status.newer.isEmpty {
                log.warning(
                    "the database was migrated by a newer program",
                    ["versions": status.newer.map(String.init).joined(separator: ",")]
                )
            }
            for migration in migrations where status.pending.contains(migration.name) {
                try apply(migration, on: connection)
            }
            try attempt { () throws(PostgresError) in try Partitions.ensure(now: now, on: connection) }
            return status.pending
        }
    }

    /// Compares the database with this program, without changing anything. Throws as `migrate` does.
    package func status() async throws(LedgerError) -> Status {
        try await OwnThread.run("easel-migrate") { () throws(LedgerError) in
            // Whoever only asks has brought nothing up to date, and says so where it fails.
            let failure: StaticString = "the state of the schema could not be read"
            return try compare(with: try records(on: try connect(failure), failure))
        }
    }

    // MARK: - On the thread

    private struct Record {
        let version: Int64
        let checksum: [UInt8]?
    }

    private static let table = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version bigint PRIMARY KEY,
            name text NOT NULL,
            checksum bytea NOT NULL,
            applied_at timestamptz NOT NULL
        )
        """

    private static let migrating: StaticString = "the schema could not be brought up to date"

    private func connect(_ failure: StaticString = Migrator.migrating) throws(LedgerError) -> PostgresConnection {
        try attempt(failure) { () throws(PostgresError) in try PostgresConnection(settings) }
    }

    /// - Parameter failure: what the log says that could not be done.
    private func attempt<Value>(
        _ failure: StaticString = Migrator.migrating,
        _ body: () throws(PostgresError) -> Value
    ) throws(LedgerError) -> Value {
        do throws(PostgresError) {
            return try body()
        } catch {
            log.error(failure, ["error": error.sentence])
            throw error.ledgerError
        }
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection) throws(LedgerError) {
        let deadline = SteadyInstant.now + .seconds(3600)
        do throws(PostgresError) {
            try connection.script("BEGIN", deadline: deadline)
            try connection.script(migration.sql, deadline: deadline)
            _ = try connection.run(
                "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES ($1, $2, $3, now())",
                [.int(migration.version), .text(migration.name), .bytes(migration.checksum)],
                deadline: deadline
            )
            try connection.script("COMMIT", deadline: deadline)
        } catch {
            log.error("a migration failed", ["migration": migration.name, "error": error.sentence])
            guard error.kind == .server else { throw error.ledgerError }
            throw .rejected("migration \(migration.name) failed: \(error.sentence)")
        }
        log.info("a migration was applied", ["migration": migration.name])
    }

    private func records(
        on connection: PostgresConnection,
        _ failure: StaticString = Migrator.migrating
    ) throws(LedgerError) -> [Record] {
        try attempt(failure) { () throws(PostgresError) in
            let deadline = SteadyInstant.now + .seconds(30)
            let exists = try connection.run("SELECT to_regclass('schema_migrations') IS NOT NULL", deadline: deadline)
            guard exists.rows.first?.first == .bool(true) else { return [] }
            let result = try connection.run(
                "SELECT version, checksum FROM schema_migrations ORDER BY version",
                deadline: deadline
            )
            return try result.rows.map { (cells) throws(PostgresError) in
                var row = RowReader(cells)
                return Record(version: try row.int64(), checksum: try row.optionalBytes())
            }
        }
    }

    private func compare(with records: [Record]) throws(LedgerError) -> Status {
        var status = Status()
        for migration in migrations {
            guard let record = records.first(where: { $0.version == migration.version }) else {
                status.pending.append(migration.name)
                continue
            }
            guard record.checksum == migration.checksum else {
                throw .conflict(
                    "migration \(migration.name) was changed after it was applied; migrations are never edited, "
                        + "add a new one"
                )
            }
            status.applied.append(migration.name)
        }
        status.newer = records.map(\.version).filter { version in !migrations.contains { $0.version == version } }
        return status
    }
}
