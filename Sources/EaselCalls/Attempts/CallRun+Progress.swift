import EaselBase
import EaselCore

extension CallRun {
    /// The progress of the call. Only its own task touches it.
    final class Progress {
        var machine: AttemptMachine
        /// Rows that are written but not sent yet.
        var ready: [AttemptStart]?
        var legs: [CallLeg] = []
        /// How many of the legs' ends have been written.
        var written = 0
        /// What the call has reserved in its budgets; nil if its bound is not known.
        var held: Money?
        /// The budget that had no room for another attempt.
        var refusal: BudgetRefusal?
        /// The legs of the round that is concluded next.
        var round: Range<Int> = 0..<0
        /// Rows that were written but could not be sent, outside the rounds.
        var strays: [CallLeg] = []
        /// Attempts that still run when the call has ended.
        var late: [LateSide] = []
        /// Permission to send the next or current round.
        var permit: ProviderHealth.Permit?

        init(_ first: FirstRound) {
            machine = first.machine
            ready = first.starts
            permit = first.permit
            held = first.context.plan.bound
        }

        /// The number of the next image.
        var nextImage: Int { legs.reduce(1) { $0 + $1.images.count } }
    }
}
