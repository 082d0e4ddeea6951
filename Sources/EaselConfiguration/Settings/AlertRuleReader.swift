import EaselBase
import EaselCore

/// Reads rules and scheduled reports, each with the settings that its kind has.
enum AlertRuleReader {
    private static let reports = ["usage", "latency", "safety", "failover", "providers"]

    static func rule(_ setting: SettingReader, destinations: [String]) -> AlertRule? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let named = section.required("name", "alerts and mutes refer to a rule by its name")
        let name = named?.text()
        let kind = section.required("on", "name what to watch: \(kinds)")?.choice(AlertRule.Kind.self)
        let to = section.take("to").map { targets($0, destinations) } ?? destinations
        guard let name, let kind else {
            // Their faults are told when kind and name are mended.
            for key in AlertRule.Kind.settingNames.sorted() { _ = section.take(key) }
            return nil
        }
        if let named { Names.check(name, named, of: "rule") }
        var rule = AlertRule(name, kind, to: to)
        for setting in kind.settings { setting.read(section, &rule) }
        return rule
    }

    static func schedule(_ setting: SettingReader, destinations: [String]) -> ReportSchedule? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        let named = section.required("name", "mail and messages begin with it")
        let name = named?.text()
        let every = section.required("every", "set how often: weekly or monthly")?
            .choice(ReportSchedule.Every.self)
        var schedule = ReportSchedule(
            name: name ?? "",
            every: every ?? .weekly,
            report: "usage",
            groupBy: [.team, .provider],
            minute: 8 * 60,
            destinations: destinations
        )
        section.read("report", into: &schedule.report) { $0.choice(reports) }
        switch schedule.report {
        case "latency": schedule.groupBy = [.provider, .model]
        case "safety": schedule.groupBy = [.team, .model]
        case "failover", "providers": schedule.groupBy = [.provider]
        default: break
        }
        let isOfAttempts = schedule.report == "failover" || schedule.report == "providers"
        section.read("by", into: &schedule.groupBy) { setting in
            setting.oneOrMore { dimension($0, isOfAttempts) }
        }
        section.read("team", into: &schedule.team) { $0.text() }
        section.read("timezone", into: &schedule.timezone) { SettingForm<String>.timezone.read($0) }
        section.read("at", into: &schedule.minute) { setting in
            setting.scalar("a time of the day such as \"08:00\"") { minute($0) }
        }
        if let to = section.take("to") { schedule.destinations = targets(to, destinations) }
        guard let named, name != nil, every != nil else { return nil }
        Names.check(schedule.name, named, of: "report")
        return schedule
    }

    private static var kinds: String { AlertRule.Kind.allCases.map(\.rawValue).joined(separator: ", ") }

    private static func targets(_ setting: SettingReader, _ destinations: [String]) -> [String] {
        // Named twice is told once.
        (setting.oneOrMore { $0.choice(destinations) } ?? []).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    private static func dimension(_ setting: SettingReader, _ isOfAttempts: Bool) -> UsageQuery.Dimension? {
        let wanted =
            isOfAttempts
            ? "one of team, provider, model, day, hour"
            : "one of team, provider, model, project, key, day, hour, or tag:NAME"
        return setting.scalar(wanted) { text in
            UsageQuery.Dimension(text).flatMap { dimension in
                dimension != .error && (!isOfAttempts || UsageQuery.Dimension.ofAttempts.contains(dimension))
                    ? dimension : nil
            }
        }
    }

    private static func minute(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]),
            (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        return hour * 60 + minute
    }
}
