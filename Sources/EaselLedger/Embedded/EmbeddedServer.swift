import CPostgres
import EaselBase
import Foundation

/// The server of one cluster. Every method blocks.
struct EmbeddedServer: Sendable {
    let programs: PostgresPrograms
    /// Where `.s.PGSQL.5432` is.
    let socketDirectory: String
    private let cluster: String
    private let user: ServerUser
    private let prefix: [String]
    private let options: EmbeddedPostgres.Options
    private let log: Log

    /// The name of the socket below its directory; its whole path must fit into 107 bytes.
    private static let socketName = "/.s.PGSQL.5432"
    private static let socketPathLimit = 107

    init(
        place: ClusterPlace,
        options: EmbeddedPostgres.Options,
        log: Log
    ) throws(EmbeddedPostgres.Failure) {
        cluster = place.cluster
        user = place.user
        self.options = options
        self.log = log
        let version = (try? String(contentsOfFile: cluster + "/PG_VERSION", encoding: .utf8))
            .flatMap { Int($0.prefix { $0.isASCIIDigit }) }
        programs = try PostgresPrograms.find(forCluster: version)
        prefix = try user.prefix()
        // Inside the cluster, which only its user may enter, unless the path is too long for a socket.
        if (cluster + Self.socketName).utf8.count <= Self.socketPathLimit {
            socketDirectory = cluster
        } else {
            socketDirectory = "/tmp/easel-pg-\(place.tag)"
        }
    }

    func connectionString(database: String) -> String {
        "host=\(Self.quoted(socketDirectory)) port=5432 user=easel dbname=\(Self.quoted(database))"
    }

    private static func quoted(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    var stopCommand: [String] {
        prefix + [programs.path("pg_ctl"), "stop", "-D", cluster, "-m", "fast", "-w", "-t", "30"]
    }

    // MARK: - The cluster

    /// Runs `initdb` in a directory beside, which then takes its name: a half-made cluster never looks like a whole
    /// one.
    func makeCluster() throws(EmbeddedPostgres.Failure) {
        guard access(cluster + "/PG_VERSION", F_OK) != 0 else { return }
        let fresh = cluster + ".new"
        try remove(fresh)
        try makeDirectory(fresh)
        do throws(ChildProcess.Failure) {
            var arguments = [
                programs.path("initdb"), "-D", fresh, "-U", "easel", "--auth=trust", "--encoding=UTF8", "--locale=C",
                "--data-checksums",
            ]
            if !options.isDurable { arguments.append("--no-sync") }
            try ChildProcess.run(prefix + arguments)
        } catch {
            throw EmbeddedPostgres.Failure(description: "initdb failed: \(error.output)")
        }
        guard rename(fresh, cluster) == 0 else {
            throw EmbeddedPostgres.Failure(description: "\(cluster) cannot be made: something else has that name")
        }
        log.info("a PostgreSQL cluster was created", ["directory": cluster])
    }

    private func remove(_ path: String) throws(EmbeddedPostgres.Failure) {
        guard access(path, F_OK) == 0 else { return }
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw EmbeddedPostgres.Failure(description: "\(path) cannot be removed")
        }
    }

    private func makeDirectory(_ path: String) throws(EmbeddedPostgres.Failure) {
        guard mkdir(path, 0o700) == 0, user.isOurselves || chown(path, user.uid, user.gid) == 0 else {
            throw EmbeddedPostgres.Failure(description: "the directory \(path) cannot be made")
        }
    }

    /// The socket's own directory, when it is not the cluster: nobody else may have put it there.
    private func prepareSocketDirectory() throws(EmbeddedPostgres.Failure) {
        guard socketDirectory != cluster else { return }
        var info = stat()
        if lstat(socketDirectory, &info) != 0 { return try makeDirectory(socketDirectory) }
        guard info.st_mode & S_IFMT == S_IFDIR, info.st_uid == user.uid, info.st_mode & 0o077 == 0 else {
            throw EmbeddedPostgres.Failure(description: "\(socketDirectory) belongs to another user")
        }
    }

    // MARK: - The server

    /// Starts the server, or takes over the one that runs on this cluster already.
    func start() throws(EmbeddedPostgres.Failure) {
        if try takeOver() { return }
        try prepareSocketDirectory()
        try writeConfiguration()
        removeStaleSocketLock()
        do throws(ChildProcess.Failure) {
            try ChildProcess.run(
                prefix + [
                    programs.path("pg_ctl"), "start", "-D", cluster, "-w", "-t", "120", "-l", cluster + "/start.log",
                ]
            )
        } catch {
            let log = (try? String(contentsOfFile: cluster + "/start.log", encoding: .utf8)) ?? ""
            throw EmbeddedPostgres.Failure(
                description: "PostgreSQL did not start: \(error.output.suffix(300)) \(log.suffix(700))"
            )
        }
    }

