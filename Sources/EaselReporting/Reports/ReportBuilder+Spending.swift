package import EaselBase
package import EaselCore

/// What the rows of a report of the highest are sorted by.
package enum TopMeasure: String, Sendable, Hashable, CaseIterable {
    case cost, calls, images, failed, refused, nsfw, failovers

    fileprivate var field: UsageField {
        switch self {
        case .cost: .cost
        case .calls: .calls
        case .images: .images
        case .failed: .failed
        case .refused: .refused
        case .nsfw: .nsfwImages
        case .failovers: .failovers
        }
    }
}

extension ReportBuilder {
    // MARK: - Top

    /// The rows with the most of something; what the others have together is a row of its own.
    package static func top(_ usage: UsageReport, by measure: TopMeasure, limit: Int) -> Report {
        func amount(_ figures: UsageFigures) -> Int { figures[measure.field] }
        let (field, whole) = (measure.field, amount(usage.totals))
        let share = Report.Column("share", "Share", .share, "Share of the \(measure.rawValue) of the whole report.")
        let columns: [FigureColumn<UsageFigures>] = [
            .sum(.cost), estimated, .sum(.calls), .sum(.images, importance: 1), .sum(.failed, importance: 2),
            .sum(.refused, importance: 3), .sum(.nsfwImages, importance: 4), .sum(.failovers, importance: 5),
            FigureColumn(share) { .share(Ratio($0[field], of: whole).value) },
        ]
        var sorted = usage
        sorted.rows = usage.rows.enumerated()
            .sorted { (amount($1.element.figures), $0.offset) < (amount($0.element.figures), $1.offset) }
            .map(\.element)
        var shown = sorted
        shown.rows = Array(sorted.rows.prefix(limit))
        var report = grouped("top", shown, columns)
        if sorted.rows.count > limit {
            let rest = UsageFigures.sum(sorted.rows.dropFirst(limit).map(\.figures))
            let share = Ratio(amount(rest), of: whole).value.map { FigureText.percent($0) } ?? "0%"
            report.notes.append(
                "\(FigureText.count(sorted.rows.count - limit)) more have \(share) of the \(measure.rawValue) together, "
                    + "and cost \(rest.cost.dollars)."
            )
        }
        return report
    }

    // MARK: - Two periods

    /// The figures of a group in the period, and in the one before.
    private struct Pair {
        let new: UsageFigures
        let old: UsageFigures
    }

