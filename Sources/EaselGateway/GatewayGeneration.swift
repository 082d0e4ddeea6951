package import EaselCalls
import EaselBase
import EaselCore
import EaselTracing
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
        let books: DoorBooks
        let adminTeam: TeamRecord
        let tracer: Tracer
        let journal: @Sendable () -> JournalStanding
        let alerts: (any AlertBook)?
        let time: TimeSource
        let log: Log
        let keyLimits = KeyLimits()
        let metrics: MetricsDesk
        let reportGate: ReportGate
        let events: EventBroadcast

        init(
            calls: CallEngine,
            books: DoorBooks,
            adminTeam: TeamRecord,
            metrics: MetricsDesk,
            tracer: Tracer,
            reportGate: ReportGate,
            journal: @escaping @Sendable () -> JournalStanding,
            alerts: (any AlertBook)?,
            time: TimeSource,
            log: Log
        ) {
            self.calls = calls
            self.books = books
            self.adminTeam = adminTeam
            self.metrics = metrics
            self.tracer = tracer
            self.reportGate = reportGate
            events = EventBroadcast(time: time)
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
        let authenticator: Authenticator
        let providers: [any Provider]

        init(_ configuration: GatewayConfiguration, _ common: Common) {
            let (settings, engine, calls) = (configuration.settings, common.calls, common.calls.generation)
            let (books, terms, adminTeam) = (common.books, engine.terms, common.adminTeam)
            let (time, log) = (common.time, common.log)
            let byName = Dictionary(calls.providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            self.settings = settings
            providers = calls.providers
            let authenticator = Authenticator(
                ledger: books.people,
                adminKey: settings.adminKey,
                adminTeam: adminTeam,
                publicURL: settings.publicURL,
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
                    idempotency: IdempotencyDesk(ledger: books.calls, replies: replies, time: time),
                    replies: replies
                ),
                calls: CallRoutes(
                    linkBase: settings.linkBase,
                    ledger: books.calls,
                    replies: replies,
                    store: engine.store
                ),
                budgets: BudgetRoutes(ledger: books.budgets, terms: terms),
                prices: PriceRoutes(
                    ledger: books.prices,
                    terms: terms,
                    providers: calls.providers,
                    kinds: configuration.calls.kinds,
                    time: time
                ),
                people: PeopleRoutes(ledger: books.team, authenticator: authenticator, terms: terms),
                reports: ReportRoutes(log: books.figures, shadows: books.shadows),
                figures: FigureRoutes(log: books.figures, budgets: books.budgets),
                redactions: RedactionRoutes(ledger: books.calls, log: log),
                reconciliations: ReconciliationRoutes(ledger: books.reconciliations, providers: byName),
                simulations: SimulationRoutes(
                    ledger: books.simulations,
                    policies: configuration.calls.policies,
                    reading: configuration.calls.policyReading
                ),
                alerts: common.alerts.map { AlertRoutes(book: $0, plan: settings.alerts, log: log) },
                status: StatusRoutes(
                    ledger: books.health,
                    figures: books.figures,
                    providers: calls.providers,
                    gates: calls.gates,
                    health: engine.health,
                    registry: engine.registry,
                    desk: common.metrics,
                    journal: common.journal,
                    version: settings.version,
                    commit: settings.commit
                ),
                page: PageRoutes(version: settings.version),
                sessions: SessionRoutes(authenticator: authenticator, linkBase: settings.linkBase),
                events: EventRoutes(people: books.people, authenticator: authenticator, broadcast: common.events),
                overview: OverviewRoutes(log: books.figures, budgets: books.budgets, people: books.people),
                audit: AuditRoutes(book: books.audit)
            )
            routes = Routes(api, door: door, counts: common.metrics.requests, tracer: common.tracer, log: log)
            self.authenticator = authenticator
        }
    }
}

extension EventFollower.Sources {
    /// Where a gateway's news comes from, under the configuration of each moment.
    static func of(_ common: Gateway.Common, _ current: Locked<Gateway.Generation>) -> Self {
        let health = common.calls.health
        return Self(
            tail: common.books.tail,
            budgets: common.books.budgets,
            alerts: common.alerts,
            rules: { Set(current.withLock(\.settings).alerts.rules.map(\.name)) },
            providers: {
                let now = SteadyInstant.now
                return current.withLock(\.providers).map { provider in
                    let report = health.account(provider.name)?.report(at: now)
                    return ProviderNews(
                        name: provider.name,
                        kind: provider.kind,
                        state: report?.state ?? .ok,
                        breaker: report?.breaker ?? .closed,
                        reason: report?.reason
                    )
                }
            },
            isGood: { credential in
                do throws(Problem) {
                    _ = try await current.withLock(\.authenticator).standing(of: credential)
                    return true
                } catch {
                    // While the ledger is away nobody is sent away.
                    return error.code != .unauthenticated
                }
            }
        )
    }
}
