import CMalloc
import EaselBase
import EaselCalls
import EaselConfiguration
import EaselCore
import EaselGateway
import EaselLedger
import EaselProviders
import EaselReporting
import EaselTracing
import EaselTransport
import Foundation

/// A whole Easel in this process: database, ledger, journal, providers, gateway; started in order, stopped in reverse.
final class Runtime: Sendable {
    /// The team that the operator's own calls count for.
    static let defaultTeam = "default"

    let configuration: Configuration
    private let calls: JournaledCalls
    let gateway: Gateway
    private let database: PostgresLedger
    private let client: HTTPClient
    private let embedded: EmbeddedPostgres?
    private let journal: Journal
    private let group: EventLoopGroup
    private let instance: InstanceLock
    private let log: Log
    private let isStopping = Locked(false)
    private let alerts: AlertKeeper

    private init(
        configuration: Configuration,
        calls: JournaledCalls,
        gateway: Gateway,
        database: PostgresLedger,
        client: HTTPClient,
        embedded: EmbeddedPostgres?,
        journal: Journal,
        group: EventLoopGroup,
        instance: InstanceLock,
        log: Log
    ) {
        self.configuration = configuration
        self.calls = calls
        self.gateway = gateway
        self.database = database
        self.client = client
        self.embedded = embedded
        self.journal = journal
        self.group = group
        self.instance = instance
        self.log = log
        let holder = instance.gatewayID
        alerts = AlertKeeper(configuration.alerts) { settings in
            AlertDaemon.make(settings, database: database.forDaemons(), client: client, holder: holder, log: log)
        }
    }

    /// Starts everything up to, but not including, listening.
    /// - Parameter isStopping: whether the start is not wanted any more; asked while it waits for the database.
    /// - Throws: `DatabaseWait.Stopped` then.
    static func start(
        _ configuration: Configuration,
        isStopping: @escaping @Sendable () -> Bool = { false },
        log: Log
    ) async throws -> Runtime {
        try await Opened.during { opened in
            try await start(configuration, &opened, isStopping: isStopping, log: log)
        }
    }

    private static func start(
        _ configuration: Configuration,
        _ opened: inout Opened,
        isStopping: @escaping @Sendable () -> Bool,
        log: Log
    ) async throws -> Runtime {
        let time = TimeSource.system
        let directory = configuration.dataDirectory
        try DataFolder.prepare(directory)
        let instance = try InstanceLock(directory: directory, now: time.now)
        opened.add { instance.release() }
        let embedded =
            configuration.database.url == nil
            ? try await EmbeddedPostgres.start(dataDirectory: directory, log: log) : nil
        if let embedded { opened.add { await embedded.stop() } }
        DataFolder.mend(directory, log: log)
        let connectionString = configuration.database.url?.reveal() ?? embedded?.connectionString ?? ""
        let wait = DatabaseWait(limit: configuration.database.startTimeout, isStopping: isStopping, log: log)
        let database = try await wait.run { () async throws(LedgerError) in
            var options = PostgresLedger.Options()
            options.readers = configuration.limits.reports
            return try await PostgresLedger.connect(connectionString: connectionString, log: log, options: options)
        }
        opened.add { await database.close() }
        let journal = try await Journal(directory: directory + "/journal", log: log)
        opened.add { journal.close() }
        let calls = JournaledCalls(base: database, journal: journal, log: log)
        // What waits from the last run goes in before anything is asked of the log.
        try? await calls.replay()
        let terms = TermsShelf()
        try await wait.run { () async throws(LedgerError) in try await terms.refresh(from: database) }
        let adminTeam = try await wait.run { () async throws(LedgerError) in
            try await database.ensureTeam(defaultTeam, at: time.now)
        }
        let group = EventLoopGroup(
            name: "easel-loop",
            count: ProcessInfo.processInfo.activeProcessorCount,
            log: log
        )
        opened.add { group.shutdown() }
        let client = HTTPClient(
            group: group,
            configuration: HTTPClientConfiguration(
                maxConnectionsPerHost: 8192,
                userAgent: "easel/\(Version.text)"
            )
        )
        let wanted = configuration.limits.connections
        let connections = OpenFiles.connections(wanted: wanted)
        if connections < wanted {
            log.warning(
                "fewer connections are accepted than limits.connections says: raise the limit on open files (ulimit -n)",
                [
                    "limits.connections": String(wanted), "taken": String(connections),
                    "open_files": String(OpenFiles.limit),
                ]
            )
        }
        let plan = try gatewayConfiguration(configuration, gatewayID: instance.gatewayID, client: client)
        let tracer = Tracer(
            TracingPlan(plan.settings.tracing),
            resource: TraceResource(version: Version.text, instance: instance.gatewayID.text),
            client: client,
            log: log
        )
        let engine = try CallEngine(
            plan.calls,
            books: CallBooks(database, calls: calls),
            terms: terms,
            client: client,
            previousGatewayIDs: instance.previousGatewayIDs,
            tookOver: { instance.forgetPrevious() },
            journal: { calls.journalStanding },
            log: log
        )
        let gateway = Gateway(
            plan,
            calls: engine,
            books: DoorBooks(
                database,
                figures: JournaledFigures(base: database) { calls.journalStanding }
            ),
            adminTeam: adminTeam,
            group: group,
            journal: { calls.journalStanding },
            alerts: database,
            tracer: tracer,
            log: log
        )
        return Runtime(
            configuration: configuration,
            calls: calls,
            gateway: gateway,
            database: database,
            client: client,
            embedded: embedded,
            journal: journal,
            group: group,
            instance: instance,
            log: log
        )
    }

