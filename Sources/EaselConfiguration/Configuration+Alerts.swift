import EaselBase
import EaselCore

extension Configuration {
    /// The section of alerts, which docs/alerts.md describes.
    static var alertSettings: Setting<Configuration> {
        Setting(
            "alerts",
            lines: { $0.alerts.plan.destinations.isEmpty ? [] : describe($0.alerts) },
            example: { _ in [ExampleLine(text: alertExample, standsApart: true)] },
            rows: { _ in
                [
                    SettingRow(
                        path: "alerts",
                        values: "destinations, rules, reports",
                        standard: "nothing is watched",
                        about: "what is watched, and who is told: [alerts.md](alerts.md)",
                        restarts: false
                    )
                ]
            }
        )
    }

    private static let alertExample = """
        # alerts:                          # docs/alerts.md; without it nothing is watched
        #   destinations:
        #     ops:  { kind: webhook, url: https://hooks.internal/easel, secret: "${ALERT_SECRET}" }   # signed
        #     chat: { kind: slack, url: "${SLACK_WEBHOOK}" }
        #     mail: { kind: email, to: [team@example.com], from: easel@example.com, smtp: smtp://127.0.0.1:25 }
        #   standard_rules: true           # one rule of each kind, where `rules` has none of that kind
        #   rules:
        #     - { name: budgets, on: budget, at: [80, 100], to: ops }
        #     - { name: nsfw, on: nsfw_rate, above: 5%, window: 1h, to: [ops, chat] }
        #   reports:
        #     - { name: last-week, every: weekly, at: "08:00", timezone: Europe/Berlin, report: usage, to: mail }
        """

    private static func describe(_ alerts: AlertSettings) -> [String] {
        var lines = ["alerts:", "    destinations:"]
        for destination in alerts.plan.destinations {
            let kind = destination.kind.rawValue
            let rest: String =
                switch alerts.addresses[destination.name] {
                case .webhook: "url: \"https://\(Secret.redaction)\", secret: \(Secret.redaction)"
                case .slack: "url: \"https://\(Secret.redaction)\""
                case .email(let mail):
                    "to: [\(mail.to.map { SettingText.quoted($0) }.joined(separator: ", "))], from: \(SettingText.quoted(mail.from)), "
                        + "smtp: \(SettingText.quoted(mail.server))"
                        + (mail.user.map { ", user: \(SettingText.quoted($0)), password: \(Secret.redaction)" } ?? "")
                case nil: ""
                }
            lines.append("        \(SettingText.quoted(destination.name)): { kind: \(kind), \(rest) }")
        }
        // The standard rules are among those below.
        lines += ["    standard_rules: false", "    rules:"]
        lines += alerts.plan.rules.map { "        - { \(Self.settings($0).joined(separator: ", ")) }" }
        guard !alerts.plan.schedules.isEmpty else { return lines }
        lines.append("    reports:")
        for report in alerts.plan.schedules {
            var time = "\(report.minute / 60):"
            time.appendPadded(report.minute % 60, width: 2)
            let by = report.groupBy.map { SettingText.quoted($0.name) }.joined(separator: ", ")
            let team = report.team.map { ", team: \(SettingText.quoted($0))" } ?? ""
            lines.append(
                "        - { name: \(SettingText.quoted(report.name)), every: \(report.every.rawValue), "
                    + "report: \(report.report), by: [\(by)]\(team), timezone: \(SettingText.quoted(report.timezone)), "
                    + "at: \"\(time)\", to: [\(report.destinations.map { SettingText.quoted($0) }.joined(separator: ", "))] }"
            )
        }
        return lines
    }

    private static func settings(_ rule: AlertRule) -> [String] {
        ["name: \(SettingText.quoted(rule.name))", "on: \(rule.kind.rawValue)"]
            + rule.kind.settings.flatMap { $0.lines(rule) }
            + ["to: [\(rule.destinations.map { SettingText.quoted($0) }.joined(separator: ", "))]"]
    }
}