    /// - Parameter before: the same question about the period that the other is compared with.
    package static func diff(_ usage: UsageReport, before: UsageReport) -> Report {
        typealias Side = FigureColumn<UsageFigures>
        func old(_ column: Side) -> FigureColumn<Pair> { column.of(\.old) }
        func new(_ column: Side) -> FigureColumn<Pair> { column.of(\.new) }
        func change(
            _ field: UsageField,
            _ key: String,
            importance: Int = 0,
            _ definition: String
        ) -> FigureColumn<Pair> {
            FigureColumn(Report.Column(key, "Change", .change, importance: importance, definition)) { pair in
                let (old, new) = (Double(pair.old[field]), Double(pair.new[field]))
                return .change(old > 0 ? (new - old) / old : nil)
            }
        }
        let difference = Report.Column(
            "difference_usd",
            "Difference",
            .money,
            importance: 1,
            "The cost of the period minus that of the earlier one."
        )
        let columns: [FigureColumn<Pair>] = [
            old(
                Side.sum(.cost)
                    .named("cost_before_usd", "Before USD", saying: "The cost of the calls of the earlier period.")
            ),
            new(Side.sum(.cost).named(saying: "The cost of the calls of the period, estimates included.")),
            new(estimated),
            FigureColumn(difference) { .money($0.new.cost - $0.old.cost) },
            change(.cost, "cost_change", "The change as a share of the earlier cost."),
            old(
                Side.sum(.calls, importance: 4)
                    .named("calls_before", "Calls before", saying: "Calls of the earlier period.")
            ),
            new(.sum(.calls, importance: 2)),
            change(.calls, "calls_change", importance: 3, "The change in calls."),
            old(
                .time(0.5, "p50_before_ms", "p50 before", importance: 6, "Half of the earlier calls took at most this.")
            ),
            new(.time(0.5, "p50_ms", "p50", importance: 5, "Half of the calls took at most this.")),
            old(
                .rate(
                    "failure_before",
                    "Failed before",
                    importance: 8,
                    "Calls of the earlier period that failed."
                ) { $0.failureRate }
            ),
            new(
                .rate("failure_rate", "Failed", importance: 7, "Calls of the period that failed.") { $0.failureRate }
            ),
        ]
        let none = UsageFigures()
        let groups = joined(
            usage.rows.map { ($0.group, $0.figures) },
            before.rows.map { ($0.group, $0.figures) }
        )
        var report = grouped(
            "diff",
            usage.query,
            columns,
            groups.map { ($0, Pair(new: $1 ?? none, old: $2 ?? none)) },
            totals: Pair(new: usage.totals, old: before.totals),
            usage.dataQuality
        )
        let zone = usage.query.timezone
        report.notes.append(
            "Compared with \(LocalTime.text(before.query.from, timezone: zone)) to "
                + "\(LocalTime.text(before.query.to, timezone: zone))."
        )
        report.dataQuality.unpricedAttempts += before.dataQuality.unpricedAttempts
        report.dataQuality.unknownAttempts += before.dataQuality.unknownAttempts
        return report
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

    /// What is worked out of a budget once, for all its columns.
    private struct Outlook {
        let burn: BudgetBurn
        /// Nil: the limit is in images.
        let limit: Money?
        let spent: Double?
        let level: String
        let forecast: BudgetForecast?

        init(_ burn: BudgetBurn, now: Timestamp) {
            self.burn = burn
            limit = if case .money(let limit) = burn.standing.budget.limit(at: now) { limit } else { nil }
            spent = burn.standing.shareSpent(at: now)
            level =
                switch burn.standing.level(at: now) {
                case .fine: "fine"
                case .warned: "warned"
                case .exceeded: "exceeded"
                }
            forecast = BudgetForecast(burn.standing, days: burn.days, now: now)
        }
    }

    package static func budgets(_ burns: [BudgetBurn], query: UsageQuery, now: Timestamp) -> Report {
        Report(
            name: "budgets",
            // Each budget has a period of its own: the report is of a moment.
            from: now,
            to: now,
            timezone: query.timezone,
            columns: budgetColumns.map(\.column),
            rows: burns.map { burn in
                let outlook = Outlook(burn, now: now)
                return budgetColumns.map { $0.cell(outlook) }
            },
            totals: nil,
            dataQuality: DataQuality()
        )
    }

    private static let budgetColumns: [FigureColumn<Outlook>] = {
        func column(
            _ key: String,
            _ title: String,
            _ kind: Report.Kind,
            importance: Int = 0,
            _ definition: String,
            _ cell: @escaping @Sendable (Outlook) -> Report.Cell
        ) -> FigureColumn<Outlook> {
            FigureColumn(Report.Column(key, title, kind, importance: importance, definition), cell)
        }
        return [
            column("scope", "Budget", .name, "What the budget applies to.") { .name($0.burn.scope) },
            column("period", "Period", .name, importance: 2, "How often it starts again.") {
                .name($0.burn.standing.budget.period.rawValue)
            },
            column("kind", "Kind", .name, importance: 7, "hard: nothing is spent beyond it. soft: it only warns.") {
                .name($0.burn.standing.budget.isHard ? "hard" : "soft")
            },
            column("limit_usd", "Limit USD", .money, "What may be spent in the period.") { .money($0.limit) },
            column("spent_usd", "Spent USD", .money, "The cost of its calls so far.") {
                .money($0.burn.standing.posted)
            },
            column(
                "reserved_usd",
                "Reserved",
                .money,
                importance: 4,
                "Reserved by calls under way and unknown attempts."
            ) { .money($0.burn.standing.reserved) },
            column("used", "Used", .share, "Spent, as a share of the limit.") { .share($0.spent) },
            column("burn_usd", "Daily USD", .money, importance: 5, "The average cost of a day of the period.") {
                .money($0.forecast?.perDay)
            },
            column(
                "forecast_usd",
                "Forecast",
                .money,
                importance: 1,
                "The cost of the whole period if spending goes on like this."
            ) { .money($0.forecast?.expected) },
            column(
                "forecast_low_usd",
                "Low",
                .money,
                importance: 6,
                "The lower end of the range that holds four of five outcomes."
            ) { .money($0.forecast?.low) },
            column(
                "forecast_high_usd",
                "High",
                .money,
                importance: 6,
                "The upper end of the range that holds four of five outcomes."
            ) { .money($0.forecast?.high) },
            column("days_left", "Days left", .count, importance: 3, "Days until the limit is reached at that rate.") {
                outlook in .count(outlook.limit.flatMap { outlook.forecast?.daysLeft(until: $0) })
            },
            column("level", "State", .name, "fine, warned or exceeded.") { .name($0.level) },
            column("trend", "Trend", .series, importance: 8, "The cost of each day of the period.") {
                .series($0.burn.days.map { Double($0.nanodollars) / 1e9 })
            },
        ]
    }()
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
        guard let forecast = standing.forecast(at: now) else { return nil }
        let gone = now.since(standing.window.start).secondsAsDouble / 86_400
        let left = standing.window.end.since(now).secondsAsDouble / 86_400
        spent = standing.posted
        expected = forecast
        let middle = Double(forecast.nanodollars)
        let costs = days.map { Double($0.nanodollars) }
        let mean = costs.isEmpty ? 0 : costs.reduce(0, +) / Double(costs.count)
        let variance =
            costs.count > 1 ? costs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(costs.count - 1) : 0
        // Days to come are independent of each other; 1.28 standard deviations on each side hold four of five.
        let spread = 1.2816 * (variance * max(left, 0)).squareRoot()
        func money(_ amount: Double) -> Money { Money(nanodollars: max(0, Int64(saturating: amount))) }
        perDay = money(Double(standing.posted.nanodollars) / gone)
        low = money(max(Double(standing.posted.nanodollars), middle - spread))
        high = money(middle + spread)
    }

    /// Whole days until a limit is reached; nil when never.
    func daysLeft(until limit: Money) -> Int? {
        guard perDay > .zero else { return nil }
        let left = max(0, (limit - spent).nanodollars)
        return min(Int(saturating: Double(left) / Double(perDay.nanodollars)), 99_999)
    }
}
