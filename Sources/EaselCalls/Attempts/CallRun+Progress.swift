import EaselBase
import EaselCore

extension CallRun {
    /// How far the call has come. Only its own task touches it.
    final class Progress {
        var machine: AttemptMachine
        /// Rows that are written and not sent yet.
        var ready: [AttemptStart]?
        var legs: [CallLeg] = []
        /// How many of the legs' ends are written.
        var written = 0
        /// What the call holds back in its budgets; nil when its bound is not known.
        var held: Money?
        /// The budget that did not take another attempt.
        var refusal: BudgetRefusal?
        /// The legs of the round that is concluded next.
        var round: Range<Int> = 0..<0
        /// Rows that were written and could not be sent, beside the rounds.
        var strays: [CallLeg] = []
        /// What runs on when the call has ended.
        var late: [LateSide] = []
        /// Permission to send the round that is next or under way.
        var permit: ProviderHealth.Permit?

        init(_ first: FirstRound) {
            machine = first.machine
            ready = first.starts
            permit = first.permit
            held = first.context.plan.bound
        }

        /// The number of the next picture.
        var nextPicture: Int { legs.reduce(1) { $0 + $1.pictures.count } }
    }
}
