package import EaselBase
package import EaselCore

/// What the rows of a report of the highest are sorted by.
package enum TopMeasure: String, Sendable, Hashable, CaseIterable {
    case cost, calls, images, failed, refused, nsfw, failovers

    fileprivate func amount(_ figures: UsageFigures) -> Int64 {
        switch self {
        case .cost: figures.cost.nanodollars
        case .calls: Int64(figures.calls)
        case .images: Int64(figures.images)
        case .failed: Int64(figures.failed)
        case .refused: Int64(figures.refused)
        case .nsfw: Int64(figures.nsfwImages)
        case .failovers: Int64(figures.failovers)
        }
    }
}

extension ReportBuilder {
    // MARK: - Top

    /// The rows with the most of something; what the others have together is a row of its own.
    package static func top(_ usage: UsageReport, by measure: TopMeasure, limit: Int) -> Report {
        let columns =
            Report.columns(usage.query.groupBy) + [
                Report.Column("cost_usd", "Cost USD", .money, "What the calls cost, estimates included."),
                .estimated,
                .calls(),
                Report.Column("images", "Images", .count, importance: 1, "Pictures that were delivered."),
                Report.Column("failed", "Failed", .count, importance: 2, "Calls that failed."),
                .refused(importance: 3),
                .nsfw(importance: 4),
                Report.Column(
                    "failovers",
                    "Failovers",
                    .count,
                    importance: 5,
                    "Calls that another provider took over."
                ),
                Report.Column("share", "Share", .share, "Of the \(measure.rawValue) of the whole report."),
            ]
        let whole = measure.amount(usage.totals)
        func cells(_ figures: UsageFigures) -> [Report.Cell] {
            [
                .money(figures.cost), .money(figures.estimated), .count(figures.calls), .count(figures.images),
                .count(figures.failed), .count(figures.refused), .count(figures.nsfwImages), .count(figures.failovers),
                .share(whole > 0 ? Double(measure.amount(figures)) / Double(whole) : nil),
            ]
        }
        let sorted = usage.rows.enumerated().sorted {
            (measure.amount($1.element.figures), $0.offset) < (measure.amount($0.element.figures), $1.offset)
        }
        .map(\.element)
        let rows = sorted.prefix(limit).map { names($0.group) + cells($0.figures) }
        var result = report("top", usage, columns, rows, totals: names(usage.query) + cells(usage.totals))
        if sorted.count > limit {
            let rest = UsageFigures.sum(sorted.dropFirst(limit).map(\.figures))
            let share = whole > 0 ? FigureText.percent(Double(measure.amount(rest)) / Double(whole)) : "0%"
            result.notes.append(
                "\(FigureText.count(sorted.count - limit)) more have \(share) of the \(measure.rawValue) together, "
                    + "and cost \(rest.cost.dollars)."
            )
        }
        return result
    }

    // MARK: - Two periods

    /// - Parameter before: the same question about the period that the other is compared with.
    package static func diff(_ usage: UsageReport, before: UsageReport) -> Report {
        let columns =
            Report.columns(usage.query.groupBy) + [
                Report.Column("cost_before_usd", "Before USD", .money, "What the calls of the earlier period cost."),
                Report.Column("cost_usd", "Cost USD", .money, "What the calls of the period cost, estimates included."),
                .estimated,
                Report.Column(
                    "difference_usd",
                    "Difference",
                    .money,
                    importance: 1,
                    "The period's cost less the earlier one's."
                ),
                Report.Column("cost_change", "Change", .change, "That, as a share of the earlier cost."),
                Report.Column("calls_before", "Calls before", .count, importance: 4, "Calls of the earlier period."),
                .calls(importance: 2),
                Report.Column("calls_change", "Change", .change, importance: 3, "The change of the calls."),
                Report.Column(
                    "p50_before_ms",
                    "p50 before",
                    .milliseconds,
                    importance: 6,
                    "Half of the earlier calls took at most this."
                ),
                Report.Column("p50_ms", "p50", .milliseconds, importance: 5, "Half of the calls took at most this."),
                Report.Column(
                    "failure_before",
                    "Failed before",
                    .share,
                    importance: 8,
                    "Calls of the earlier period that failed."
                ),
                Report.Column("failure_rate", "Failed", .share, importance: 7, "Calls of the period that failed."),
            ]
        let earlier = Dictionary(before.rows.map { ($0.group, $0.figures) }, uniquingKeysWith: { first, _ in first })
        func change(_ new: Double, _ old: Double) -> Report.Cell { .change(old > 0 ? (new - old) / old : nil) }
        func cells(_ new: UsageFigures, _ old: UsageFigures) -> [Report.Cell] {
            [
                .money(old.cost), .money(new.cost), .money(new.estimated), .money(new.cost - old.cost),
                change(Double(new.cost.nanodollars), Double(old.cost.nanodollars)), .count(old.calls),
                .count(new.calls),
                change(Double(new.calls), Double(old.calls)), .time(milliseconds: old.latency, 0.5),
                .time(milliseconds: new.latency, 0.5), Report.share(old.failed, of: old.calls),
                Report.share(new.failed, of: new.calls),
            ]
        }
        var rows = usage.rows.map { row in names(row.group) + cells(row.figures, earlier[row.group] ?? UsageFigures()) }
        let known = Set(usage.rows.map(\.group))
        for row in before.rows where !known.contains(row.group) {
            rows.append(names(row.group) + cells(UsageFigures(), row.figures))
        }
        var result = report(
            "diff",
            usage,
            columns,
            rows,
            totals: names(usage.query) + cells(usage.totals, before.totals)
        )
        let zone = usage.query.timezone
        result.notes.append(
            "Compared with \(LocalTime.text(before.query.from, timezone: zone)) to "
                + "\(LocalTime.text(before.query.to, timezone: zone))."
        )
        result.dataQuality.unpricedAttempts += before.dataQuality.unpricedAttempts
        result.dataQuality.unknownAttempts += before.dataQuality.unknownAttempts
        return result
    }

