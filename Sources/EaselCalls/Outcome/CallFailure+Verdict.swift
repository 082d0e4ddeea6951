import EaselBase
import EaselCore

extension CallFailure {
    /// Why a call ended without an image.
    init(_ verdict: AttemptMachine.Verdict, legs: [CallLeg], stop: CallStop, at moment: Timestamp) {
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
            sentence =
                "The cost of the first attempt is not known, and another attempt does not fit beside it: "
                + sentence.prefix(1).lowercased() + sentence.dropFirst()
            return
        case .none: break
        }
        let tried = legs.map { "\($0.start.provider): \($0.result.failure?.message ?? "no image")" }
        let detail = tried.joined(separator: " ")
        switch verdict.cause {
        case .refused:
            let refusal = legs.lazy.compactMap(\.result.failure).first { $0.kind == .refused }
            self.init(.refused, refusal?.message ?? "Refused on content grounds.")
        case .deadlineExceeded: self.init(.deadlineExceeded, "The call's deadline passed. \(detail)")
        case .unavailable:
            let why = detail.isEmpty ? "" : " \(detail)"
            self.init(
                .unavailable,
                "No provider could be asked; nothing was spent.\(why)",
                retryAfter: verdict.retryAfter ?? .seconds(5)
            )
        case .complete, .providersFailed, .clientGone:
            self.init(.providersFailed, "No provider delivered. \(detail)", retryAfter: verdict.retryAfter)
        }
    }
}
