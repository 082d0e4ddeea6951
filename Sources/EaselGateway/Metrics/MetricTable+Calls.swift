import EaselBase
import EaselCalls
import EaselCore

extension MetricTable {
    static let calls: [MetricEntry] = [
        MetricEntry(
            "easel_calls_total",
            .counter,
            "Ended calls; provider: the one that delivered or withheld images, none where nobody did.",
            labels: ["status", "model", "provider"]
        ) { view in
            view.calls.calls.samples { [$0.status.rawValue, $0.model.rawValue, $0.provider ?? "none"] }
        },
        MetricEntry(
            "easel_call_duration_seconds",
            .histogram,
            "From the request's arrival to its settlement.",
            labels: ["status"]
        ) { $0.calls.durations.samples { [$0.rawValue] } },
        MetricEntry("easel_calls_in_flight", .gauge, "Calls under way.") { [MetricSample($0.callsInFlight)] },
        MetricEntry(
            "easel_attempts_total",
            .counter,
            "Attempts by provider and outcome.",
            labels: ["provider", "model", "outcome"]
        ) { $0.calls.attempts.samples { [$0.provider, $0.model.rawValue, $0.outcome.rawValue] } },
        MetricEntry(
            "easel_attempt_duration_seconds",
            .histogram,
            "Attempts by phase: queue (waiting for a slot), connect (name, connection, TLS; where one was made), "
                + "first_byte, body, polling (of an accepted task), total (without the queue).",
            labels: ["provider", "phase"]
        ) { $0.calls.phases.samples { [$0.provider, $0.phase.rawValue] } },
        MetricEntry(
            "easel_failovers_total",
            .counter,
            "Calls for which another provider than the first had to be asked; to: the one that delivered, or the last.",
            labels: ["from", "to"]
        ) { $0.calls.failovers.samples { [$0.from, $0.to] } },
        MetricEntry(
            "easel_hedges_total",
            .counter,
            "Second providers asked while the first was late.",
            labels: ["result"]
        ) { view in [MetricSample(["won"], view.calls.hedgesWon), MetricSample(["lost"], view.calls.hedgesLost)] },
        MetricEntry(
            "easel_shadows_total",
            .counter,
            "Shadows by provider and outcome.",
            labels: ["provider", "outcome"]
        ) { $0.shadows.ends.samples { [$0.provider, $0.word] } },
        MetricEntry(
            "easel_shadows_skipped_total",
            .counter,
            "Sampled calls without a shadow, by provider and reason.",
            labels: ["provider", "reason"]
        ) { $0.shadows.skips.samples { [$0.provider, $0.word] } },
        MetricEntry("easel_held_bytes", .gauge, "Bytes of bodies and images of requests under way.") {
            [MetricSample($0.held.bytes)]
        },
        MetricEntry("easel_held_bytes_limit", .gauge, "The most bytes there may be.") { [MetricSample($0.held.limit)] },
        MetricEntry(
            "easel_held_refusals_total",
            .counter,
            "Requests rejected because there was no room for their bytes."
        ) { [MetricSample($0.held.refusals)] },
    ]

    static let money: [MetricEntry] = [
        MetricEntry(
            "easel_cost_usd_total",
            .counter,
            "What calls cost, as it becomes known: at the settlement, or when an unknown attempt is resolved. "
                + "Teams beyond the greatest together as other.",
            labels: ["team"]
        ) { view in view.spending.map { MetricSample([$0.team], $0.dollars) } },
        MetricEntry(
            "easel_images_total",
            .counter,
            "Delivered images, by the same teams.",
            labels: ["team"]
        ) { view in view.spending.map { MetricSample([$0.team], $0.images) } },
        MetricEntry(
            "easel_unbelieved_costs_total",
            .counter,
            "Attempts for which the provider reported an implausible cost; they count at their bound."
        ) { [MetricSample($0.calls.unbelieved)] },
        MetricEntry(
            "easel_budget_refusals_total",
            .counter,
            "Calls stopped by a hard budget, by the kind of its scope.",
            labels: ["scope"]
        ) { $0.calls.refusals.samples { [$0] } },
        MetricEntry(
            "easel_budget_limit_usd",
            .gauge,
            "The limits of budgets of money, at most the 200 fullest budgets; every gateway tells the same.",
            labels: ["scope", "period"]
        ) { view in
            view.ledger.budgets.flatMap { standing -> [MetricSample] in
                guard case .money(let limit) = standing.budget.limit(at: view.ledger.at) else { return [] }
                return [MetricSample(labels(standing), limit.asDollars)]
            }
        },
        MetricEntry(
            "easel_budget_spent_usd",
            .gauge,
            "What was posted in the window of now.",
            labels: ["scope", "period"]
        ) { view in view.ledger.budgets.map { MetricSample(labels($0), $0.posted.asDollars) } },
        MetricEntry(
            "easel_budget_reserved_usd",
            .gauge,
            "What calls under way and unknown attempts hold back.",
            labels: ["scope", "period"]
        ) { view in view.ledger.budgets.map { MetricSample(labels($0), $0.reserved.asDollars) } },
        MetricEntry(
            "easel_budget_used_ratio",
            .gauge,
            "Spent and held back, as a share of the limit.",
            labels: ["scope", "period"]
        ) { view in
            view.ledger.budgets.compactMap { standing in
                standing.shareUsed(at: view.ledger.at).map { MetricSample(labels(standing), $0) }
            }
        },
    ]

    private static func labels(_ standing: BudgetStanding) -> [String] {
        [standing.budget.scope.text, standing.budget.period.rawValue]
    }
}

extension Money {
    /// For scrapers, which know nothing finer than a double.
    fileprivate var asDollars: Double { Double(nanodollars) / Double(Money.nanodollarsPerDollar) }
}

extension BudgetStanding {
    /// Nil where the limit is nothing.
    fileprivate func shareUsed(at moment: Timestamp) -> Double? {
        let (used, limit): (Double, Double) =
            switch budget.limit(at: moment) {
            case .money(let limit): ((posted + reserved).asDollars, limit.asDollars)
            case .images(let limit): (Double(postedImages + reservedImages), Double(limit))
            }
        return limit > 0 ? used / limit : nil
    }
}
