import EaselBase

/// The state of a provider for a model at one moment, as a plan needs it.
package enum ProviderStanding: Sendable, Hashable {
    case ready
    /// It may be asked, after those that are well.
    case demoted(String)
    /// It was away, and one request may be sent to find out whether it is back.
    case probe(String)
    /// It may not be asked for this long.
    case unavailable(String, retryAfter: Duration)

    /// As an offer carries it.
    package var unavailability: ProviderOffer.Unavailability? {
        if case .unavailable(let reason, let left) = self {
            ProviderOffer.Unavailability(reason: reason, retryAfter: left)
        } else {
            nil
        }
    }

    package var demotion: String? { if case .demoted(let reason) = self { reason } else { nil } }

    package var isProbe: Bool { if case .probe = self { true } else { false } }

    package var reason: String? {
        switch self {
        case .ready: nil
        case .demoted(let reason), .probe(let reason), .unavailable(let reason, _): reason
        }
    }
}

/// One word for the state of a provider, for people.
package enum ProviderState: String, Sendable, Hashable, Codable, CaseIterable {
    case ok
    /// It works, and wants to be left alone: Retry-After, no credit, a bad key, a model it does not have.
    case coolingDown = "cooling_down"
    /// It failed too often.
    case down
    /// It was away, and the next request finds out whether it is back.
    case probing
    case slow
}
