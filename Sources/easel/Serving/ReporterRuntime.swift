import EaselBase
import EaselConfiguration
import EaselLedger
import EaselReporting
import Foundation

/// The reporting daemon alone in this process, with the database that it works on.
struct ReporterRuntime {
    let reporter: Reporter
    private let database: PostgresLedger
    /// Set where this process started the server, or found it running.
    private let embedded: EmbeddedPostgres?

    static func start(_ configuration: Configuration, log: Log) async throws -> ReporterRuntime {
        var embedded: EmbeddedPostgres?
        if configuration.database.url == nil {
            try FileManager.default.createDirectory(
                atPath: configuration.dataDirectory,
                withIntermediateDirectories: true
            )
            embedded = try await EmbeddedPostgres.start(dataDirectory: configuration.dataDirectory, log: log)
        }
        let connectionString = configuration.database.url?.reveal() ?? embedded?.connectionString ?? ""
        do {
            let database = try await PostgresLedger.connect(connectionString: connectionString, log: log)
            let reporter = Reporter(
                store: database,
                holder: UUIDv7.mint(at: TimeSource.system.now),
                retention: configuration.retention.policy,
                log: log
            )
            return ReporterRuntime(reporter: reporter, database: database, embedded: embedded)
        } catch {
            await embedded?.stop()
            throw CommandFailure("the database cannot be used: \(error)")
        }
    }

    func stop() async {
        await database.close()
        await embedded?.stop()
    }
}
