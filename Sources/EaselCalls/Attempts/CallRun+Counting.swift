import EaselBase
import EaselCore
import EaselTracing

/// What is counted of a call when it ends, and what its trace says of it.
extension CallRun {
    func count(_ outcome: CallOutcome, _ ends: [AttemptEnd]) {
        let cost = ends.compactMap(\.cost).reduce(.zero, +)
        tools.metrics.count(
            CallMetrics.Ended(
                status: outcome.status,
                model: context.request.model,
                provider: outcome.provider,
                failover: outcome.failover ? Self.failover(outcome, ends) : nil,
                callID: context.callID,
                traceID: context.trace?.keptID,
                teamID: context.account.teamID,
                team: context.account.team,
                cost: cost,
                images: outcome.delivered
            ),
            latency: elapsed,
            at: tools.time.now
        )
        guard let trace = context.trace, trace.isKept else { return }
        trace.note(
            Span.Attribute("easel.call.id", context.callID.text),
            Span.Attribute("easel.call.status", outcome.status.rawValue),
            Span.Attribute("easel.team", context.account.team),
            Span.Attribute("easel.model", context.request.model.rawValue),
            Span.Attribute("easel.policy", context.plan.policy),
            Span.Attribute("easel.provider", outcome.provider ?? "none"),
            Span.Attribute("easel.images", outcome.delivered),
            Span.Attribute("easel.attempts", ends.count),
            Span.Attribute("easel.failover", outcome.failover)
        )
        if let cost = outcome.figures.cost { trace.note(Span.Attribute("easel.cost_usd", cost.usd)) }
    }

    /// From the first provider to the one that delivered, or to the last other one.
    static func failover(_ outcome: CallOutcome, _ ends: [AttemptEnd]) -> CallMetrics.FailoverKey? {
        let asked = ends.map(\.start).sorted { $0.ordinal < $1.ordinal }.map(\.provider)
        guard let first = asked.first else { return nil }
        let delivering = outcome.provider.flatMap { $0 == first ? nil : $0 }
        guard let to = delivering ?? asked.last(where: { $0 != first }) else { return nil }
        return CallMetrics.FailoverKey(from: first, to: to)
    }
}
