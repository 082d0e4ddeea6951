import EaselBase
import EaselConfiguration
import EaselCore
import EaselLedger
import EaselReporting
import EaselTransport
import Foundation

/// The reporting daemon alone in this process, with the database that it works on.
struct ReporterRuntime: Sendable {
    private let reporter: Reporter
    private let alerts: AlertKeeper
    private let group: EventLoopGroup
    private let database: PostgresLedger
    /// Set where this process started the server, or found it running.
    private let embedded: EmbeddedPostgres?

    /// - Parameter isStopping: as of `Runtime.start`.
    static func start(
        _ configuration: Configuration,
        isStopping: @escaping @Sendable () -> Bool = { false },
        log: Log
    ) async throws -> ReporterRuntime {
        try await Opened.during { opened in
            var embedded: EmbeddedPostgres?
            if configuration.database.url == nil {
                try DataFolder.prepare(configuration.dataDirectory)
                let server = try await EmbeddedPostgres.start(dataDirectory: configuration.dataDirectory, log: log)
                opened.add { await server.stop() }
                embedded = server
            }
            let connectionString = configuration.database.url?.reveal() ?? embedded?.connectionString ?? ""
            let wait = DatabaseWait(limit: configuration.database.startTimeout, isStopping: isStopping, log: log)
            let database = try await wait.run { () async throws(LedgerError) in
                try await PostgresLedger.connect(connectionString: connectionString, log: log)
            }
            let holder = UUIDv7.mint(at: TimeSource.system.now)
            let reporter = Reporter(
                store: database.forDaemons(),
                holder: holder,
                retention: configuration.retention.policy,
                log: log
            )
            let group = EventLoopGroup(name: "easel-loop", count: 1)
            let client = HTTPClient(
                group: group,
                configuration: HTTPClientConfiguration(userAgent: "easel/\(Version.text)")
            )
            let alerts = AlertKeeper(configuration.alerts) { settings in
                AlertDaemon.make(settings, database: database.forDaemons(), client: client, holder: holder, log: log)
            }
            return ReporterRuntime(
                reporter: reporter,
                alerts: alerts,
                group: group,
                database: database,
                embedded: embedded
            )
        }
    }

    /// Works until cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.reporter.run() }
            group.addTask { await self.alerts.run() }
        }
    }

    /// Follows a configuration that was loaded anew.
    func adopt(_ reloaded: Configuration.Reloaded) { alerts.adopt(reloaded.configuration.alerts) }

    func stop() async {
        await database.close()
        await embedded?.stop()
        group.shutdown()
    }
}
