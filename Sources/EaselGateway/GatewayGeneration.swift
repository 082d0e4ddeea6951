import EaselBase
package import EaselCore
import EaselImaging
import EaselTransport
import Foundation

/// What of a gateway follows from its configuration, and may change while it runs.
package struct GatewayConfiguration: Sendable {
    package let settings: GatewaySettings
    /// In the order of the configuration.
    package let providers: [any Provider]
    /// `scheme://host:port` of each provider, whose result links may lie on private addresses.
    package let origins: [String: String]
    package let policies: PolicyBook
    /// Reads policies that callers send.
    package let policyReading: any PolicyReading

    package init(
        settings: GatewaySettings,
        providers: [any Provider],
        origins: [String: String],
        policies: PolicyBook,
        policyReading: any PolicyReading
    ) {
        self.settings = settings
        self.providers = providers
        self.origins = origins
        self.policies = policies
        self.policyReading = policyReading
    }

    /// The time limit of one attempt at each provider.
    var timeouts: [String: Duration] {
        Dictionary(providers.map { ($0.name, $0.timeout) }, uniquingKeysWith: { first, _ in first })
    }
}

extension Gateway {
    /// What all generations share: everything that counts, remembers or is under way.
    final class Common: Sendable {
        let ledger: any Ledger
        let terms: TermsShelf
        let adminTeam: TeamRecord
        let registry: CallRegistry
        let store: ArtifactStore?
        let liveness: Liveness
        let health: ProviderHealth
        let metrics: CallMetrics
        let transport: TransportMetrics
        let held: HeldBytes
        let resolver: Resolver
        let shadows: ShadowDesk
        let client: HTTPClient
        let journal: @Sendable () -> JournalStanding
        let alerts: (any AlertBook)?
        let time: TimeSource
        let log: Log
        let keyLimits = KeyLimits()
        let reportGate: ReportGate
        private let gates = Locked<[String: ProviderGate]>([:])

        init(
            ledger: any Ledger,
            terms: TermsShelf,
            adminTeam: TeamRecord,
            registry: CallRegistry,
            store: ArtifactStore?,
            liveness: Liveness,
            health: ProviderHealth,
            metrics: CallMetrics,
            transport: TransportMetrics,
            held: HeldBytes,
            reportGate: ReportGate,
            resolver: Resolver,
            shadows: ShadowDesk,
            client: HTTPClient,
            journal: @escaping @Sendable () -> JournalStanding,
            alerts: (any AlertBook)?,
            time: TimeSource,
            log: Log
        ) {
            self.ledger = ledger
            self.terms = terms
            self.adminTeam = adminTeam
            self.registry = registry
            self.store = store
            self.liveness = liveness
            self.health = health
            self.metrics = metrics
            self.transport = transport
            self.held = held
            self.reportGate = reportGate
            self.resolver = resolver
            self.shadows = shadows
            self.client = client
            self.journal = journal
            self.alerts = alerts
            self.time = time
            self.log = log
        }

        /// The gates of these providers. One that was there stays, with its requests under way and its queue, and gets the
        /// new number of places.
        func gates(for providers: [String: any Provider]) -> [String: ProviderGate] {
            gates.withLock { gates in
                for (name, provider) in providers {
                    if let gate = gates[name] {
                        gate.setLimit(provider.maxInFlight)
                    } else {
                        gates[name] = ProviderGate(limit: provider.maxInFlight)
                    }
                }
                return gates.filter { providers[$0.key] != nil }
            }
        }
    }

    /// What is made anew with each configuration. Whoever has a generation keeps it to the end of what they do.
    struct Generation: Sendable {
        let settings: GatewaySettings
        let providerNames: [String]
        let routes: Routes
        let shadowRecovery: ShadowRecovery

        init(_ configuration: GatewayConfiguration, _ common: Common) {
            let (settings, origins) = (configuration.settings, configuration.origins)
            let (policies, policyReading) = (configuration.policies, configuration.policyReading)
            let (ledger, terms, adminTeam, store) = (common.ledger, common.terms, common.adminTeam, common.store)
            let (health, metrics, shadows) = (common.health, common.metrics, common.shadows)
            let (registry, liveness, client) = (common.registry, common.liveness, common.client)
            let (journal, alerts, time, log) = (common.journal, common.alerts, common.time, common.log)
            self.settings = settings
            providerNames = configuration.providers.map(\.name)
            let fetcher = Fetcher(client: client, policy: settings.fetchAddresses, timeout: settings.fetchTimeout)
            // Nobody behind this line hears a provider but through the door (S2, S4).
            let providers: [any Provider] = configuration.providers.map { GuardedProvider($0) }
            let byName = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            let gates = common.gates(for: byName)
            let delivery = ImageDelivery(fetcher: fetcher, store: store, log: log)
            shadows.adopt(
                providers: byName,
                doors: gates.mapValues { ShadowDesk.Door($0) },
                belief: settings.costBelief
            )
            common.resolver.adopt(
                Resolver.Manner(
                    providers: byName,
                    origins: origins,
                    delivery: delivery,
                    unknownAfter: settings.unknownAfter,
                    belief: settings.costBelief
                )
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
            let policyDesk = PolicyDesk(
                book: policies,
                reading: policyReading,
                budgets: BudgetGauge(ledger: ledger)
            )
            let tools = CallTools(
                ledger: ledger,
                providers: byName,
                origins: origins,
                gates: gates,
                health: health,
                runner: AttemptRunner(health: health, ledger: ledger, log: log),
                delivery: delivery,
                metrics: metrics,
                liveness: liveness,
                belief: settings.costBelief,
                time: time,
                log: log
            )
            let authenticator = Authenticator(
                ledger: ledger,
                adminKey: settings.adminKey,
                adminTeam: adminTeam,
                time: time
            )
            let replies = ReplyBuilder(store: store, time: time)
            routes = Routes(
                settings: settings,
                ledger: ledger,
                authenticator: authenticator,
                keyLimits: common.keyLimits,
                reportGate: common.reportGate,
                remix: RemixRoute(
                    authenticator: authenticator,
                    keyLimits: common.keyLimits,
                    linkBase: settings.linkBase,
                    body: RemixBody(maxBodyBytes: settings.maxBodyBytes),
                    held: common.held,
                    completion: RequestCompletion(
                        images: ImageIntake(
                            fetcher: fetcher,
                            maxBytes: settings.maxImageBytes,
                            fetchMaxBytes: min(settings.fetchMaxBytes, settings.maxImageBytes),
                            preparation: SourcePreparation(keepsMetadata: settings.keepsMetadata)
                        ),
                        policies: policyDesk
                    ),
                    service: CallService(
                        admission: CallAdmission(
                            planner: CallPlanner(
                                policies: policyDesk,
                                desk: OfferDesk(providers: providers, health: health, gates: gates),
                                terms: terms
                            ),
                            registry: registry,
                            tools: tools,
                            manner: CallAdmission.Manner(gatewayID: settings.gatewayID, prompts: settings.prompts)
                        ),
                        tools: tools,
                        shadows: shadows
                    ),
                    idempotency: IdempotencyDesk(ledger: ledger, replies: replies, time: time),
                    replies: replies,
                    time: time
                ),
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
                    held: common.held,
                    transport: common.transport,
                    publicMetrics: settings.publicMetrics,
                    journal: journal,
                    time: time,
                    version: settings.version
                ),
                time: time,
                log: log
            )
        }
    }
}
