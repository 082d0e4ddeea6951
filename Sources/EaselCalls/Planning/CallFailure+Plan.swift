import EaselCore

extension CallFailure {
    /// Why the plan leaves no provider to ask: the reason that its caller can do most about.
    static func noCandidate(of plan: Plan, for model: RemixModel) -> CallFailure {
        func reasons(_ cause: Plan.Dropped.Cause) -> [Plan.Dropped] { plan.dropped.filter { $0.cause == cause } }
        func list(_ dropped: [Plan.Dropped]) -> String {
            dropped.map { "\($0.provider): \($0.reason)" }.joined(separator: "; ")
        }
        let away = reasons(.unavailable)
        if !away.isEmpty {
            return CallFailure(
                .unavailable,
                "No provider can be asked at the moment. \(list(away))",
                retryAfter: away.compactMap(\.retryAfter).min() ?? .seconds(5)
            )
        }
        // Our capacity, not their fault: the queue says when another try is worthwhile.
        let full = reasons(.overloaded)
        if !full.isEmpty {
            return CallFailure(
                .rateLimited,
                "No provider could answer before the deadline because of the requests already waiting; nothing was spent. "
                    + list(full),
                retryAfter: full.compactMap(\.retryAfter).min() ?? .seconds(1)
            )
        }
        let slow = reasons(.tooSlow)
        if !slow.isEmpty {
            return CallFailure(
                .deadlineExceeded,
                "No provider is fast enough for the deadline; nothing was spent. \(list(slow))"
            )
        }
        let dear = reasons(.tooDear)
        if !dear.isEmpty {
            return CallFailure(.budgetExceeded, "The call's own limit, max_cost_usd, leaves no provider. \(list(dear))")
        }
        let unpriced = reasons(.unpriced)
        if !unpriced.isEmpty {
            return CallFailure(
                .budgetExceeded,
                "A hard budget applies, and no provider that has a price is left. \(list(unpriced)). Set a price, or allow "
                    + "unpriced calls for the team."
            )
        }
        let incapable = reasons(.incapable)
        if !incapable.isEmpty {
            return .invalid([
                RequestFault(.policy, "leaves no provider for \(model.rawValue). \(list(incapable))")
            ])
        }
        let lossy = reasons(.lossy)
        if !lossy.isEmpty {
            return .invalid([RequestFault("strict", "no provider can honour every parameter. \(list(lossy))")])
        }
        let unchecked = reasons(.unchecked)
        if !unchecked.isEmpty {
            return .invalid([
                RequestFault(
                    .safetyCheck,
                    "no provider can make the check for \(model.rawValue). \(list(unchecked)). Leave it out, or set "
                        + "`strict: false` or `on_unchecked: proceed` in the policy to do without it"
                )
            ])
        }
        let impossible = reasons(.impossible)
        if !impossible.isEmpty {
            return .invalid([
                RequestFault(.image, "no provider in the policy can take this request. \(list(impossible))")
            ])
        }
        return CallFailure(.unavailable, "The policy names no provider.", retryAfter: .seconds(60))
    }
}
