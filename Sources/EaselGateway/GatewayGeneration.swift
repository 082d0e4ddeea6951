package import EaselCalls
import EaselBase
import EaselCore
import EaselTransport

/// What of a gateway follows from its configuration, and may change while it runs.
package struct GatewayConfiguration: Sendable {
    package let settings: GatewaySettings
    package let calls: CallConfiguration

    package init(settings: GatewaySettings, calls: CallConfiguration) {
        self.settings = settings
        self.calls = calls
    }
}

extension Gateway {
    /// What all generations share: everything that counts, remembers or is under way.
    final class Common: Sendable {
        let calls: CallEngine
        let ledger: any Ledger
        let adminTeam: TeamRecord
        let transport: TransportMetrics
        let journal: @Sendable () -> JournalStanding
        let alerts: (any AlertBook)?
        let time: TimeSource
        let log: Log
        let keyLimits = KeyLimits()
        let requests = RequestCounts()
        let reportGate: ReportGate

        init(
            calls: CallEngine,
            ledger: any Ledger,
            adminTeam: TeamRecord,
            transport: TransportMetrics,
            reportGate: ReportGate,
            journal: @escaping @Sendable () -> JournalStanding,
            alerts: (any AlertBook)?,
            time: TimeSource,
            log: Log
        ) {
            self.calls = calls
            self.ledger = ledger
            self.adminTeam = adminTeam
            self.transport = transport
            self.reportGate = reportGate
            self.journal = journal
            self.alerts = alerts
            self.time = time
            self.log = log
        }
    }

    /// What is made anew with each configuration. Whoever has a generation keeps it to the end of what they do.
    struct Generation: Sendable {
        let settings: GatewaySettings
        let routes: Routes

        init(_ configuration: GatewayConfiguration, _ common: Common) {
            let (settings, engine, calls) = (configuration.settings, common.calls, common.calls.generation)
            let (ledger, terms, adminTeam) = (common.ledger, engine.terms, common.adminTeam)
            let (time, log) = (common.time, common.log)
            let byName = Dictionary(calls.providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            self.settings = settings
            let authenticator = Authenticator(
                ledger: ledger,
                adminKey: settings.adminKey,
                adminTeam: adminTeam,
                time: time
            )
            let replies = ReplyBuilder(store: engine.store, time: time)
            let door = Doorkeeper(
                authenticator: authenticator,
                limits: common.keyLimits,
                reports: common.reportGate,
                publicMetrics: settings.metrics.public,
                time: time
            )
            let api = Api(
                remixes: RemixRoutes(
                    linkBase: settings.linkBase,
                    body: RemixBody(maxBodyBytes: settings.limits.requestBytes),
                    held: engine.held,
                    completion: calls.completion,
                    service: calls.service,
                    idempotency: IdempotencyDesk(ledger: ledger, replies: replies, time: time),
                    replies: replies
                ),
                calls: CallRoutes(
                    linkBase: settings.linkBase,
                    ledger: ledger,
                    replies: replies,
                    store: engine.store
                ),
                budgets: BudgetRoutes(ledger: ledger, terms: terms),
                prices: PriceRoutes(
                    ledger: ledger,
                    terms: terms,
                    providers: calls.providers,
                    kinds: configuration.calls.kinds,
                    time: time
                ),
                people: PeopleRoutes(ledger: ledger, authenticator: authenticator, terms: terms),
                reports: ReportRoutes(ledger: ledger),
                figures: FigureRoutes(ledger: ledger),
                redactions: RedactionRoutes(ledger: ledger, log: log),
                reconciliations: ReconciliationRoutes(ledger: ledger, providers: byName),
                simulations: SimulationRoutes(
                    ledger: ledger,
                    policies: configuration.calls.policies,
                    reading: configuration.calls.policyReading
                ),
                alerts: common.alerts.map { AlertRoutes(book: $0, plan: settings.alerts, log: log) },
                status: StatusRoutes(
                    ledger: ledger,
                    providers: calls.providers,
                    gates: calls.gates,
                    health: engine.health,
                    registry: engine.registry,
                    metrics: engine.metrics,
                    held: engine.held,
                    transport: common.transport,
                    requests: common.requests,
                    journal: common.journal,
                    version: settings.version
                )
            )
            routes = Routes(api, door: door, counts: common.requests, log: log)
        }
    }
}
