import EaselBase

/// A budget will not last to the end of its period if spending goes on like this.
enum BudgetForecastWatch: AlertWatch {
    static let about = "spending at the present rate ends above the limit; not in the first tenth of a window"
    static let isLong = true

    static func condition(_ rule: AlertRule) -> String { "above the limit at the period's end" }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        findings(rule, try await sources.ledger.budgets(teamID: sources.teamID, at: sources.now), now: sources.now)
    }

    static func findings(_ rule: AlertRule, _ standings: [BudgetStanding], now: Timestamp) -> [AlertFinding] {
        standings.filter { $0.concerns(rule) }
            .compactMap { standing in
                guard case .money(let limit) = standing.budget.limit(at: now), limit > .zero,
                    let forecast = standing.forecast(at: now)
                else { return nil }
                let whole = standing.window.end.since(standing.window.start).secondsAsDouble
                // The first hours of a month tell nothing of its end.
                let isEarly = now.since(standing.window.start).secondsAsDouble < whole * 0.1
                let isPast = standing.hasReached(percent: 100, at: now)
                let percent = Percent.whole(forecast.nanodollars, of: limit.nanodollars)
                return AlertFinding(
                    subject: standing.alertSubject,
                    instance: standing.window.start.description,
                    level: forecast > limit && !isEarly && !isPast ? 1 : 0,
                    value: "\(percent)%",
                    summary: "\(standing.alertName) is heading for \(FigureText.cents(forecast)) of \(limit.dollars), "
                        + "\(percent)%, by \(standing.alertEnd ?? "the end of its period").",
                    details: standing.alertDetails(at: now)
                )
            }
    }
}
