import EaselBase
import EaselCore

extension Problem {
    /// Why a call ended without a picture.
    init(_ verdict: AttemptMachine.Verdict, legs: [CallRun.Leg], stop: CallRun.Stop, at moment: Timestamp) {
        switch stop {
        case .ledger:
            self.init(
                .unavailable,
                "The ledger cannot be reached, so no further provider was asked.",
                retryAfter: .seconds(2)
            )
            return
        case .budget(let refusal):
            self.init(refusal, at: moment)
            detail =
                "What the first attempt cost is not known, and another one does not fit beside it: "
                + detail.prefix(1).lowercased() + detail.dropFirst()
            return
        case .none: break
        }
        let tried = legs.map { "\($0.start.provider): \($0.result.failure?.message ?? "no picture")" }
        let detail = tried.joined(separator: " ")
        switch verdict.cause {
        case .refused:
            let refusal = legs.lazy.compactMap(\.result.failure).first { $0.kind == .refused }
            self.init(.refused, refusal?.message ?? "Refused on content grounds.")
        case .deadlineExceeded: self.init(.deadlineExceeded, "The call's deadline passed. \(detail)")
        case .unavailable:
            self.init(
                .unavailable,
                "No provider could be asked now; nothing was spent. \(detail)".trimmingSpaces(),
                retryAfter: verdict.retryAfter ?? .seconds(5)
            )
        case .complete, .providersFailed, .clientGone:
            self.init(.providersFailed, "No provider delivered. \(detail)", retryAfter: verdict.retryAfter)
        }
    }

    /// A hard budget that does not take a call: which one, its limit, what is left and when it resets.
    init(_ refusal: BudgetRefusal, at moment: Timestamp) {
        let figures = BudgetFigures(refusal.standing, at: moment)
        let name = "The \(figures.period.rawValue) budget of \(figures.scope)"
        let resets = figures.resetsAt.map { " It resets at \($0.text(fractionDigits: 0))." } ?? " It does not reset."
        let left = "has \(figures.remainingText) of \(figures.limitText) left"
        let sentence: String =
            switch (refusal.reason, refusal.standing.budget.limit) {
            case (.unpriced, _):
                "\(name) is hard, and a provider of the plan has no price. Set one, or allow unpriced calls for the team."
            case (.exceeded, .money):
                "\(name) \(left), and this needs up to \(refusal.asked?.dollars ?? "?").\(resets)"
            case (.exceeded, .images): "\(name) \(left), and this needs \(refusal.askedImages).\(resets)"
            }
        self.init(.budgetExceeded, sentence)
        budget = figures
    }

    /// A failed call as it is on record: what its caller was told then.
    init(_ call: CallDetail) {
        let code = call.errorCode.flatMap { Code(rawValue: $0) }
        let fallback = "The call ended without a picture (\(call.errorCode ?? call.status.rawValue))."
        self.init(code ?? (call.status == .refused ? .refused : .providersFailed), call.errorDetail ?? fallback)
        callID = call.callID.text
        attempts = call.attempts.map(RemixReply.Attempt.init)
        isReplayed = true
    }
}