    /// Follows a configuration that was loaded anew. Requests under way end under the one that they began with.
    func adopt(_ reloaded: Configuration.Reloaded) throws {
        let configuration = reloaded.configuration
        gateway.adopt(
            try Self.gatewayConfiguration(configuration, gatewayID: instance.gatewayID, client: client),
            renewed: reloaded.renewed
        )
        alerts.adopt(configuration.alerts)
    }

    /// What goes on beside the requests, until cancelled.
    func run(withReporter: Bool = true) async {
        await withDiscardingTaskGroup { group in
            if withReporter {
                let reporter = Reporter(
                    store: self.database.forDaemons(),
                    holder: self.instance.gatewayID,
                    retention: self.configuration.retention.policy,
                    log: self.log
                )
                group.addTask { await reporter.run() }
                group.addTask { await self.alerts.run() }
            }
            group.addTask { await self.database.run() }
            group.addTask { await self.calls.run() }
            group.addTask { await self.gateway.run() }
            group.addTask { await self.watchDatabase() }
            group.addTask { await self.giveBackMemory() }
        }
    }

    /// After a burst of calls the allocator keeps what they used. When much of it lies idle the system gets it back.
    private func giveBackMemory() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(10))
            if mallinfo2().fordblks > 16 << 20 { malloc_trim(0) }
        }
    }

    /// Brings the embedded server back when it is gone: nobody else would.
    private func watchDatabase() async {
        guard embedded != nil else { return }
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            do throws(LedgerError) {
                try await database.ping()
            } catch {
                guard !Task.isCancelled, !isStopping.withLock(\.self) else { return }
                log.warning("the embedded PostgreSQL does not answer; starting it again")
                do {
                    _ = try await EmbeddedPostgres.start(dataDirectory: configuration.dataDirectory, log: log)
                } catch {
                    log.error("the embedded PostgreSQL could not be started", ["error": sentence(for: error)])
                    try? await Task.sleep(for: .seconds(5))
                }
            }
        }
    }

    /// In reverse order: requests first, then what goes on `beside` them, then what both stand on.
    func stop(beside: Task<Void, Never>? = nil) async {
        isStopping.withLock { $0 = true }
        await gateway.shutDown()
        try? await calls.replay()
        await Self.end(beside)
        if calls.pendingCount > 0 {
            log.warning("settlements stay in the journal", ["records": String(calls.pendingCount)])
        }
        journal.close()
        await database.close()
        await embedded?.stop()
        group.shutdown()
        instance.release()
    }

    /// Lets it give its leases back, and does not wait long for it.
    private static func end(_ beside: Task<Void, Never>?) async {
        guard let beside else { return }
        beside.cancel()
        let hasEnded = Locked(false)
        Task {
            await beside.value
            hasEnded.withLock { $0 = true }
        }
        let until = SteadyInstant.now + .seconds(2)
        while !hasEnded.withLock(\.self), SteadyInstant.now < until { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
