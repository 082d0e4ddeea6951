import EaselBase
import EaselCore

/// What a running call uses from outside.
final class CallTools: Sendable {
    let ledger: any CallLedger
    let providers: [String: any Provider]
    let origins: [String: String]
    let gates: [String: ProviderGate]
    let health: ProviderHealth
    let runner: AttemptRunner
    let delivery: ImageDelivery
    let metrics: CallMetrics
    let hedges: HedgeBudget
    let liveness: Liveness
    /// The charges that a provider may plausibly report.
    let belief: CostBelief
    let time: TimeSource
    let log: Log

    init(
        ledger: any CallLedger,
        providers: [String: any Provider],
        origins: [String: String],
        gates: [String: ProviderGate],
        health: ProviderHealth,
        runner: AttemptRunner,
        delivery: ImageDelivery,
        metrics: CallMetrics,
        hedges: HedgeBudget = HedgeBudget(),
        liveness: Liveness = Liveness(),
        belief: CostBelief = .standard,
        time: TimeSource,
        log: Log
    ) {
        self.ledger = ledger
        self.providers = providers
        self.origins = origins
        self.gates = gates
        self.health = health
        self.runner = runner
        self.delivery = delivery
        self.metrics = metrics
        self.hedges = hedges
        self.liveness = liveness
        self.belief = belief
        self.time = time
        self.log = log
    }
}
