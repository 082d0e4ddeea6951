import EaselBase
package import EaselCore

/// How a call ended, with all that is written down of it.
package final class CallEnding: Sendable {
    package let context: CallContext
    package let verdict: AttemptMachine.Verdict
    package let legs: [CallLeg]
    package let ends: [AttemptEnd]
    package let settlement: Settlement
    /// What became of the parameters at the provider that delivered.
    package let translation: [TranslationEntry]
    /// What the caller is told when there is no image to show.
    package let failure: CallFailure?
    /// What runs on; to be waited for and posted after the settlement.
    let late: [CallRun.LateSide]

    init(
        context: CallContext,
        verdict: AttemptMachine.Verdict,
        legs: [CallLeg],
        ends: [AttemptEnd],
        settlement: Settlement,
        translation: [TranslationEntry],
        failure: CallFailure?,
        late: [CallRun.LateSide] = []
    ) {
        self.context = context
        self.verdict = verdict
        self.legs = legs
        self.ends = ends
        self.settlement = settlement
        self.translation = translation
        self.failure = failure
        self.late = late
    }
}
