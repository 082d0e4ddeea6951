import EaselBase
import EaselCore

/// Reads what rules want to know and asks `AlertChecks` what it says.
struct AlertInquiry: Sendable {
    /// A gateway that was silent for longer says nothing of providers any more.
    private static let signsLast = Duration.seconds(20)
    /// What waits in the journal of one that is gone waits still; after so long nobody will bring it.
    private static let journalsLast = Duration.seconds(7 * 86_400)
    /// Attempts whose end is being found out are no gap yet.
    private static let gapDelay = Duration.seconds(600)
    private static let day = Duration.seconds(86_400)
    /// How far back charges beyond a price are told.
    private static let overchargeWindow = Duration.seconds(86_400)
    /// Weeks that a day is compared with.
    private static let weeks = 4

    let ledger: any Ledger
    let store: any AlertStore

    /// What the rule finds now; nil where nothing can be said and what stood before stands on.
    func findings(_ rule: AlertRule, now: Timestamp) async throws(LedgerError) -> [AlertFinding]? {
        var teamID: Int64?
        if let team = rule.team {
            // A team that is not made yet has no figures.
            guard let found = try await ledger.team(named: team) else { return [] }
            teamID = found.id
        }
        switch rule.kind {
        case .budget:
            return AlertChecks.budgets(rule, try await ledger.budgets(teamID: teamID, at: now), now: now)
        case .budgetForecast:
            return AlertChecks.forecasts(rule, try await ledger.budgets(teamID: teamID, at: now), now: now)
        case .providerDown:
            let signs = try await store.gatewaySigns(within: Self.signsLast)
            return signs.isEmpty ? nil : AlertChecks.providersDown(signs)
        case .creditExhausted:
            let signs = try await store.gatewaySigns(within: Self.signsLast)
            return signs.isEmpty ? nil : AlertChecks.creditExhausted(signs)
        case .overcharge:
            let since = now - Self.overchargeWindow
            return AlertChecks.overcharges(try await store.overcharges(since: since, teamID: teamID))
        case .errorRate, .nsfwRate, .copyrightRate:
            let query = UsageQuery(
                // From a whole minute: a part of one would be read from the log, every few seconds.
                from: UsageLevel.minute.floor(now - rule.window),
                to: now,
                timezone: "UTC",
                groupBy: rule.group.map { [$0] } ?? [],
                teamID: teamID
            )
            return AlertChecks.rates(rule, try await ledger.usage(query))
        case .costAnomaly: return try await anomalies(rule, teamID, now)
        case .dataGap:
            let query = UsageQuery(
                from: UsageLevel.minute.floor(now - Self.day),
                to: UsageLevel.minute.floor(now - Self.gapDelay),
                timezone: "UTC",
                groupBy: [],
                teamID: teamID
            )
            var quality = try await ledger.usage(query).dataQuality
            let signs = try await store.gatewaySigns(within: Self.journalsLast)
            quality.journalPending = signs.reduce(0) { $0 + $1.journalPending }
            quality.journalSetAside = signs.reduce(0) { $0 + ($1.journalSetAside ?? 0) }
            return [AlertChecks.dataGap(quality)]
        }
    }

    /// Today up to now beside the same hours of the same weekday in the weeks before.
    private func anomalies(
        _ rule: AlertRule,
        _ teamID: Int64?,
        _ now: Timestamp
    ) async throws(LedgerError) -> [AlertFinding] {
        guard let zone = LocalTime(rule.timezone) else { return [] }
        func costs(_ from: Timestamp, _ to: Timestamp) async throws(LedgerError) -> [String: Money] {
            let query = UsageQuery(
                from: from,
                to: to,
                timezone: rule.timezone,
                groupBy: rule.group.map { [$0] } ?? [],
                teamID: teamID
            )
            let report = try await ledger.usage(query)
            if rule.group == nil { return ["": report.totals.cost] }
            return Dictionary(
                report.rows.map { (AlertChecks.name($0.group), $0.figures.cost) },
                uniquingKeysWith: { $0 + $1 }
            )
        }
        let midnight = zone.startOfDay(now)
        let sinceMidnight = now.since(midnight)
        guard sinceMidnight > .seconds(60) else { return [] }
        let today = try await costs(midnight, now)
        var usual: [[String: Money]] = []
        for week in 1...Self.weeks {
            // Noon is on the right day also where clocks were changed since.
            let noon = midnight + .seconds(12 * 3600) - .seconds(week * 7 * 86_400)
            let start = zone.startOfDay(noon)
            do throws(LedgerError) {
                usual.append(try await costs(start, start + sinceMidnight))
            } catch {
                // The log of that week was dropped: the others tell enough.
                guard case .rejected = error else { throw error }
            }
        }
        return today.sorted { $0.key < $1.key }
            .compactMap { name, cost in
                AlertChecks.anomaly(
                    rule,
                    subject: rule.group.map { "\($0.name):\(name)" } ?? "all",
                    day: zone.dateText(now),
                    today: cost,
                    usual: usual.map { $0[name] ?? .zero }
                )
            }
    }
}
