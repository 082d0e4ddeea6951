import EaselBase
import EaselCalls
import EaselCore
import EaselTracing
import EaselTransport

/// What all generations of a gateway tell metrics: puts a view together when somebody scrapes.
final class MetricsDesk: Sendable {
    /// Teams with a series of their own: the first, and all there may be.
    static let firstTeams = 50
    static let mostTeams = 100
    /// The rest; a team of that name is one of them.
    static let others = "other"

    let requests = RequestCounts()
    let figures: LedgerFigures
    private let calls: CallEngine
    private let health: any LedgerHealth
    private let reports: ReportGate
    private let transport: TransportMetrics
    private let tracer: Tracer
    private let journal: @Sendable () -> JournalStanding
    private let teams = Locked(BoundedNames<Int64>(first: MetricsDesk.firstTeams, most: MetricsDesk.mostTeams))

    init(
        calls: CallEngine,
        health: any LedgerHealth,
        budgets: any BudgetStandings,
        reports: ReportGate,
        transport: TransportMetrics,
        tracer: Tracer,
        journal: @escaping @Sendable () -> JournalStanding,
        time: TimeSource
    ) {
        self.calls = calls
        self.health = health
        self.reports = reports
        self.transport = transport
        self.tracer = tracer
        self.journal = journal
        figures = LedgerFigures(budgets: budgets, health: health, store: calls.store, time: time)
    }

    func text(_ form: Exposition, build: MetricsView.Build) -> String { MetricTable.text(view(build), form) }

    private func view(_ build: MetricsView.Build) -> MetricsView {
        let counts = calls.metrics.counts
        let generation = calls.generation
        return MetricsView(
            build: build,
            calls: counts,
            callsInFlight: calls.registry.running,
            shadows: calls.metrics.shadows.counts,
            spending: spending(counts.teams),
            requests: requests.counts,
            reports: (reports.running, reports.waiting),
            stalls: transport.stalls,
            connections: transport.connections,
            held: (calls.held.held, calls.held.limit, calls.held.refusals),
            providers: generation.providers.map { provider in
                MetricsView.Provider(
                    name: provider.name,
                    inFlight: generation.gates[provider.name]?.running ?? 0,
                    waiting: generation.gates[provider.name]?.waiting ?? 0,
                    breakers: breakers(provider.name)
                )
            },
            openings: calls.health.openings,
            journal: journal(),
            unreadableRows: health.unreadableRows.count,
            pools: health.pools,
            ledger: figures.figures,
            traces: tracer.counts,
            logDropped: Log.dropped,
            process: .read()
        )
    }

    private func breakers(_ provider: String) -> [(model: String, phase: Breaker.Phase)] {
        guard let account = calls.health.account(provider) else { return [("", .closed)] }
        let now = SteadyInstant.now
        return [("", account.accountPhase(at: now))]
            + account.knownModels.map { ($0.rawValue, account.report(of: $0, at: now).breaker) }
    }

    /// A team whose name nobody has said yet, because it only had attempts resolved, is one of the others.
    private func spending(_ sums: [Int64: CallMetrics.TeamSums]) -> [MetricsView.Spending] {
        let (named, rest) = teams.withLock { teams in
            teams.read(sums.mapValues { [$0.nanodollars, $0.images] }) { id in
                sums[id]?.name.map { $0 != Self.others } ?? false
            }
        }
        func spending(_ team: String, _ sums: [Int64]) -> MetricsView.Spending {
            MetricsView.Spending(
                team: team,
                dollars: Double(sums.first ?? 0) / Double(Money.nanodollarsPerDollar),
                images: Int(clamping: sums.last ?? 0)
            )
        }
        return named.map { spending(sums[$0]?.name ?? Self.others, $1) }.sorted { $0.team < $1.team }
            + [spending(Self.others, rest)]
    }
}
