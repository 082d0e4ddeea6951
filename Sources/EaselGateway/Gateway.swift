package import EaselBase
package import EaselCore
import EaselImaging
package import EaselTransport
package import Foundation

/// The gateway put together: the front door, the phases behind it, and what runs beside them.
package final class Gateway: Sendable {
    private let settings: GatewaySettings
    private let ledger: any Ledger
    private let server: HTTPServer
    private let registry: CallRegistry
    private let resolver: Resolver
    private let shadows: ShadowDesk
    private let shadowRecovery: ShadowRecovery
    private let terms: TermsShelf
    private let store: ArtifactStore?
    private let liveness = Liveness()
    private let health: ProviderHealth
    private let providerNames: [String]
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
        self.settings = settings
        self.journal = journal
        // Nobody behind this line hears a provider but through the door (S2, S4).
        let providers: [any Provider] = providers.map { GuardedProvider($0) }
        providerNames = providers.map(\.name)
        self.ledger = ledger
        self.terms = terms
        self.previousGatewayIDs = previousGatewayIDs
        self.tookOver = tookOver
        self.time = time
        self.log = log
        registry = CallRegistry()
        store =
            settings.storesArtifacts
            ? try ArtifactStore(dataDirectory: settings.dataDirectory, retention: settings.artifactRetention) : nil
        let fetcher = Fetcher(client: client, policy: settings.fetchAddresses, timeout: settings.fetchTimeout)
        let health = ProviderHealth(
            timeouts: Dictionary(providers.map { ($0.name, $0.timeout) }, uniquingKeysWith: { first, _ in first }),
            seed: settings.gatewayID.text,
            log: log
        )
        self.health = health
        let metrics = GatewayMetrics()
        let byName = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let gates = byName.mapValues { ProviderGate(limit: $0.maxInFlight) }
        let delivery = ImageDelivery(fetcher: fetcher, store: store, log: log)
        shadows = ShadowDesk(
            ledger: ledger,
            providers: byName,
            doors: gates.mapValues { ShadowDesk.Door($0) },
            gatewayID: settings.gatewayID,
            health: health,
            metrics: metrics.shadows,
            liveness: liveness,
            belief: settings.costBelief,
            time: time,
            log: log
        )
        shadowRecovery = ShadowRecovery(
            ledger: ledger,
            providers: byName,
            unknownAfter: settings.unknownAfter,
            questions: health.questions,
            belief: settings.costBelief,
            time: time,
            log: log
        )
        let tools = CallRun.Tools(
            ledger: ledger,
            providers: byName,
            origins: origins,
            gates: gates,
            health: health,
            runner: AttemptRunner(health: health, ledger: ledger, log: log),
            delivery: delivery,
            metrics: metrics,
            shadows: shadows,
            liveness: liveness,
            belief: settings.costBelief,
            time: time,
            log: log
        )
        resolver = Resolver(
            ledger: ledger,
            providers: byName,
            origins: origins,
            delivery: delivery,
            unknownAfter: settings.unknownAfter,
            questions: health.questions,
            belief: settings.costBelief,
            time: time,
            log: log
        )
        let authenticator = Authenticator(ledger: ledger, adminKey: settings.adminKey, adminTeam: adminTeam, time: time)
        let replies = ReplyBuilder(store: store, time: time)
        let held = HeldBytes(limit: settings.maxHeldBytes)
        let transport = TransportMetrics(loops: group.loops)
        let routes = Routes(
            settings: settings,
            ledger: ledger,
            authenticator: authenticator,
            keyLimits: KeyLimits(),
            reportGate: ReportGate(
                ReportQueue.Limits(atOnce: settings.reportsAtOnce, perTeam: settings.reportsPerTeam)
            ),
            intake: RemixIntake(
                images: ImageIntake(
                    fetcher: fetcher,
                    maxBytes: settings.maxImageBytes,
                    fetchMaxBytes: min(settings.fetchMaxBytes, settings.maxImageBytes),
                    preparation: SourcePreparation(keepsMetadata: settings.keepsMetadata)
                ),
                maxBodyBytes: settings.maxBodyBytes
            ),
            held: held,
            service: RemixService(
                settings: settings,
                policies: PolicyDesk(book: policies, reading: policyReading, budgets: BudgetGauge(ledger: ledger)),
                desk: OfferDesk(providers: providers, health: health, gates: gates),
                terms: terms,
                tools: tools,
                registry: registry,
                replies: replies
            ),
            idempotency: IdempotencyDesk(ledger: ledger, replies: replies, time: time),
            budgets: BudgetRoutes(ledger: ledger, authenticator: authenticator, terms: terms, time: time),
            prices: PriceRoutes(
                ledger: ledger,
                authenticator: authenticator,
                terms: terms,
                providers: providers,
                time: time
            ),
            calls: CallRoutes(
                settings: settings,
                ledger: ledger,
                authenticator: authenticator,
                replies: replies,
                store: store,
                time: time
            ),
            people: PeopleRoutes(ledger: ledger, authenticator: authenticator, terms: terms, time: time),
            reports: ReportRoutes(ledger: ledger, authenticator: authenticator, time: time),
            reconciliations: ReconciliationRoutes(
                ledger: ledger,
                providers: byName,
                authenticator: authenticator,
                time: time
            ),
            alerts: alerts.map {
                AlertRoutes(book: $0, plan: settings.alerts, authenticator: authenticator, time: time, log: log)
            },
            simulations: SimulationRoutes(
                ledger: ledger,
                policies: policies,
                reading: policyReading,
                authenticator: authenticator,
                time: time
            ),
            status: StatusRoutes(
                ledger: ledger,
                authenticator: authenticator,
                providers: providers,
                gates: gates,
                health: health,
                registry: registry,
                metrics: metrics,
                held: held,
                transport: transport,
                publicMetrics: settings.publicMetrics,
                journal: journal,
                time: time,
                version: settings.version
            ),
            time: time,
            log: log
        )
        server = HTTPServer(group: group, configuration: settings.server, log: log) { request in
            await routes.respond(to: request)
        }
        transport.watch(server)
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
            providers: providerNames.map { name in
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
                await self.every(.seconds(5), "signs of life") { () async throws(LedgerError) in
                    try await self.ledger.heartbeat(
                        gatewayID: self.settings.gatewayID,
                        sign: self.sign,
                        at: self.time.now
                    )
                    self.liveness.confirm()
                }
            }
            group.addTask {
                await self.every(self.settings.recoveryInterval, "recovery of orphaned calls") {
                    () async throws(LedgerError) in
                    if self.liveness.mayJudgeOthers() { try await self.resolver.sweepOrphans(of: []) }
                }
            }
            group.addTask {
                await self.every(self.settings.recoveryInterval, "questions about unknown attempts") {
                    () async throws(LedgerError) in
                    try await self.resolver.sweepUnknown()
                }
            }
            group.addTask {
                await self.every(self.settings.recoveryInterval, "shadow recovery") { () async throws(LedgerError) in
                    try await self.shadowRecovery.sweep(judgesOthers: self.liveness.mayJudgeOthers())
                }
            }
            group.addTask {
                await self.every(.seconds(30), "terms") { () async throws(LedgerError) in
                    try await self.terms.refresh(from: self.ledger)
                }
            }
            group.addTask {
                await self.every(.seconds(3600), "old pictures") { () async throws(LedgerError) in
                    guard let store = self.store else { return }
                    let now = self.time.now
                    await ThreadPoolExecutor.shared.run { store.purge(now: now) }
                }
            }
        }
    }

    /// Stops accepting, lets what is under way end and settle, then gives up what is left after the grace.
    package func shutDown() async {
        registry.close()
        shadows.close()
        let began = SteadyInstant.now
        let grace = settings.shutdownGrace
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
                try? await Task.sleep(for: settings.recoveryInterval)
            } catch {
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// `what`: its name in the log, which tells once that it stands still and once that it goes on (L6).
    private func every(
        _ interval: Duration,
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
            try? await Task.sleep(for: interval)
        }
    }
}
