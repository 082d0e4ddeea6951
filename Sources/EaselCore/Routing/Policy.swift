package import EaselBase

/// A routing policy: which providers may be asked, in which order, and what to do when one fails.
package struct Policy: Sendable, Hashable {
    /// How the candidates are put in order.
    package enum Ordering: Sendable, Hashable {
        /// As listed.
        case order([String])
        /// By hash of the call's id, in proportion to the weights; the rest follow by weight.
        case weights([String: Int])
        /// Lowest expected price first; unpriced last.
        case cost
        /// Lowest expected latency first; unmeasured last.
        case latency
    }

    /// What to do when a provider refuses on content grounds (R2).
    package enum OnRefusal: String, Sendable, Hashable, Codable { case stop, next }

    /// What to do when a request was sent and its answer is missing (R4).
    package enum OnUnknown: String, Sendable, Hashable, Codable {
        /// Ask for the task; when that tells nothing, end the call as unknown.
        case recover
        /// Ask for the task; when that tells nothing, ask the next provider and record the risk of paying twice.
        case recoverThenNext = "recover_then_next"
    }

    package var name: String
    package var ordering: Ordering
    /// Parameters a candidate must honour, beyond what the request itself asks.
    package var require: Set<RemixParameter>
    package var onRefusal: OnRefusal
    package var onUnknown: OnUnknown
    /// How often providers may be asked for one call, rounds of a split count once (R6). 1 to 20.
    package var attempts: Int
    /// An upper bound for what the call may cost.
    package var maxCost: Money?
    /// The time for the whole call.
    package var deadline: Duration?

    package static let defaultAttempts = 3

    package init(
        name: String,
        ordering: Ordering,
        require: Set<RemixParameter> = [],
        onRefusal: OnRefusal = .stop,
        onUnknown: OnUnknown = .recoverThenNext,
        attempts: Int = Policy.defaultAttempts,
        maxCost: Money? = nil,
        deadline: Duration? = nil
    ) {
        self.name = name
        self.ordering = ordering
        self.require = require
        self.onRefusal = onRefusal
        self.onUnknown = onUnknown
        self.attempts = attempts
        self.maxCost = maxCost
        self.deadline = deadline
    }
}

/// The policies of a configuration, and which one a request gets that names none.
package struct PolicyBook: Sendable, Hashable {
    package let policies: [String: Policy]
    package let defaultName: String

    package init(policies: [String: Policy], defaultName: String) {
        self.policies = policies
        self.defaultName = defaultName
    }

    package subscript(name: String?) -> Policy? { policies[name ?? defaultName] }
}

/// The provider interfaces that Easel speaks.
package enum ProviderKind: String, Sendable, Hashable, Codable, CaseIterable {
    case runware, ideogram
}

/// Whether a provider's answer comes in the response itself or is polled for.
package enum DeliveryMethod: String, Sendable, Hashable, Codable, CaseIterable {
    case sync, async
}
