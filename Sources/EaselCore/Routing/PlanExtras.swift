import EaselBase

/// What a policy does besides ordering its candidates: hedging and shadows.
enum PlanExtras {
    static func add(to plan: inout Plan, _ inputs: PlanInputs) {
        if let hedge = inputs.policy.hedge { add(hedge, to: &plan, inputs) }
        if let shadow = inputs.policy.shadow { add(shadow, to: &plan, inputs) }
    }

    private static func add(_ hedge: Policy.Hedge, to plan: inout Plan, _ inputs: PlanInputs) {
        guard let first = plan.candidates.first, plan.candidates.count > 1, plan.attempts > 1 else {
            return plan.notes.append("no hedge: there is no second provider to ask")
        }
        let offer = inputs.offers.first { $0.provider == first.provider }
        let after: Duration? =
            switch hedge.after {
            case .p50: offer?.expectedLatency
            case .p95: offer?.slowLatency
            case .duration(let duration): duration
            }
        guard let after else {
            return plan.notes.append("no hedge: it is not known yet how long \(first.provider) usually takes")
        }
        plan.hedge = Plan.Hedge(after: .milliseconds(after.milliseconds), budget: hedge.budget)
    }

    private static func add(_ shadow: Policy.Shadow, to plan: inout Plan, _ inputs: PlanInputs) {
        guard shadow.sample.includes(Mixing.derive(inputs.callDraw, "shadow")) else {
            return plan.notes.append("no shadow: the call is not in the sample of \(shadow.sample.text)")
        }
        let why: String
        if plan.candidates.first?.provider == shadow.provider {
            why = "it is the first candidate already"
        } else if let offer = inputs.offers.first(where: { $0.provider == shadow.provider }) {
            // A call should find out whether it works again: a shadow does not record that.
            let probe = offer.isProbe ? "it is being tried again after a failure" : nil
            if let reason = offer.translation.impossible ?? offer.unavailable?.reason ?? probe {
                why = reason
            } else if let price = offer.pricePerImage {
                plan.shadow = Plan.Shadow(
                    policy: inputs.policy.name,
                    provider: shadow.provider,
                    translation: offer.translation,
                    pricePerImage: price,
                    bound: price * inputs.request.count,
                    dailyBudget: shadow.dailyBudget
                )
                return
            } else {
                why = "it has no price, so its budget could not be kept"
            }
        } else {
            why = "it is not configured"
        }
        plan.notes.append("no shadow: \(shadow.provider): \(why)")
    }
}
