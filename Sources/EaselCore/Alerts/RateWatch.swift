import EaselBase

/// What compares a share of something with a bound.
protocol RateWatch: AlertWatch {
    /// What it is a part of: `the calls`.
    static var what: String { get }
    /// What is wrong with that part: `failed`.
    static var fault: String { get }
    static func ratio(_ figures: UsageFigures) -> Ratio
}

extension RateWatch {
    static var settings: [Setting<AlertRule>] {
        [
            Setting("above", \.bound, .share(atMost: 100), "the bound"),
            Setting(
                "window",
                \.window,
                .duration(.seconds(60)...(.seconds(7 * 86_400))),
                "how far back it looks"
            ),
            Setting("min", \.minimum, .integer(1...1_000_000), "fewer are not judged"),
            AlertForms.group,
        ]
    }

    /// A rate of three calls says nothing; a rule that someone wrote sets its own minimum.
    static func standardize(_ rule: inout AlertRule) { rule.minimum = 20 }

    static func condition(_ rule: AlertRule) -> String {
        let least = rule.minimum > 1 ? ", of at least \(rule.minimum)" : ""
        return "above \(AlertForms.percent(rule.bound)) in \(DurationText.format(rule.window))\(least)"
    }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        // From a whole minute: a part of one would be read from the log, every few seconds.
        let from = UsageLevel.minute.floor(sources.now - rule.window)
        return findings(rule, try await sources.usage(rule, from: from, to: sources.now))
    }

    static func findings(_ rule: AlertRule, _ usage: UsageReport) -> [AlertFinding] {
        let rows =
            rule.group == nil ? [UsageReport.Row(group: ["all"], figures: usage.totals)] : usage.rows
        return rows.map { row in
            let found = ratio(row.figures)
            let share = found.value ?? 0
            let subject = rule.group.map { "\($0.name):\(row.alertName)" } ?? "all"
            let isAbove = found.whole >= max(1, rule.minimum) && share > rule.bound
            return AlertFinding(
                subject: subject,
                level: isAbove ? 1 : 0,
                value: FigureText.percent(share),
                summary: "\(FigureText.percent(share)) of \(what)\(rule.group == nil ? "" : " of \(subject)") \(fault) "
                    + "in the last \(DurationText.format(rule.window)): \(FigureText.count(found.part)) of "
                    + "\(FigureText.count(found.whole)), bound \(FigureText.percent(rule.bound)).",
                details: [
                    "part": .count(found.part), "whole": .count(found.whole), "bound": .share(rule.bound),
                    "rate": .share(share), "window_s": .count(Int(rule.window.milliseconds / 1000)),
                ]
            )
        }
    }
}

extension UsageReport.Row {
    /// What it is about; no name of a team or project looks like that of those without one.
    var alertName: String { group.first.flatMap { $0 } ?? "(none)" }
}
