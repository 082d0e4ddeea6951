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
                    held: engine.held,
                    completion: calls.completion,
                    service: calls.service,
                    idempotency: IdempotencyDesk(ledger: ledger, replies: replies, time: time),
                    replies: replies,
                    time: time
                ),
                budgets: BudgetRoutes(ledger: ledger, authenticator: authenticator, terms: terms, time: time),
                prices: PriceRoutes(
                    ledger: ledger,
                    authenticator: authenticator,
                    terms: terms,
                    providers: calls.providers,
                    time: time
                ),
                calls: CallRoutes(
                    settings: settings,
                    ledger: ledger,
                    authenticator: authenticator,
                    replies: replies,
                    store: engine.store,
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
                alerts: common.alerts.map {
                    AlertRoutes(book: $0, plan: settings.alerts, authenticator: authenticator, time: time, log: log)
                },
                simulations: SimulationRoutes(
                    ledger: ledger,
                    policies: configuration.calls.policies,
                    reading: configuration.calls.policyReading,
                    authenticator: authenticator,
                    time: time
                ),
                status: StatusRoutes(
                    ledger: ledger,
                    authenticator: authenticator,
                    providers: calls.providers,
                    gates: calls.gates,
                    health: engine.health,
                    registry: engine.registry,
                    metrics: engine.metrics,
                    held: engine.held,
                    transport: common.transport,
                    publicMetrics: settings.publicMetrics,
                    journal: common.journal,
                    time: time,
                    version: settings.version
                ),
                time: time,
                log: log
            )
        }
    }
}
