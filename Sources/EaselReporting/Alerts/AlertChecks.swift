import EaselBase
import EaselCore

/// What figures say to a rule: pure, each kind of rule for itself.
enum AlertChecks {
    // MARK: - Budgets

    static func budgets(_ rule: AlertRule, _ standings: [BudgetStanding], now: Timestamp) -> [AlertFinding] {
        standings.filter { concerns(rule, $0.budget.scope) }
            .map { standing in
                let percent = standing.percentSpent(at: now)
                let isUsedUp = standing.hasReached(percent: 100, at: now)
                let thresholds = rule.thresholds.isEmpty ? standing.budget.warnAt + [100] : rule.thresholds
                let level = thresholds.filter { standing.hasReached(percent: $0, at: now) }.max() ?? 0
                let left = standing.remaining(at: now)
                let tail =
                    isUsedUp && standing.budget.isHard
                    ? "No call passes until \(end(standing).map { "\($0), or until " } ?? "")the limit is raised."
                    : "\(left.text) left\(end(standing).map { " until \($0)" } ?? "")."
                let used = "\(name(standing)) has used \(percent)% of \(standing.budget.limit(at: now).text)."
                return AlertFinding(
                    subject: subject(standing),
                    instance: standing.window.start.description,
                    level: level,
                    severity: isUsedUp ? .critical : .warning,
                    value: "\(percent)%",
                    summary: "\(used) \(tail)",
                    details: details(standing, now, percent)
                )
            }
    }

