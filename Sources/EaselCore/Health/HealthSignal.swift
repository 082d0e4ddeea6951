import EaselBase

/// What the end of an attempt shows about the provider's health.
package enum HealthSignal: Sendable, Hashable {
    /// It delivered. `took` is nil where the time says nothing.
    case succeeded(took: Duration?)
    /// It answered, and what it answered is the request's fault: it lives.
    case alive
    /// Nothing can be concluded.
    case silent
    /// It was not asked, for a reason of ours.
    case notAsked
    case failed(ProviderFailure.Kind)
    /// It named the time for which it wants to be left alone (R6).
    case stayAway(Duration, ProviderFailure.Kind)
    case unauthorized
    case creditExhausted
    case modelUnavailable

    /// Codes of failures that never reached a provider, because of something on our side.
    package static let ownCodes: Set<String> = [
        "no_capacity", "stopped_after_refusal", "stopped_after_answer", "breaker_open", "ledger_away",
    ]

    /// What an attempt that ended with `failure`, or without one after `took`, says.
    package init(_ failure: ProviderFailure?, took: Duration?) {
        guard let failure else {
            self = .succeeded(took: took)
            return
        }
        switch failure.kind {
        case .notSent: self = Self.ownCodes.contains(failure.code) ? .notAsked : .failed(.notSent)
        case .refused, .invalidRequest: self = .alive
        case .conflict, .resultLost: self = .silent
        case .unauthorized: self = .unauthorized
        case .creditExhausted: self = .creditExhausted
        case .modelUnavailable: self = .modelUnavailable
        case .rateLimited, .unavailable:
            if let pause = failure.retryAfter, pause > .zero {
                self = .stayAway(pause, failure.kind)
            } else {
                self = .failed(failure.kind)
            }
        case .foreign: self = Self.speaksOfTrouble(failure.httpStatus) ? .failed(.foreign) : .silent
        case .timeout, .connectionLost, .garbled, .failed, .empty: self = .failed(failure.kind)
        }
    }

    /// Whether a page from the way says that the provider cannot be reached, which counts as a missing answer does. One that
    /// refuses may be about this one request, as a firewall's is about a prompt, and must not close the door for others.
    private static func speaksOfTrouble(_ status: Int?) -> Bool {
        guard let status, (400..<500).contains(status) else { return true }
        return [408, 429, 499].contains(status)
    }

    /// For the success rate: true a success, false a failure, nil when it counts as neither.
    package var isSuccess: Bool? {
        switch self {
        case .succeeded: true
        case .failed, .stayAway, .unauthorized, .creditExhausted, .modelUnavailable: false
        case .alive, .silent, .notAsked: nil
        }
    }
}
