import EaselBase
import EaselCalls
import EaselCore
import EaselTransport

/// Everything that metrics are read from, as of one moment.
struct MetricsView: Sendable {
    struct Provider: Sendable {
        let name: String
        let inFlight: Int
        let waiting: Int
        /// The account's, then each known model's.
        let breakers: [(model: String, phase: Breaker.Phase)]
    }

    struct Spending: Sendable {
        let team: String
        let dollars: Double
        let images: Int
    }

    struct Build: Sendable {
        let version: String
        let commit: String
    }

    let build: Build
    let calls: CallMetrics.Counts
    let callsInFlight: Int
    let shadows: ShadowMetrics.Counts
    /// By team, and the rest as `other`.
    let spending: [Spending]
    let requests: RequestCounts.Counts
    let reports: (running: Int, waiting: Int)
    let stalls: [(loop: String, stalls: LoopStalls)]
    let connections: TransportMetrics.Connections?
    let held: (bytes: Int, limit: Int, refusals: Int)
    let providers: [Provider]
    let openings: [ProviderHealth.Opening: Int]
    let journal: JournalStanding
    let unreadableRows: Int
    let pools: [PoolStanding]
    let ledger: LedgerFigures.Figures
    let traces: (exported: Int, dropped: [String: Int])
    let logDropped: Int
    let process: ProcessFigures
}