    func stop() throws(EmbeddedPostgres.Failure) {
        guard let file = PostmasterFile(cluster: cluster), file.isServer(of: cluster) else { return }
        do throws(ChildProcess.Failure) { try ChildProcess.run(stopCommand) } catch {
            throw EmbeddedPostgres.Failure(description: "pg_ctl stop failed: \(error.output)")
        }
    }

    /// A server that outlived its gateway answers within a moment, or after its own recovery; one that does not is
    /// stopped.
    private func takeOver() throws(EmbeddedPostgres.Failure) -> Bool {
        guard let file = PostmasterFile(cluster: cluster) else { return false }
        guard file.isServer(of: cluster) else {
            if file.isAlive { file.forgetStranger() }
            return false
        }
        let deadline = SteadyInstant.now + .seconds(60)
        var silentSince = SteadyInstant.now
        while SteadyInstant.now < deadline, file.isServer(of: cluster) {
            switch PQping(connectionString(database: "postgres") + " connect_timeout=2") {
            case PQPING_OK:
                log.info("a running PostgreSQL was taken over", ["directory": cluster])
                return true
            case PQPING_REJECT: silentSince = .now  // starting up, or shutting down: it will change
            default:
                if SteadyInstant.now.since(silentSince) > .seconds(5) {
                    log.warning("a running PostgreSQL does not answer and is stopped", ["directory": cluster])
                    try stop()
                    return false
                }
            }
            usleep(50_000)  // on a thread of its own, as everything here
        }
        try stop()
        return false
    }

    /// A socket's lock file names its server; one that is dead, or no server of ours, must not keep the next from
    /// starting.
    private func removeStaleSocketLock() {
        let lock = socketDirectory + Self.socketName + ".lock"
        guard access(lock, F_OK) == 0 else { return }
        // No server runs on the cluster, as was just made sure of, and the directory is this cluster's alone.
        unlink(lock)
        unlink(socketDirectory + Self.socketName)
    }

    private func writeConfiguration() throws(EmbeddedPostgres.Failure) {
        var lines = [
            "# Written by easel at every start.",
            "listen_addresses = ''",
            "unix_socket_directories = \(Self.quotedSetting(socketDirectory))",
            "unix_socket_permissions = 0700",
            "max_connections = \(options.maxConnections)",
            "shared_buffers = \(options.sharedBuffersMB)MB",
            "synchronous_commit = on",
            "wal_compression = on",
            "min_wal_size = 80MB",
            "max_wal_size = 1GB",
            "checkpoint_timeout = 10min",
            // Our queries are short; compiling them takes longer than running them.
            "jit = off",
            "random_page_cost = 1.1",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            "logging_collector = on",
            "log_directory = 'log'",
            "log_filename = 'postgresql-%a.log'",
            "log_truncate_on_rotation = on",
            "log_rotation_age = 1d",
            // A full message quotes the refused row, and with it a prompt (S2).
            "log_error_verbosity = terse",
            "log_parameter_max_length = 0",
            "log_parameter_max_length_on_error = 0",
        ]
        if !options.isDurable { lines += ["fsync = off", "full_page_writes = off"] }
        let path = cluster + "/postgresql.conf"
        do throws(OutputFile.Failure) {
            // In place, so that the file keeps its owner.
            try OutputFile.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: path, mode: 0o600)
        } catch {
            throw EmbeddedPostgres.Failure(description: error.sentence)
        }
    }

    private static func quotedSetting(_ value: String) -> String {
        // A list, whose elements are quoted once more when they hold commas or quotes.
        "'\"" + value.replacing("'", with: "''").replacing("\"", with: "\"\"") + "\"'"
    }

    // MARK: - Databases

    func makeDatabase(_ name: String, template: String? = nil) throws(EmbeddedPostgres.Failure) {
        let settings = ConnectionSettings(
            connectionString: connectionString(database: "postgres"),
            statementTimeout: .zero
        )
        do throws(PostgresError) {
            let connection = try PostgresConnection(settings)
            let deadline = SteadyInstant.now + .seconds(60)
            let found = try connection.run(
                "SELECT 1 FROM pg_database WHERE datname = $1",
                [.text(name)],
                deadline: deadline
            )
            guard found.rows.isEmpty else { return }
            let source = template.map { " TEMPLATE \"\($0.replacing("\"", with: "\"\""))\"" } ?? ""
            try connection.script(
                "CREATE DATABASE \"\(name.replacing("\"", with: "\"\""))\"\(source)",
                deadline: deadline
            )
        } catch {
            // duplicate_database: a neighbour was quicker.
            guard error.sqlState != "42P04" else { return }
            throw EmbeddedPostgres.Failure(
                description: "the database \(name) cannot be made: \(error.sentence)"
            )
        }
    }
}
