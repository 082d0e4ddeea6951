package import EaselBase
package import EaselCalls
package import EaselCore
import EaselServer
package import EaselTracing
package import EaselTransport

/// The front door put together: what listens, what it answers, and the calls behind it.
package final class Gateway: Sendable {
    private let calls: CallEngine
    private let server: HTTPServer
    private let common: Common
    private let follower: EventFollower
    /// What follows from the configuration of now.
    private let current: Locked<Generation>

    /// Puts the parts together; nothing listens or runs yet.
    ///
    /// `calls` is what doors lead to, `adminTeam` the team that the operator's own calls count for, `journal` tells how the
    /// journal of what waits for the database stands, `alerts` keeps what people are told, and `tracer` begins the traces
    /// of calls; nil: there are none.
    package init(
        _ configuration: GatewayConfiguration,
        calls: CallEngine,
        books: DoorBooks,
        adminTeam: TeamRecord,
        group: EventLoopGroup,
        journal: @escaping @Sendable () -> JournalStanding = { JournalStanding() },
        alerts: (any AlertBook)? = nil,
        tracer: Tracer? = nil,
        time: TimeSource = .system,
        log: Log
    ) {
        self.calls = calls
        let settings = configuration.settings
        let transport = TransportMetrics(loops: group.loops)
        let resource = TraceResource(version: settings.version, instance: "")
        let tracer = tracer ?? Tracer(TracingPlan(), resource: resource, client: nil, time: time, log: log)
        let reportGate = ReportGate(
            ReportQueue.Limits(
                atOnce: settings.limits.reports,
                perTeam: min(settings.limits.reportsPerTeam, settings.limits.reports)
            )
        )
        common = Common(
            calls: calls,
            books: books,
            adminTeam: adminTeam,
            metrics: MetricsDesk(
                calls: calls,
                health: books.health,
                budgets: books.budgets,
                reports: reportGate,
                transport: transport,
                tracer: tracer,
                journal: journal,
                time: time
            ),
            tracer: tracer,
            reportGate: reportGate,
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
        follower = EventFollower(broadcast: common.events, sources: .of(common, current), time: time)
        transport.watch(server)
    }

    /// Another configuration from now on; requests under way, and the calls they made, end under the one they began with.
    /// What the server is told when it is made, and where things are kept, stays as it was.
    /// `renewed`: providers whose key or address is another one.
    package func adopt(_ configuration: GatewayConfiguration, renewed: Set<String>) {
        calls.adopt(configuration.calls, renewed: renewed)
        common.tracer.adopt(TracingPlan(configuration.settings.tracing))
        let generation = Generation(configuration, common)
        current.withLock { $0 = generation }
    }

    /// Begins to listen.
    /// - Returns: the port, which the system chose when the configuration says 0.
    /// - Throws: an error with a sentence when the address is taken.
    package func start() throws -> UInt16 {
        try server.start()
    }

    /// Runs what goes on beside the requests until cancelled: signs of life, recovery, terms, old images, figures for
    /// metrics, spans on their way, events.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.calls.run() }
            group.addTask { await self.common.metrics.figures.run() }
            group.addTask { await self.common.tracer.run() }
            group.addTask { await self.follower.run() }
        }
    }

    /// Goes on serving, but tells balancers that it is not ready any more: for a while before `shutDown`.
    package func announceEnd() { calls.announceEnd() }

    /// Stops accepting, lets what is under way end and settle, then gives up what is left after the grace.
    package func shutDown() async {
        calls.close()
        let began = SteadyInstant.now
        let grace = current.withLock(\.settings).shutdownGrace
        await server.drain(grace: grace)
        // Calls whose client has left, or that were asked for asynchronously, have no request any more.
        await calls.waitUntilIdle(atMost: grace - SteadyInstant.now.since(began))
        await common.tracer.shutDown()
    }
}
