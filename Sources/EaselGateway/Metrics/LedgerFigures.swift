import EaselBase
import EaselCalls
import EaselCore

/// What metrics tell of the database and the disk: read now and then beside the requests, so that a scrape waits for neither.
/// What could not be read lately is not told at all.
final class LedgerFigures: Sendable {
    struct Figures: Sendable {
        var budgets: [BudgetStanding] = []
        /// When they were read.
        var at = Timestamp(microseconds: 0)
        var rollupLag: Duration?
        var artifactBytes: Int?
    }

    static let pace = Duration.seconds(15)
    /// A walk over a folder takes long where there are many images.
    static let turnsOfArtifacts = 20
    /// The fullest ones (S4).
    static let mostBudgets = 200

    private let budgets: any BudgetStandings
    private let health: any LedgerHealth
    private let store: ArtifactStore?
    private let time: TimeSource
    private let state = Locked(Figures())

    init(budgets: any BudgetStandings, health: any LedgerHealth, store: ArtifactStore?, time: TimeSource) {
        self.budgets = budgets
        self.health = health
        self.store = store
        self.time = time
    }

    var figures: Figures { state.withLock(\.self) }

    /// Reads until cancelled.
    func run() async {
        var turn = 0
        while !Task.isCancelled {
            await read(withArtifacts: turn % Self.turnsOfArtifacts == 0)
            turn += 1
            try? await Task.sleep(for: Self.pace)
        }
    }

    func read(withArtifacts: Bool) async {
        let now = time.now
        var new = Figures(at: now)
        new.budgets = Self.fullest((try? await budgets.budgets(teamID: nil, at: now)) ?? [], at: now)
        new.rollupLag = try? await health.rollupLag()
        if withArtifacts, let store {
            new.artifactBytes = await ThreadPoolExecutor.shared.run { store.bytes }
        } else {
            new.artifactBytes = figures.artifactBytes
        }
        state.withLock { [new] in $0 = new }
    }

    static func fullest(_ all: [BudgetStanding], at moment: Timestamp) -> [BudgetStanding] {
        guard all.count > mostBudgets else { return all }
        return Array(all.sorted { $0.shareSpent(at: moment) > $1.shareSpent(at: moment) }.prefix(mostBudgets))
    }
}
