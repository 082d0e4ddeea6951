package import EaselBase

/// A routing policy without cases: which providers may be asked, in which order, and what to do when one fails.
package struct Policy: Sendable, Hashable {
    /// How the candidates are put in order.
    package enum Ordering: Sendable, Hashable {
        /// As listed.
        case order([String])
        /// By a draw, in proportion to the weights; the rest follow by weight.
        case weights([String: Int])
        /// Lowest price of an image first; unpriced last.
        case cost
        /// Lowest usual latency first; unmeasured last.
        case latency
        /// Highest share of attempts that succeeded lately first; unmeasured last.
        case success
        /// Fewest requests under way first, as a share of what the account allows.
        case inFlight
    }

    /// What to do when a provider refuses on content grounds (R2).
    package enum OnRefusal: String, Sendable, Hashable, Codable, CaseIterable { case stop, next }

    /// What to do when a request was sent and its answer is missing (R4).
    package enum OnUnknown: String, Sendable, Hashable, Codable, CaseIterable {
        /// Ask about the task; if that gives no answer, end the call as unknown.
        case recover
        /// Ask about the task; if that gives no answer, ask the next provider and record the risk of paying twice.
        case recoverThenNext = "recover_then_next"
    }

    /// What to do with a provider that cannot make a requested safety check.
    package enum OnUnchecked: String, Sendable, Hashable, Codable, CaseIterable {
        /// Drop it: an image that should be checked is checked, or not made.
        case refuse
        /// Ask it anyway; the translation says that the check is dropped.
        case proceed
    }

    package var name: String
    package var ordering: Ordering
    /// What keeps the draw of weights and canary the same; nil: each call draws for itself.
    package var sticky: Sticky?
    /// Puts one provider first for a share of the calls.
    package var canary: Canary?
    /// For this share of the calls another candidate than the preferred one goes first, so that it stays measured.
    package var explore: Share?
    /// Candidates below it are ranked after the others.
    package var floor: Floor
    /// Capabilities that a candidate must have: parameters that it honours for the model, whether or not the request
    /// carries them.
    package var require: RemixParameters
    /// Capabilities that a candidate must not have.
    package var avoid: RemixParameters
    package var onRefusal: OnRefusal
    package var onUnknown: OnUnknown
    package var onUnchecked: OnUnchecked
    /// How often providers may be asked for one call, rounds of a split count once (R6). 1 to 20.
    package var attempts: Int
    /// An upper bound for what the call may cost.
    package var maxCost: Money?
    /// The time for the whole call.
    package var deadline: Duration?
    /// Whether a second provider is asked while the first is late.
    package var hedge: Hedge?
    /// Whether a second provider also gets the same request, for comparison.
    package var shadow: Shadow?

    package static let defaultAttempts = 3

    package init(
        name: String,
        ordering: Ordering,
        require: RemixParameters = [],
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
        floor = Floor()
        avoid = []
        onUnchecked = .refuse
    }
}
