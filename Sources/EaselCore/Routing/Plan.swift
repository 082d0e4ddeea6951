package import EaselBase

/// Which providers are asked, in which order, within which bounds.
package struct Plan: Sendable, Hashable {
    package struct Candidate: Sendable, Hashable {
        package var provider: String
        package var translation: ProviderTranslation
        package var pricePerImage: Money?
        /// Price times count; nil when unpriced.
        package var bound: Money?
        package var why: Reason

        /// Whether asking it finds out if it works again.
        package var isProbe: Bool { why.isProbe }
        /// Why it is where it is in the plan.
        package var reason: String { why.text }
    }

    package struct Dropped: Sendable, Hashable {
        package enum Cause: String, Sendable, Hashable, CaseIterable {
            /// The provider cannot serve the request at all.
            case impossible
            /// It lacks a required capability, or has one that the policy avoids.
            case incapable
            /// A parameter would not be honoured.
            case lossy
            /// A safety check that is asked for would not be made.
            case unchecked
            case tooDear = "too_dear"
            case unpriced, unavailable
            /// Too many wait for it already, or its answer could not come before the deadline.
            case overloaded
            /// Its answers usually take longer than the call has time, also without a wait.
            case tooSlow = "too_slow"
            /// The policy's attempts are used up by those before it.
            case attempts
        }

        package var provider: String
        package var cause: Cause
        package var reason: String
        package var retryAfter: Duration?

        package init(provider: String, cause: Cause, reason: String, retryAfter: Duration? = nil) {
            self.provider = provider
            self.cause = cause
            self.reason = reason
            self.retryAfter = retryAfter
        }
    }

    /// A second provider that is asked when the first is late.
    package struct Hedge: Sendable, Hashable {
        /// The time after which it is asked.
        package var after: Duration
        /// The share of the policy's calls that may be hedged.
        package var budget: Share

        package init(after: Duration, budget: Share) {
            self.after = after
            self.budget = budget
        }
    }

    /// A provider that gets the same request on the side.
    package struct Shadow: Sendable, Hashable {
        /// The policy whose shadow it is, and whose budget it counts for: not one that led to it by its cases.
        package var policy: String
        package var provider: String
        package var translation: ProviderTranslation
        package var pricePerImage: Money
        /// Price times count.
        package var bound: Money
        package var dailyBudget: Money
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
    package var hedge: Hedge?
    package var shadow: Shadow?
    /// Why a part of the policy has no effect on this call, such as a shadow that is not asked.
    package var notes: [String]

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

extension Plan: JSONWritable {
    /// The plan as it is stored with the call and explained to people.
    package func write(to text: inout JSONText) {
        text.object { writeMembers(to: &$0) }
    }

    func writeMembers(to text: inout JSONText) {
        text.member("policy", policy)
        text.member("attempts", attempts)
        text.member("deadline_ms", Int(deadline.milliseconds))
        text.member("on_refusal", onRefusal.rawValue)
        text.member("on_unknown", onUnknown.rawValue)
        text.member("bound_usd", bound?.usd)
        if let ceiling { text.member("ceiling_usd", ceiling.usd) }
        text.key("candidates")
        text.array(candidates) { text, candidate in
            text.object { text in
                text.member("provider", candidate.provider)
                text.member("provider_model", candidate.translation.providerModel)
                text.member("reason", candidate.reason)
                text.member("bound_usd", candidate.bound?.usd)
                if candidate.isProbe { text.member("probe", true) }
            }
        }
        text.key("dropped")
        text.array(dropped) { text, dropped in
            text.object { text in
                text.member("provider", dropped.provider)
                text.member("cause", dropped.cause.rawValue)
                text.member("reason", dropped.reason)
                if let pause = dropped.retryAfter { text.member("retry_after_ms", Int(pause.milliseconds)) }
            }
        }
        if let hedge {
            text.key("hedge")
            text.object { text in
                text.member("after_ms", Int(hedge.after.milliseconds))
                text.member("budget", hedge.budget.text)
            }
        }
        if let shadow {
            text.key("shadow")
            text.object { text in
                text.member("provider", shadow.provider)
                text.member("bound_usd", shadow.bound.usd)
                text.member("daily_budget_usd", shadow.dailyBudget.usd)
            }
        }
        if !notes.isEmpty {
            text.key("notes")
            text.array(notes) { $0.string($1) }
        }
    }
}

/// A plan with what it was computed from: what is stored with a call.
package struct PlanRecord: Sendable, JSONWritable {
    package let inputs: PlanInputs
    package let plan: Plan

    package init(inputs: PlanInputs, plan: Plan) {
        self.inputs = inputs
        self.plan = plan
    }

    package func write(to text: inout JSONText) {
        text.object { text in
            plan.writeMembers(to: &text)
            text.member("inputs", inputs)
        }
    }
}
