package import EaselBase
import Foundation

/// A private PostgreSQL of this program: a cluster in the data directory that listens on a Unix socket only.
///
/// A server that outlived a killed gateway is taken over as it is. Only its own user and root can reach the socket.
package struct EmbeddedPostgres: Sendable {
    /// What could not be done, in a sentence for the operator.
    package struct Failure: Error, Sendable, CustomStringConvertible, Explained {
        package let description: String

        package var sentence: String { description }
    }

    /// How the server is set up.
    package struct Options: Sendable {
        /// False only for tests: the server then does not wait for its disk, and a crash of the machine loses data.
        package var isDurable = true
        /// Megabytes of shared buffers.
        package var sharedBuffersMB = 128
        /// Connections at a time. A gateway opens up to 15, and commands a few.
        package var maxConnections = 100

        package init() {}
    }

    /// For libpq: the database `easel` through the socket.
    package let connectionString: String
    /// Where the cluster's files are; usually inside the data directory.
    package let clusterDirectory: String
    /// False when another running program of ours owns the server; then `stop()` leaves it alone.
    package var isOwner: Bool { ownership != nil }
    /// A command line that opens `psql` on the database.
    package let psqlCommand: [String]
    /// A command line that stops the server, for watchdogs.
    package let stopCommand: [String]

    private let server: EmbeddedServer
    private let ownership: FileLock?
    private let log: Log

    /// Whether a data directory holds a cluster, for commands that only look.
    package static func exists(dataDirectory: String) -> Bool {
        ClusterPlace.hasCluster(dataDirectory: dataDirectory)
    }

    /// Makes the cluster if there is none, starts the server or takes over the running one, and makes the database.
    package static func start(
        dataDirectory: String,
        log: Log,
        options: Options = Options()
    ) async throws -> EmbeddedPostgres {
        try await OwnThread.run("easel-embedded") { () throws(Failure) in
            try open(dataDirectory: dataDirectory, log: log, options: options)
        }
    }

    /// Stops the server if this program owns it: open transactions are rolled back, committed ones are safe.
    package func stop() async {
        guard let ownership else { return }
        await OwnThread.run("easel-embedded") {
            do throws(Failure) { try server.stop() } catch {
                log.error("the embedded PostgreSQL did not stop", ["error": error.sentence])
            }
            ownership.release()
        }
    }

    private static func open(
        dataDirectory: String,
        log: Log,
        options: Options
    ) throws(Failure) -> EmbeddedPostgres {
        let place = try ClusterPlace(dataDirectory: dataDirectory, log: log)
        let lock = FileLock(path: place.dataDirectory + "/postgres.lock")
        // Waits for a neighbour that is just starting the same cluster; one that runs it keeps the lock, so this ends.
        let starting = FileLock(path: place.dataDirectory + "/postgres-start.lock", wait: .seconds(60))
        defer { starting?.release() }
        let server = try EmbeddedServer(place: place, options: options, log: log)
        try server.makeCluster()
        try server.start()
        try server.makeDatabase("easel")
        let socket = server.socketDirectory
        return EmbeddedPostgres(
            connectionString: server.connectionString(database: "easel"),
            clusterDirectory: place.cluster,
            psqlCommand: [server.programs.path("psql"), "-h", socket, "-U", "easel", "-d", "easel"],
            stopCommand: server.stopCommand,
            server: server,
            ownership: lock,
            log: log
        )
    }

    /// Makes another database in the cluster, as a copy of `template` where one is given. One that is there stays.
    package func makeDatabase(_ name: String, template: String? = nil) async throws -> String {
        try await OwnThread.run("easel-embedded") { () throws(Failure) in
            try server.makeDatabase(name, template: template)
            return server.connectionString(database: name)
        }
    }

    private init(
        connectionString: String,
        clusterDirectory: String,
        psqlCommand: [String],
        stopCommand: [String],
        server: EmbeddedServer,
        ownership: FileLock?,
        log: Log
    ) {
        self.connectionString = connectionString
        self.clusterDirectory = clusterDirectory
        self.psqlCommand = psqlCommand
        self.stopCommand = stopCommand
        self.server = server
        self.ownership = ownership
        self.log = log
    }
}
