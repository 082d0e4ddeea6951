package import EaselBase
package import Foundation

/// Why a call ended without an image, or was never begun: the word of the trade, which every door tells in its own way.
/// Never a secret, a prompt or an image (S2).
package struct CallFailure: Error, Sendable, Explained {
    /// What callers branch on, and what stands in `calls.error_code`.
    package enum Code: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case forbidden
        case budgetExceeded = "budget_exceeded"
        case refused
        case rateLimited = "rate_limited"
        case providersFailed = "providers_failed"
        case unavailable
        case deadlineExceeded = "deadline_exceeded"
    }

    /// The budget that does not take a call, as it stood then.
    package struct ExceededBudget: Sendable, Hashable {
        package let standing: BudgetStanding
        package let moment: Timestamp
    }

    package let code: Code
    /// For callers: what is wrong, and what they can do about it.
    package var sentence: String
    /// When another try may pass; nil when nobody knows, or none will.
    package var retryAfter: Duration?
    /// What is wrong with the request, by parameter.
    package var faults: [RequestFault]
    package var budget: ExceededBudget?
    /// Nil: no call was written down.
    package var callID: UUID?
    /// The ends of the call's attempts, in their order.
    package var attempts: [AttemptEnd] = []

    package init(_ code: Code, _ sentence: String, retryAfter: Duration? = nil, faults: [RequestFault] = []) {
        self.code = code
        self.sentence = sentence
        self.retryAfter = retryAfter
        self.faults = faults
    }

    /// A request with faults. Wherever they come from, no more of them are told than anybody reads (S4).
    package static func invalid(_ faults: [RequestFault]) -> CallFailure {
        let count = faults.count == 1 ? "One parameter is" : "\(faults.count) parameters are"
        let most = FaultList.most + 1
        guard faults.count > most else {
            return CallFailure(.invalidRequest, "\(count) not valid; see errors.", faults: faults)
        }
        return CallFailure(
            .invalidRequest,
            "\(count) not valid; see errors for the first \(FaultList.most).",
            faults: Array(faults.prefix(FaultList.most))
                + [RequestFault("body", "has \(faults.count - FaultList.most) more faults; fix these first")]
        )
    }

    /// The ledger did not answer, or did not take what a call needs. Whatever is wrong with it is not the request's fault,
    /// and nothing was spent.
    package init(_ error: LedgerError) {
        self.init(.unavailable, "The ledger cannot be used at the moment; nothing was spent.", retryAfter: .seconds(2))
    }

    /// A hard budget that does not take a call: which one, its limit, what is left and when it resets.
    package init(_ refusal: BudgetRefusal, at moment: Timestamp) {
        let (budget, standing) = (refusal.standing.budget, refusal.standing)
        let name = "The \(budget.period.rawValue) budget of \(budget.scope.text)"
        let resets =
            standing.resetsAt.map { " It resets at \($0.text(fractionDigits: 0))." } ?? " It does not reset."
        let left = "has \(standing.remaining(at: moment).text) of \(budget.limit(at: moment).text) left"
        let sentence: String =
            switch (refusal.reason, budget.limit) {
            case (.unpriced, _):
                "\(name) is hard, and a provider in the plan has no price. Set one, or allow unpriced calls for the team."
            case (.exceeded, .money):
                "\(name) \(left), and this needs up to \(refusal.asked?.dollars ?? "?").\(resets)"
            case (.exceeded, .images): "\(name) \(left), and this needs \(refusal.askedImages).\(resets)"
            }
        self.init(.budgetExceeded, sentence)
        self.budget = ExceededBudget(standing: standing, moment: moment)
    }
}
