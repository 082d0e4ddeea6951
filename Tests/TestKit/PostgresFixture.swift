package import EaselBase
package import EaselLedger
import Foundation

/// A throwaway PostgreSQL for a whole test process, with a fresh database for whoever asks.
///
/// The cluster is made on first use, without waiting for the disk. A small shell waits for this process to end, however
/// it ends, and then stops the server and removes its files.
package enum PostgresFixture {
    /// The connection string of a fresh database with the current schema.
    package static func database() async throws -> String {
        let server = try await cluster.value
        return try await server.makeDatabase(freshName(), template: templateName)
    }

    /// The connection string of a fresh, empty database.
    package static func emptyDatabase() async throws -> String {
        try await cluster.value.makeDatabase(freshName())
    }

    /// A ledger on a fresh database. Close it at the end of the test.
    package static func ledger(
        options: PostgresLedger.Options = smallOptions,
        log: Log = .silent
    ) async throws -> PostgresLedger {
        try await PostgresLedger.connect(connectionString: try await database(), log: log, options: options)
    }

    /// Few connections, for many tests share one server, and patience, for they share two cores.
    package static var smallOptions: PostgresLedger.Options {
        var options = PostgresLedger.Options()
        options.writers = 2
        options.readers = 1
        options.lookups = 1
        options.workers = 1
        options.writeLimit = .seconds(20)
        options.readLimit = .seconds(20)
        return options
    }

    private static let templateName = "easel_template"
    private static let counter = Locked(0)

    private static func freshName() -> String {
        let number = counter.withLock { count in
            count += 1
            return count
        }
        return "test_\(number)"
    }

    private static let cluster = Task<EmbeddedPostgres, any Error> {
        let directory = "/tmp/easel-test-pg-\(getpid())"
        var options = EmbeddedPostgres.Options()
        options.isDurable = false
        // Many ledgers of tests that run beside each other.
        options.maxConnections = 600
        options.sharedBuffersMB = 32
        try FileManager.default.createDirectory(
            atPath: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755]
        )
        let server = try await EmbeddedPostgres.start(dataDirectory: directory, log: .silent, options: options)
        try startWatchdog(stop: server.stopCommand, directory: directory)
        let template = try await server.makeDatabase(templateName)
        try await Migrator(connectionString: template, log: .silent).migrate()
        return server
    }

    private static func startWatchdog(stop: [String], directory: String) throws {
        let command = stop.map { "'\($0)'" }.joined(separator: " ").replacing("'fast'", with: "'immediate'")
        let watchdog = Process()
        watchdog.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        watchdog.arguments = [
            "sh", "-c",
            "while kill -0 \(getpid()) 2>/dev/null; do sleep 0.5; done; \(command); rm -rf '\(directory)'",
        ]
        watchdog.standardInput = FileHandle.nullDevice
        watchdog.standardOutput = FileHandle.nullDevice
        watchdog.standardError = FileHandle.nullDevice
        try watchdog.run()
    }
}
