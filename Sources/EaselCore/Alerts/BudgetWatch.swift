import EaselBase

/// A budget passed one of its thresholds.
enum BudgetWatch: AlertWatch {
    static let about = "a budget passed a threshold"

    static var settings: [Setting<AlertRule>] {
        let form = SettingForm<[Int]>(
            "percents from 1 to 1000",
            written: { "[\($0.map(String.init).joined(separator: ", "))]" }
        ) { setting in
            setting.oneOrMore { $0.integer(in: 1...1000) }.map { Set($0).sorted() }
        }
        return [
            Setting(
                "at",
                \.thresholds,
                form,
                "percents of the budget",
                standard: "the budget's own `warn_at`, and 100",
                shown: { $0.thresholds.isEmpty ? nil : $0.thresholds }
            )
        ]
    }

    static func condition(_ rule: AlertRule) -> String {
        let percents = rule.thresholds.map { "\($0)%" }.joined(separator: ", ")
        return rule.thresholds.isEmpty ? "at the budget's own thresholds" : "at \(percents)"
    }

    static func findings(_ rule: AlertRule, _ sources: AlertSources) async throws(LedgerError) -> [AlertFinding]? {
        findings(rule, try await sources.ledger.budgets(teamID: sources.teamID, at: sources.now), now: sources.now)
    }

    static func findings(_ rule: AlertRule, _ standings: [BudgetStanding], now: Timestamp) -> [AlertFinding] {
        standings.filter { $0.concerns(rule) }
            .map { standing in
                let percent = standing.percentSpent(at: now)
                let isUsedUp = standing.hasReached(percent: 100, at: now)
                let thresholds = rule.thresholds.isEmpty ? standing.budget.warnAt + [100] : rule.thresholds
                let level = thresholds.filter { standing.hasReached(percent: $0, at: now) }.max() ?? 0
                let left = standing.remaining(at: now)
                let tail =
                    isUsedUp && standing.budget.isHard
                    ? "No call passes until \(standing.alertEnd.map { "\($0), or until " } ?? "")the limit is raised."
                    : "\(left.text) left\(standing.alertEnd.map { " until \($0)" } ?? "")."
                let used = "\(standing.alertName) has used \(percent)% of \(standing.budget.limit(at: now).text)."
                return AlertFinding(
                    subject: standing.alertSubject,
                    instance: standing.window.start.description,
                    level: level,
                    severity: isUsedUp ? .critical : .warning,
                    value: "\(percent)%",
                    summary: "\(used) \(tail)",
                    details: standing.alertDetails(at: now)
                )
            }
    }
}

/// How alerts speak of a budget.
extension BudgetStanding {
    /// Whether a rule looks at it.
    func concerns(_ rule: AlertRule) -> Bool {
        guard let team = rule.team else { return true }
        return switch budget.scope {
        case .team(let name): name == team
        case .project(let owner, _): owner == team
        case .org, .key: false
        }
    }

    var alertSubject: String {
        let unit: String = if case .images = budget.limit { "/images" } else { "" }
        return "\(budget.scope.text)/\(budget.period.rawValue)\(unit)"
    }

    var alertName: String { "The budget \(budget.scope.text) (\(budget.period.rawValue))" }

    /// When the window ends; nil where it never does.
    var alertEnd: String? {
        guard budget.period != .total else { return nil }
        return LocalTime.text(window.end, timezone: budget.timezone) + " \(budget.timezone)"
    }

    func alertDetails(at now: Timestamp) -> JSONDocument {
        var members: [String: JSONValue] = [
            "budget_id": .string(budget.id.text), "scope": .string(budget.scope.text),
            "period": .string(budget.period.rawValue), "hard": .bool(budget.isHard),
            "used_percent": .count(percentSpent(at: now)), "spent_usd": .string(posted.usd),
            "reserved_usd": .string(reserved.usd),
        ]
        if case .money(let limit) = budget.limit(at: now) { members["limit_usd"] = .string(limit.usd) }
        if let forecast = forecast(at: now) { members["forecast_usd"] = .string(forecast.usd) }
        if budget.period != .total { members["resets_at"] = .string(window.end.description) }
        return JSONDocument(JSONValue.object(members))
    }
}
