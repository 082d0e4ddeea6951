import EaselBase
package import EaselCore

/// How a call ended, with everything that is recorded about it.
package final class CallEnding: Sendable {
    package let context: CallContext
    package let verdict: AttemptMachine.Verdict
    package let legs: [CallLeg]
    package let ends: [AttemptEnd]
    package let settlement: Settlement
    /// What the delivering provider did with the parameters.
    package let translation: [TranslationEntry]
    /// What the caller is told if there is no image.
    package let failure: CallFailure?
    /// Attempts that still run; to be awaited and posted after the settlement.
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
