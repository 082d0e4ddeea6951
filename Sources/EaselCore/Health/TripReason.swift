/// Why a breaker is open, for machines and for people.
package struct TripReason: Sendable, Hashable {
    /// One of a few, for metrics and states.
    package enum Cause: String, Sendable, Hashable, Codable, CaseIterable {
        /// Failures in a row, or a probe that failed.
        case failures
        /// Too large a share of failures.
        case failureRate = "failure_rate"
        /// The provider named a time (R6).
        case retryAfter = "retry_after"
        /// The key is bad, or may not do this.
        case unauthorized
        /// The account at the provider is out of credit and has to be topped up.
        case creditExhausted = "credit_exhausted"
        case modelUnavailable = "model_unavailable"
        /// Much slower than it used to be.
        case slow

        /// Whether the provider works and merely does not want this account or model now.
        package var isCooldown: Bool {
            switch self {
            case .retryAfter, .unauthorized, .creditExhausted, .modelUnavailable: true
            case .failures, .failureRate, .slow: false
            }
        }
    }

    package var cause: Cause
    /// A part of a sentence: `5 failures in a row, the last one timeout`.
    package var text: String

    package init(_ cause: Cause, _ text: String) {
        self.cause = cause
        self.text = text
    }
}

extension Breaker {
    /// A change of state, for logs and counters.
    package enum Change: Sendable, Hashable {
        case opened(TripReason, for: Duration)
        /// Well again; the reason is why it was open.
        case closed(TripReason)
    }
}
