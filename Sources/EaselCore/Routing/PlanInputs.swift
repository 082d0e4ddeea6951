package import EaselBase

/// Everything that a plan is computed from (R1). Stored with the call, so that the plan can be made again, and another
/// policy can be tried on the same call.
package struct PlanInputs: Sendable, Hashable {
    /// The part of the request that a plan depends on beyond the offers' translations.
    package struct Request: Sendable, Hashable {
        package var count: Int
        package var strict: Bool
        /// The caller said that a safety check may be dropped.
        package var allowsUnchecked: Bool
        package var maxCost: Money?
        package var deadline: Duration?

        package init(
            count: Int,
            strict: Bool = false,
            allowsUnchecked: Bool = false,
            maxCost: Money? = nil,
            deadline: Duration? = nil
        ) {
            self.count = count
            self.strict = strict
            self.allowsUnchecked = allowsUnchecked
            self.maxCost = maxCost
            self.deadline = deadline
        }

        package init(_ request: RemixRequest) {
            self.init(
                count: request.count,
                strict: request.strict,
                allowsUnchecked: request.allowsUnchecked,
                maxCost: request.maxCost,
                deadline: request.deadline
            )
        }
    }

    package var request: Request
    package var policy: Policy
    /// How the policy was chosen; the last of it is the policy itself.
    package var path: [String]
    package var offers: [ProviderOffer]
    /// Uniform over calls, or over what the policy's `sticky` names.
    package var draw: UInt64
    /// Uniform over calls, also under `sticky`: who is in a sample hangs on it.
    package var callDraw: UInt64
    /// A hard budget applies, so no provider with an unknown price is asked (M1).
    package var requiresPrice: Bool
    /// What the caller's budgets have left, where a case asked for it.
    package var budgetLeftPercent: Double?

    package init(
        request: Request,
        policy: Policy,
        path: [String] = [],
        offers: [ProviderOffer],
        draw: UInt64,
        callDraw: UInt64? = nil,
        requiresPrice: Bool = false,
        budgetLeftPercent: Double? = nil
    ) {
        self.request = request
        self.policy = policy
        self.path = path
        self.offers = offers
        self.draw = draw
        self.callDraw = callDraw ?? draw
        self.requiresPrice = requiresPrice
        self.budgetLeftPercent = budgetLeftPercent
    }
}
