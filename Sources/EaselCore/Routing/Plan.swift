package import EaselBase
import Foundation

/// What is known of one provider when a plan is made: values only, so that the plan can be replayed (R1).
package struct ProviderOffer: Sendable, Hashable {
    package var provider: String
    package var kind: ProviderKind
    package var translation: ProviderTranslation
    /// Nil: the price book does not say.
    package var pricePerImage: Money?
    /// The usual time of a whole attempt; nil before the first.
    package var expectedLatency: Duration?
    /// Why it is not to be asked now (a cooldown), and for how long still; nil when it may be.
    package var unavailable: Unavailability?

    package struct Unavailability: Sendable, Hashable {
        package var reason: String
        package var retryAfter: Duration

        package init(reason: String, retryAfter: Duration) {
            self.reason = reason
            self.retryAfter = retryAfter
        }
    }

    package init(
        provider: String,
        kind: ProviderKind,
        translation: ProviderTranslation,
        pricePerImage: Money?,
        expectedLatency: Duration? = nil,
        unavailable: Unavailability? = nil
    ) {
        self.provider = provider
        self.kind = kind
        self.translation = translation
        self.pricePerImage = pricePerImage
        self.expectedLatency = expectedLatency
        self.unavailable = unavailable
    }
}

/// Which providers are asked, in which order, within which bounds.
package struct Plan: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        package var provider: String
        package var translation: ProviderTranslation
        package var pricePerImage: Money?
        /// Price times count; nil when unpriced.
        package var bound: Money?
        /// Why it stands where it stands.
        package var reason: String
    }

    package struct Dropped: Sendable, Hashable {
        package enum Cause: String, Sendable, Hashable {
            case impossible, lossy, tooDear = "too_dear", unpriced, unavailable
        }

        package var provider: String
        package var cause: Cause
        package var reason: String
        package var retryAfter: Duration?
    }

    package var policy: String
    package var candidates: [Candidate]
    package var dropped: [Dropped]
    package var count: Int
    package var attempts: Int
    package var deadline: Duration
    /// What the whole call may cost, all attempts together; nil: no limit of its own.
    package var ceiling: Money?
    package var onRefusal: Policy.OnRefusal
    package var onUnknown: Policy.OnUnknown

    /// What the call can cost at most: the dearest candidate; nil when one is unpriced.
    package var bound: Money? {
        var dearest = Money.zero
        for candidate in candidates {
            guard let bound = candidate.bound else { return nil }
            dearest = max(dearest, bound)
        }
        return dearest
    }
}

extension Plan {
    /// The plan as it is stored with the call and explained to people.
    package var json: JSONValue {
        .object([
            "policy": .string(policy),
            "attempts": .number(.init(attempts)),
            "deadline_ms": .number(.init(deadline.milliseconds)),
            "on_refusal": .string(onRefusal.rawValue),
            "on_unknown": .string(onUnknown.rawValue),
            "bound_usd": bound.map { .string($0.usd) } ?? .null,
            "candidates": .array(
                candidates.map { candidate in
                    .object([
                        "provider": .string(candidate.provider),
                        "provider_model": .string(candidate.translation.providerModel),
                        "reason": .string(candidate.reason),
                        "bound_usd": candidate.bound.map { .string($0.usd) } ?? .null,
                    ])
                }
            ),
            "dropped": .array(
                dropped.map { dropped in
                    .object([
                        "provider": .string(dropped.provider),
                        "cause": .string(dropped.cause.rawValue),
                        "reason": .string(dropped.reason),
                    ])
                }
            ),
        ])
    }
}