    // MARK: - Budgets

    /// A budget with what its window cost day by day.
    package struct BudgetBurn: Sendable {
        package let standing: BudgetStanding
        /// `team:design`, `key:ID`.
        package let scope: String
        /// The cost of each day of the window that is over, the first first.
        package let days: [Money]

        package init(standing: BudgetStanding, scope: String, days: [Money]) {
            self.standing = standing
            self.scope = scope
            self.days = days
        }
    }

    package static func budgets(_ burns: [BudgetBurn], query: UsageQuery, now: Timestamp) -> Report {
        let columns: [Report.Column] = [
            Report.Column("scope", "Budget", .name, "Whom it is for."),
            Report.Column("period", "Period", .name, importance: 2, "How long until it begins anew."),
            Report.Column("kind", "Kind", .name, importance: 7, "hard: nothing is spent beyond it. soft: it warns."),
            Report.Column("limit_usd", "Limit USD", .money, "What may be spent in the period."),
            Report.Column("spent_usd", "Spent USD", .money, "What its calls cost so far."),
            Report.Column(
                "reserved_usd",
                "Reserved",
                .money,
                importance: 4,
                "Held back by calls under way and unknown attempts."
            ),
            Report.Column("used", "Used", .share, "Spent, as a share of the limit."),
            Report.Column("burn_usd", "A day USD", .money, importance: 5, "What a day of the period cost on average."),
            Report.Column(
                "forecast_usd",
                "Forecast",
                .money,
                importance: 1,
                "What the whole period will cost if its days go on like this."
            ),
            Report.Column(
                "forecast_low_usd",
                "Low",
                .money,
                importance: 6,
                "Four of five times the forecast comes out above this."
            ),
            Report.Column(
                "forecast_high_usd",
                "High",
                .money,
                importance: 6,
                "Four of five times it comes out below this."
            ),
            Report.Column(
                "days_left",
                "Days left",
                .count,
                importance: 3,
                "Days until the limit is reached at that rate."
            ),
            Report.Column("level", "State", .name, "fine, warned or exceeded."),
            Report.Column("trend", "Trend", .series, importance: 8, "The cost of each day of the period."),
        ]
        let rows = burns.map { burn -> [Report.Cell] in
            let standing = burn.standing
            let limit: Money? =
                switch standing.budget.limit(at: now) {
                case .money(let limit): limit
                case .images: nil
                }
            let forecast = BudgetForecast(standing, days: burn.days, now: now)
            let level: String =
                switch standing.level(at: now) {
                case .fine: "fine"
                case .warned: "warned"
                case .exceeded: "exceeded"
                }
            return [
                .name(burn.scope), .name(standing.budget.period.rawValue),
                .name(standing.budget.isHard ? "hard" : "soft"),
                .money(limit), .money(standing.posted), .money(standing.reserved),
                .share(standing.shareSpent(at: now)), .money(forecast?.perDay),
                .money(forecast?.expected),
                .money(forecast?.low), .money(forecast?.high), .count(limit.flatMap { forecast?.daysLeft(until: $0) }),
                .name(level), .series(burn.days.map { Double($0.nanodollars) / 1e9 }),
            ]
        }
        var query = query
        // Each budget has a period of its own: the report is of a moment.
        query.from = now
        query.to = now
        return Report(
            name: "budgets",
            query: query,
            columns: columns,
            rows: rows,
            totals: nil,
            dataQuality: UsageReport.DataQuality()
        )
    }
}

/// What a budget's window will have cost at its end, from its days so far.
struct BudgetForecast: Equatable {
    let perDay: Money
    let expected: Money
    /// A band in which the end lies four of five times, if the days to come are like those that went.
    let low: Money
    let high: Money
    private let spent: Money

    /// Nil without an end to forecast, or before anything went by.
    init?(_ standing: BudgetStanding, days: [Money], now: Timestamp) {
        guard standing.budget.period != .total, standing.window.contains(now) else { return nil }
        let gone = now.since(standing.window.start).secondsAsDouble / 86_400
        let left = standing.window.end.since(now).secondsAsDouble / 86_400
        guard gone > 0 else { return nil }
        spent = standing.posted
        let rate = Double(standing.posted.nanodollars) / gone
        let expected = Double(standing.posted.nanodollars) + rate * left
        let costs = days.map { Double($0.nanodollars) }
        let mean = costs.isEmpty ? 0 : costs.reduce(0, +) / Double(costs.count)
        let variance =
            costs.count > 1 ? costs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(costs.count - 1) : 0
        // Days to come are independent of each other; 1.28 standard deviations on each side hold four of five.
        let spread = 1.2816 * (variance * max(left, 0)).squareRoot()
        func money(_ amount: Double) -> Money { Money(nanodollars: max(0, Int64(saturating: amount))) }
        perDay = money(rate)
        self.expected = money(expected)
        low = money(max(Double(standing.posted.nanodollars), expected - spread))
        high = money(expected + spread)
    }

    /// Whole days until a limit is reached; nil when never.
    func daysLeft(until limit: Money) -> Int? {
        guard perDay > .zero else { return nil }
        let left = max(0, (limit - spent).nanodollars)
        return min(Int(saturating: Double(left) / Double(perDay.nanodollars)), 99_999)
    }
}
