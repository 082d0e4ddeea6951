import EaselBase
import EaselCore
public import Foundation

/// Why there is no image, or no ``Easel``. Its sentence may be shown to users: never a key, a prompt or an image.
public struct EaselError: Error, Sendable, CustomStringConvertible {
    /// What programs branch on.
    public enum Code: String, Sendable, CaseIterable {
        /// What an ``Easel`` was to be made with is wrong.
        case configuration
        case invalidRequest = "invalid_request"
        /// The team may not do what is asked.
        case forbidden
        /// A budget, or the remix's own limit, does not take what the call may cost.
        case budgetExceeded = "budget_exceeded"
        /// On content grounds; another provider is not asked unless a policy says so.
        case refused
        case rateLimited = "rate_limited"
        /// Every provider of the policy failed.
        case providersFailed = "providers_failed"
        /// The ledger, or every provider, cannot be used now.
        case unavailable
        case deadlineExceeded = "deadline_exceeded"
    }

    /// What is wrong with one parameter, and how to mend it.
    public struct Fault: Sendable, Hashable {
        /// `image`, `prompt`, `style_reference_images`: as the HTTP interface calls it.
        public let parameter: String
        /// What is wrong, and how to mend it.
        public let sentence: String
    }

    /// What kind of failure it is.
    public let code: Code
    /// What is wrong, and what can be done about it.
    public let sentence: String
    /// When another try may pass; nil: nobody knows, or none will.
    public let retryAfter: Duration?
    /// Of an invalid request: every fault.
    public let faults: [Fault]
    /// The call that failed; nil where none was begun, and nothing was spent.
    public let callID: UUID?
    /// What was sent, or was to be, and what it cost.
    public let attempts: [Easel.Attempt]

    init(_ code: Code, _ sentence: String) {
        self.code = code
        self.sentence = sentence
        retryAfter = nil
        faults = []
        callID = nil
        attempts = []
    }

    init(_ failure: CallFailure) {
        code =
            switch failure.code {
            case .invalidRequest: .invalidRequest
            case .forbidden: .forbidden
            case .budgetExceeded: .budgetExceeded
            case .refused: .refused
            case .rateLimited: .rateLimited
            case .providersFailed: .providersFailed
            case .unavailable: .unavailable
            case .deadlineExceeded: .deadlineExceeded
            }
        sentence = failure.sentence
        retryAfter = failure.retryAfter
        faults = failure.faults.map { Fault(parameter: $0.parameter, sentence: $0.message) }
        callID = failure.callID
        attempts = failure.attempts.map { Easel.Attempt($0) }
    }

    /// The sentence, and the faults of an invalid request.
    public var description: String {
        ([sentence] + faults.map { "\($0.parameter) \($0.sentence)" }).joined(separator: "\n")
    }
}
