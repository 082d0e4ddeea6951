package import EaselBase
package import EaselCore
import EaselImaging
package import EaselTransport
package import Foundation

/// The gateway put together: the front door, the phases behind it, and what runs beside them.
package final class Gateway: Sendable {
    private let ledger: any Ledger
    private let server: HTTPServer
    private let common: Common
    /// What follows from the configuration of now.
    private let current: Locked<Generation>
    private let registry: CallRegistry
    private let resolver: Resolver
    private let shadows: ShadowDesk
    private let terms: TermsShelf
    private let store: ArtifactStore?
    private let liveness: Liveness
    private let health: ProviderHealth
    private let journal: @Sendable () -> JournalStanding
    private let previousGatewayIDs: [UUID]
    private let tookOver: @Sendable () -> Void
    private let time: TimeSource
    private let log: Log

    /// Puts the parts together; nothing listens or runs yet.
    ///
    /// `policyReading` reads policies that callers send, `adminTeam` is the team that the operator's own calls count for, `origins` the `scheme://host:port` of each
    /// provider, whose result links may lie on private addresses, `journal` tells how the journal of what waits for the
    /// database stands, `alerts` keeps what people are told, and `previousGatewayIDs` are the gateways that ran here before and are gone, whose calls are taken over at
    /// once; `tookOver` is told when that is done.
    package init(
        settings: GatewaySettings,
        ledger: any Ledger,
        providers: [any Provider],
        origins: [String: String],
        policies: PolicyBook,
        policyReading: any PolicyReading,
        terms: TermsShelf,
        adminTeam: TeamRecord,
        previousGatewayIDs: [UUID],
        tookOver: @escaping @Sendable () -> Void = {},
        group: EventLoopGroup,
        client: HTTPClient,
        journal: @escaping @Sendable () -> JournalStanding = { JournalStanding() },
        alerts: (any AlertBook)? = nil,
        time: TimeSource = .system,
        log: Log
    ) throws {
        self.journal = journal
        self.ledger = ledger
        self.terms = terms
        self.previousGatewayIDs = previousGatewayIDs
        self.tookOver = tookOver
        self.time = time
        self.log = log
        let configuration = GatewayConfiguration(
            settings: settings,
            providers: providers,
            origins: origins,
            policies: policies,
            policyReading: policyReading
        )
        registry = CallRegistry()
        liveness = Liveness()
        store =
            settings.storesArtifacts
            ? try ArtifactStore(dataDirectory: settings.dataDirectory, retention: settings.artifactRetention) : nil
        health = ProviderHealth(timeouts: configuration.timeouts, seed: settings.gatewayID.text, log: log)
        let metrics = CallMetrics()
        // Providers come with the first generation.
        shadows = ShadowDesk(
            ledger: ledger,
            providers: [:],
            doors: [:],
            gatewayID: settings.gatewayID,
            health: health,
            metrics: metrics.shadows,
            liveness: liveness,
            time: time,
            log: log
        )
        let fetcher = Fetcher(client: client, policy: settings.fetchAddresses, timeout: settings.fetchTimeout)
        resolver = Resolver(
            ledger: ledger,
            providers: [:],
            origins: [:],
            delivery: ImageDelivery(fetcher: fetcher, store: store, log: log),
            unknownAfter: settings.unknownAfter,
            questions: health.questions,
            time: time,
            log: log
        )
        let transport = TransportMetrics(loops: group.loops)
        common = Common(
            ledger: ledger,
            terms: terms,
            adminTeam: adminTeam,
            registry: registry,
            store: store,
            liveness: liveness,
            health: health,
            metrics: metrics,
            transport: transport,
            held: HeldBytes(limit: settings.maxHeldBytes),
            reportGate: ReportGate(
                ReportQueue.Limits(atOnce: settings.reportsAtOnce, perTeam: settings.reportsPerTeam)
            ),
            resolver: resolver,
            shadows: shadows,
            client: client,
            journal: journal,
            alerts: alerts,
            time: time,
            log: log
        )
        let current = Locked(Generation(configuration, common))
        self.current = current
        // A request keeps the routes, and with them the providers and policies, that it began with.
        server = HTTPServer(group: group, configuration: settings.server, log: log) { request in
            await current.withLock(\.routes).respond(to: request)
        }
        transport.watch(server)
    }

    /// Another configuration from now on; requests under way, and the calls they made, end under the one they began with.
    /// What the server is told when it is made, and where things are kept, stays as it was.
    /// `renewed`: providers whose key or address is another one.
    package func adopt(_ configuration: GatewayConfiguration, renewed: Set<String>) {
        health.adopt(timeouts: configuration.timeouts, renewed: renewed)
        let generation = Generation(configuration, common)
        current.withLock { $0 = generation }
    }

    /// Begins to listen.
    /// - Returns: the port, which the system chose when the configuration says 0.
    /// - Throws: an error with a sentence when the address is taken.
    package func start() throws -> UInt16 {
        try server.start()
    }

    /// How this gateway stands, for those who watch.
    private var sign: GatewaySign {
        GatewaySign(
            providers: current.withLock(\.providerNames).map { name in
                // Of one that was not asked since the start nothing is known, neither good nor bad.
                guard let report = health.account(name)?.report(at: .now),
                    report.outcomes.all > 0 || report.cause != nil
                else { return GatewaySign.Provider(name: name, state: .probing) }
                return GatewaySign.Provider(
                    name: name,
                    state: report.state,
                    cause: report.cause,
                    reason: report.reason
                )
            },
            journalPending: journal().pending,
            journalSetAside: journal().setAside.values.reduce(0, +)
        )
    }

    /// Runs what goes on beside the requests until cancelled: signs of life, recovery, terms, old pictures.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.takeOver() }
            group.addTask { await self.resolver.follow() }
            group.addTask { await self.health.prime(from: self.ledger, now: self.time.now) }
            group.addTask {
                await self.every({ .seconds(5) }, "signs of life") { () async throws(LedgerError) in
                    try await self.ledger.heartbeat(
                        gatewayID: self.current.withLock(\.settings).gatewayID,
                        sign: self.sign,
                        at: self.time.now
                    )
                    self.liveness.confirm()
                }
            }
            group.addTask {
                await self.every({ self.recoveryInterval }, "recovery of orphaned calls") {
                    () async throws(LedgerError) in
                    if self.liveness.mayJudgeOthers() { try await self.resolver.sweepOrphans(of: []) }
                }
            }
            group.addTask {
                await self.every({ self.recoveryInterval }, "questions about unknown attempts") {
                    () async throws(LedgerError) in
                    try await self.resolver.sweepUnknown()
                }
            }
            group.addTask {
                await self.every({ self.recoveryInterval }, "shadow recovery") { () async throws(LedgerError) in
                    try await self.current.withLock(\.shadowRecovery).sweep(
                        judgesOthers: self.liveness.mayJudgeOthers()
                    )
                }
            }
            group.addTask {
                await self.every({ .seconds(30) }, "terms") { () async throws(LedgerError) in
                    try await self.terms.refresh(from: self.ledger)
                }
            }
            group.addTask {
                await self.every({ .seconds(3600) }, "old pictures") { () async throws(LedgerError) in
                    guard let store = self.store else { return }
                    let now = self.time.now
                    await ThreadPoolExecutor.shared.run { store.purge(now: now) }
                }
            }
        }
    }

    private var recoveryInterval: Duration { current.withLock(\.settings).recoveryInterval }

    /// Goes on serving, but tells balancers that it is not ready any more: for a while before `shutDown`.
    package func announceEnd() { registry.announceEnd() }

    /// Stops accepting, lets what is under way end and settle, then gives up what is left after the grace.
    package func shutDown() async {
        registry.close()
        shadows.close()
        let began = SteadyInstant.now
        let grace = current.withLock(\.settings).shutdownGrace
        await server.drain(grace: grace)
        // Calls whose client has left, or that were asked for asynchronously, have no request any more.
        await registry.waitUntilIdle(atMost: grace - SteadyInstant.now.since(began))
        if registry.running > 0 {
            log.warning("calls were cut off at shutdown", ["calls": String(registry.running)])
        }
        await shadows.waitUntilIdle(atMost: grace - SteadyInstant.now.since(began))
    }

    /// Calls of the gateways before this one, until the ledger has answered and the end of each is known. Those whose end is
    /// not known yet are asked about in between.
    private func takeOver() async {
        if previousGatewayIDs.isEmpty { return }
        while !Task.isCancelled {
            do throws(LedgerError) {
                try await resolver.sweepOrphans(of: previousGatewayIDs, judgesOthers: false)
                if resolver.isDone { return tookOver() }
                try? await Task.sleep(for: recoveryInterval)
            } catch {
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// `what`: its name in the log, which tells once that it stands still and once that it goes on (L6).
    private func every(
        _ interval: () -> Duration,
        _ what: String,
        _ body: () async throws(LedgerError) -> Void
    ) async {
        var isFailing = false
        while !Task.isCancelled {
            do throws(LedgerError) {
                try await body()
                if isFailing { log.info("a periodic task goes on", ["task": what]) }
                isFailing = false
            } catch {
                if !isFailing {
                    log.warning("a periodic task stands still", ["task": what, "error": sentence(for: error)])
                }
                isFailing = true
            }
            try? await Task.sleep(for: interval())
        }
    }
}
