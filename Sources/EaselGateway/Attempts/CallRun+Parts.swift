import EaselBase
import EaselCore
import EaselProviders
import Foundation

extension CallRun {
    /// What stays the same for the whole call.
    final class Context: Sendable {
        let callID: UUID
        let account: Account
        let request: RemixRequest
        let plan: Plan
        let receivedAt: Timestamp
        let began: SteadyInstant
        /// What the call's pictures take of the budget of bytes, as long as anybody holds the call.
        let weight: HeldBytes.Share?

        init(
            callID: UUID,
            account: Account,
            request: RemixRequest,
            plan: Plan,
            receivedAt: Timestamp,
            began: SteadyInstant,
            weight: HeldBytes.Share? = nil
        ) {
            self.weight = weight
            self.callID = callID
            self.account = account
            self.request = request
            self.plan = plan
            self.receivedAt = receivedAt
            self.began = began
        }
    }

    /// What the call used from outside.
    final class Tools: Sendable {
        let ledger: any Ledger
        let providers: [String: any Provider]
        let origins: [String: String]
        let gates: [String: ProviderGate]
        let health: ProviderHealth
        let runner: AttemptRunner
        let delivery: ImageDelivery
        let metrics: GatewayMetrics
        let hedges: HedgeBudget
        /// Nil: no call is shadowed.
        let shadows: ShadowDesk?
        let liveness: Liveness
        /// What a provider may say that it charged.
        let belief: CostBelief
        let time: TimeSource
        let log: Log

        init(
            ledger: any Ledger,
            providers: [String: any Provider],
            origins: [String: String],
            gates: [String: ProviderGate],
            health: ProviderHealth,
            runner: AttemptRunner,
            delivery: ImageDelivery,
            metrics: GatewayMetrics,
            hedges: HedgeBudget = HedgeBudget(),
            shadows: ShadowDesk? = nil,
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
            self.shadows = shadows
            self.liveness = liveness
            self.belief = belief
            self.time = time
            self.log = log
        }
    }

    /// One request of a round, from its row to its result.
    final class Leg: Sendable {
        let start: AttemptStart
        let result: ProviderResult
        let pictures: [ImageDelivery.Delivered]
        let endedAt: Timestamp
        /// Whether the call did not go on with its side of a race: its pictures are nobody's.
        let hasLost: Bool

        init(
            start: AttemptStart,
            result: ProviderResult,
            pictures: [ImageDelivery.Delivered] = [],
            endedAt: Timestamp,
            hasLost: Bool = false
        ) {
            self.start = start
            self.result = result
            self.pictures = pictures
            self.endedAt = endedAt
            self.hasLost = hasLost
        }

        var delivered: Int { pictures.count { !$0.isWithheld } }
        var withheld: Int { pictures.count(where: \.isWithheld) }

        var machineResult: AttemptMachine.RequestResult {
            AttemptMachine.RequestResult(delivered: delivered, withheld: withheld, failure: result.failure)
        }
    }

    /// How far the call has come. Only its own task touches it.
    final class Progress {
        var machine: AttemptMachine
        /// Rows that are written and not sent yet.
        var ready: [AttemptStart]?
        var legs: [Leg] = []
        /// How many of the legs' ends are written.
        var written = 0
        /// What the call holds back in its budgets; nil when its bound is not known.
        var held: Money?
        /// The budget that did not take another attempt.
        var refusal: BudgetRefusal?
        /// The legs of the round that is concluded next.
        var round: Range<Int> = 0..<0
        /// Rows that were written and could not be sent, beside the rounds.
        var strays: [Leg] = []
        /// What runs on when the call has ended.
        var late: [LateSide] = []
        /// Leave to send the round that is next or under way.
        var permit: ProviderHealth.Permit?

        init(machine: AttemptMachine, ready: [AttemptStart], permit: ProviderHealth.Permit?, held: Money?) {
            self.machine = machine
            self.ready = ready
            self.permit = permit
            self.held = held
        }

        /// The number of the next picture.
        var nextPicture: Int { legs.reduce(1) { $0 + $1.pictures.count } }
    }

    /// How the call ended, with all that is written down of it.
    final class Ending: Sendable {
        let verdict: AttemptMachine.Verdict
        let legs: [Leg]
        let ends: [AttemptEnd]
        let settlement: Settlement
        /// What became of the parameters at the provider that delivered.
        let translation: [TranslationEntry]
        /// What the caller is told when there is no picture to show.
        let problem: Problem?
        /// What runs on; to be waited for and posted after the settlement.
        let late: [LateSide]

        init(
            verdict: AttemptMachine.Verdict,
            legs: [Leg],
            ends: [AttemptEnd],
            settlement: Settlement,
            translation: [TranslationEntry],
            problem: Problem?,
            late: [LateSide] = []
        ) {
            self.verdict = verdict
            self.legs = legs
            self.ends = ends
            self.settlement = settlement
            self.translation = translation
            self.problem = problem
            self.late = late
        }
    }
}
