import EaselBase
import EaselCore

extension Problem {
    /// Why a call failed, as this door tells it.
    init(_ failure: CallFailure) {
        self.init(
            Code(failure.code),
            failure.sentence,
            callID: failure.callID?.text,
            retryAfter: failure.retryAfter,
            errors: failure.faults
        )
        budget = failure.budget.map { BudgetFigures($0.standing, at: $0.moment) }
        attempts = failure.attempts.map(RemixReply.Attempt.init)
    }

    /// A failed call as it is on record: what its caller was told then.
    init(_ call: CallDetail) {
        let code = call.errorCode.flatMap { Code(rawValue: $0) }
        let fallback = "The call ended without an image (\(call.errorCode ?? call.status.rawValue))."
        self.init(code ?? (call.status == .refused ? .refused : .providersFailed), call.errorDetail ?? fallback)
        callID = call.callID.text
        attempts = call.attempts.map(RemixReply.Attempt.init)
        isReplayed = true
    }
}

extension Problem.Code {
    init(_ code: CallFailure.Code) {
        self =
            switch code {
            case .invalidRequest: .invalidRequest
            case .forbidden: .forbidden
            case .budgetExceeded: .budgetExceeded
            case .refused: .refused
            case .rateLimited: .rateLimited
            case .providersFailed: .providersFailed
            case .unavailable: .unavailable
            case .deadlineExceeded: .deadlineExceeded
            }
    }
}