    static func forecasts(_ rule: AlertRule, _ standings: [BudgetStanding], now: Timestamp) -> [AlertFinding] {
        standings.filter { concerns(rule, $0.budget.scope) }
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
                    subject: subject(standing),
                    instance: standing.window.start.description,
                    level: forecast > limit && !isEarly && !isPast ? 1 : 0,
                    value: "\(percent)%",
                    summary: "\(name(standing)) is heading for \(rounded(forecast)) of \(limit.dollars), "
                        + "\(percent)%, by \(end(standing) ?? "the end of its period").",
                    details: details(standing, now, standing.percentSpent(at: now))
                )
            }
    }

    private static func concerns(_ rule: AlertRule, _ scope: BudgetScope) -> Bool {
        guard let team = rule.team else { return true }
        return switch scope {
        case .team(let name): name == team
        case .project(let owner, _): owner == team
        case .org, .key: false
        }
    }

    private static func subject(_ standing: BudgetStanding) -> String {
        let unit: String = if case .images = standing.budget.limit { "/images" } else { "" }
        return "\(standing.budget.scope.text)/\(standing.budget.period.rawValue)\(unit)"
    }

    private static func name(_ standing: BudgetStanding) -> String {
        "The budget \(standing.budget.scope.text) (\(standing.budget.period.rawValue))"
    }

    /// When the window ends; nil where it never does.
    private static func end(_ standing: BudgetStanding) -> String? {
        guard standing.budget.period != .total else { return nil }
        return LocalTime.text(standing.window.end, timezone: standing.budget.timezone) + " \(standing.budget.timezone)"
    }

    private static func details(_ standing: BudgetStanding, _ now: Timestamp, _ percent: Int) -> JSONDocument {
        var members: [String: JSONValue] = [
            "budget_id": .string(standing.budget.id.text), "scope": .string(standing.budget.scope.text),
            "period": .string(standing.budget.period.rawValue), "hard": .bool(standing.budget.isHard),
            "used_percent": .count(percent), "spent_usd": .string(standing.posted.usd),
            "reserved_usd": .string(standing.reserved.usd),
        ]
        if case .money(let limit) = standing.budget.limit(at: now) { members["limit_usd"] = .string(limit.usd) }
        if let forecast = standing.forecast(at: now) { members["forecast_usd"] = .string(forecast.usd) }
        if standing.budget.period != .total { members["resets_at"] = .string(standing.window.end.description) }
        return JSONDocument(JSONValue.object(members))
    }

    // MARK: - Providers

    /// Gateways learn for themselves how a provider stands; one that leaves it alone is enough. A provider that is being
    /// tried again is neither back nor down: what stood before stands on.
    static func providersDown(_ signs: [GatewaySign]) -> [AlertFinding] {
        byProvider(signs) { name, all in
            let down = all.filter { isDown($0) }
            let isTried = all.contains { $0.state == .probing || $0.state == .coolingDown }
            let reason = down.first?.reason
            var finding = AlertFinding(
                subject: "provider:\(name)",
                level: down.isEmpty ? 0 : 1,
                severity: .critical,
                value: down.isEmpty ? "up" : "down",
                summary: down.isEmpty
                    ? "The provider \(name) answers again."
                    : "The provider \(name) is down for \(down.count) of \(all.count) "
                        + "gateway\(all.count == 1 ? "" : "s")\(reason.map { ": \($0)" } ?? "").",
                details: [
                    "provider": .string(name), "gateways": .count(all.count),
                    "gateways_down": .count(down.count),
                    "cause": down.first?.cause.map { .string($0.rawValue) } ?? .null,
                ]
            )
            finding.isUncertain = down.isEmpty && isTried
            return finding
        }
    }

    private static func isDown(_ sign: GatewaySign.Provider) -> Bool {
        sign.state == .down || sign.state == .coolingDown && sign.cause == .unauthorized
    }

    static func creditExhausted(_ signs: [GatewaySign]) -> [AlertFinding] {
        byProvider(signs) { name, all in
            let hasNone = all.contains { $0.cause == .creditExhausted && $0.state == .coolingDown }
            var finding = AlertFinding(
                subject: "provider:\(name)",
                level: hasNone ? 1 : 0,
                severity: .critical,
                value: hasNone ? "no credit" : "credit",
                summary: hasNone
                    ? "The account at \(name) is out of credit. Top it up."
                    : "The account at \(name) has credit again.",
                details: ["provider": .string(name)]
            )
            finding.isUncertain = !hasNone && all.contains { $0.cause == .creditExhausted }
            return finding
        }
    }

    private static func byProvider(
        _ signs: [GatewaySign],
        _ finding: (String, [GatewaySign.Provider]) -> AlertFinding
    ) -> [AlertFinding] {
        Dictionary(grouping: signs.flatMap(\.providers), by: \.name).sorted { $0.key < $1.key }
            .map { finding($0.key, $0.value) }
    }

    static func overcharges(_ overcharges: [Overcharge]) -> [AlertFinding] {
        overcharges.map { overcharge in
            let attempts = "\(overcharge.attempts) attempt\(overcharge.attempts == 1 ? "" : "s")"
            return AlertFinding(
                subject: "provider:\(overcharge.provider)\(overcharge.isClaim ? "/claims" : "")",
                level: 1,
                severity: .critical,
                value: overcharge.excess.dollars,
                summary: overcharge.isClaim
                    ? "\(overcharge.provider) reports a cost of \(overcharge.excess.dollars) for \(attempts), which is not "
                        + "plausible: they count at their bounds. Compare with the invoice; the last call is "
                        + "\(overcharge.callID.text)."
                    : "\(overcharge.provider) charged \(overcharge.excess.dollars) more than the price book allows, for "
                        + "\(attempts). The charge is posted in full; the last call is \(overcharge.callID.text).",
                details: [
                    "provider": .string(overcharge.provider), "attempts": .count(overcharge.attempts),
                    "excess_usd": .string(overcharge.excess.usd), "call_id": .string(overcharge.callID.text),
                ]
            )
        }
    }

    // MARK: - Rates

    static func rates(_ rule: AlertRule, _ usage: UsageReport) -> [AlertFinding] {
        let rows =
            rule.group == nil ? [UsageReport.Row(group: ["all"], figures: usage.totals)] : usage.rows
        return rows.map { row in
            let (found, what, fault) = rate(rule.kind, row.figures)
            let share = found.value ?? 0
            let name = name(row.group)
            let subject = rule.group.map { "\($0.name):\(name)" } ?? "all"
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

    /// What a row is about; no name of a team or project looks like that of those without one.
    static func name(_ group: [String?]) -> String { group.first.flatMap { $0 } ?? "(none)" }

    /// The rate, what it is a part of, and what is wrong with that part.
    private static func rate(_ kind: AlertRule.Kind, _ figures: UsageFigures) -> (Ratio, String, String) {
        switch kind {
        case .nsfwRate: (figures.nsfwRate, "the checked images", "were not safe for work")
        case .copyrightRate: (figures.copyrightRate, "the checked images", "were flagged for copyright")
        default: (figures.failureRate, "the calls", "failed")
        }
    }

    // MARK: - Costs of a day

    /// - Parameter usual: what the same weekday cost up to this hour, for each of the weeks before; those without calls
    ///   are no measure.
    static func anomaly(
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
                "\(subject == "all" ? "The calls have" : "\(subject) has") cost \(rounded(today)) so far today; by this "
                + "hour of the same weekday it was \(rounded(mean)), on average over \(known.count) weeks.",
            details: [
                "cost_usd": .string(today.usd), "usual_usd": .string(mean.usd), "day": .string(day),
                "weeks": .count(known.count),
            ]
        )
    }

    // MARK: - Data

    static func dataGap(_ quality: DataQuality) -> AlertFinding {
        let text = QualityText(quality)
        return AlertFinding(
            subject: "data",
            level: text.hasGap ? 1 : 0,
            value: text.hasGap ? "gap" : "complete",
            summary: text.hasGap
                ? "The figures of the last day are incomplete: \(text.sentence)." : "The figures are complete again.",
            details: JSONDocument(
                JSONValue.object(
                    Dictionary(
                        uniqueKeysWithValues: DataQuality.members.map { ($0.name, .count(quality[keyPath: $0.path])) }
                    )
                )
            )
        )
    }

    /// Cents are enough for a sentence.
    private static func rounded(_ amount: Money) -> String { "$" + FigureText.dollars(amount, decimals: 2) }
}
