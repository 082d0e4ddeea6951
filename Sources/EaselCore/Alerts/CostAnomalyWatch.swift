import EaselBase

/// A day costs more than the same weekday did.
enum CostAnomalyWatch: AlertWatch {
    static let about =
        "today costs that much more than the same weekday by this hour (the mean of up to four weeks, at least two)"
    static let isLong = true
    /// Weeks that a day is compared with.
    private static let weeks = 4

    static var settings: [Setting<AlertRule>] {
        [
            Setting("above", \.bound, .share(atMost: 100_000), "how much dearer"),
            Setting("min_usd", \.minimumCost, .money, "at least so much dearer"),
            AlertForms.timezone,
            AlertForms.group,
        ]
    }

    static func begin(_ rule: inout AlertRule) {
        rule.bound = 1
        rule.group = .team
        rule.minimumCost = Money(nanodollars: 10 * Money.nanodollarsPerDollar)
    }

    static func condition(_ rule: AlertRule) -> String {
        "\(AlertForms.percent(rule.bound)) and \(rule.minimumCost.dollars) above the usual for that weekday"
    }

    /// Today up to now beside the same hours of the same weekday in the weeks before.
    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        guard let zone = LocalTime(rule.timezone) else { return [] }
        let midnight = zone.startOfDay(sources.now)
        let sinceMidnight = sources.now.since(midnight)
        guard sinceMidnight > .seconds(60) else { return [] }
        let today = try await costs(rule, sources, midnight, sources.now)
        var usual: [[String: Money]] = []
        for week in 1...weeks {
            // Noon is on the right day also where clocks were changed since.
            let noon = midnight + .seconds(12 * 3600) - .seconds(week * 7 * 86_400)
            let start = zone.startOfDay(noon)
            do throws(LedgerError) {
                usual.append(try await costs(rule, sources, start, start + sinceMidnight))
            } catch {
                // The log of that week was dropped: the others tell enough.
                guard case .rejected = error else { throw error }
            }
        }
        return today.sorted { $0.key < $1.key }
            .compactMap { name, cost in
                finding(
                    rule,
                    subject: rule.group.map { "\($0.name):\(name)" } ?? "all",
                    day: zone.dateText(sources.now),
                    today: cost,
                    usual: usual.map { $0[name] ?? .zero }
                )
            }
    }

    private static func costs(
        _ rule: AlertRule,
        _ sources: AlertSources,
        _ from: Timestamp,
        _ to: Timestamp
    ) async throws(LedgerError) -> [String: Money] {
        let report = try await sources.usage(rule, from: from, to: to, timezone: rule.timezone)
        if rule.group == nil { return ["": report.totals.cost] }
        return Dictionary(report.rows.map { ($0.alertName, $0.figures.cost) }, uniquingKeysWith: { $0 + $1 })
    }

    /// - Parameter usual: what the same weekday cost up to this hour, for each of the weeks before; those without calls
    ///   are no measure.
    static func finding(
        _ rule: AlertRule,
        subject: String,
        day: String,
        today: Money,
        usual: [Money]
    ) -> AlertFinding? {
        let known = usual.filter { $0 > .zero }
        guard known.count >= 2 else { return nil }
        let sum = known.reduce(0.0) { $0 + Double($1.nanodollars) }
        let mean = Money(nanodollars: Int64(saturating: sum / Double(known.count)))
        let more = Double(today.nanodollars) / Double(mean.nanodollars) - 1
        let isAbove = more > rule.bound && today - mean >= rule.minimumCost
        return AlertFinding(
            subject: subject,
            instance: day,
            level: isAbove ? 1 : 0,
            value: "\(more < 0 ? "" : "+")\(FigureText.change(more))",
            summary:
                "\(subject == "all" ? "The calls have" : "\(subject) has") cost \(FigureText.cents(today)) so far today; by "
                + "this hour of the same weekday it was \(FigureText.cents(mean)), on average over \(known.count) weeks.",
            details: [
                "cost_usd": .string(today.usd), "usual_usd": .string(mean.usd), "day": .string(day),
                "weeks": .count(known.count),
            ]
        )
    }
}
