import EaselBase
import EaselCore
import Foundation

/// Reads the conditions of a case.
enum MatchReader {
    static func match(_ setting: SettingReader) -> PolicyMatch? {
        guard let section = setting.section() else { return nil }
        defer { section.finish() }
        var match = PolicyMatch()
        section.read("team", into: &match.teams) { texts($0) }
        section.read("key", into: &match.keys) { setting in
            each(setting) { $0.scalar("a key's id, as `easel key list` shows it") { UUID(uuidString: $0) } }
        }
        section.read("project", into: &match.projects) { texts($0) }
        section.read("tag", into: &match.tags) { tags($0) }
        section.read("model", into: &match.models) { setting in
            each(setting) { item in
                item.scalar("one of \(RemixModel.knownNames.joined(separator: ", "))") { RemixModel(alias: $0) }
            }
        }
        section.read("count", into: &match.count) { number($0) }
        section.read("parameters", into: &match.parameters) { parameters($0) }
        section.read("budget_left_percent", into: &match.budgetLeftPercent) { number($0) }
        section.read("time", into: &match.time) { setting in
            setting.scalar("a part of the day such as \"22:00-06:00\"") { PolicyMatch.TimeOfDay($0) }
        }
        section.read("days", into: &match.days) { setting in each(setting) { $0.choice(PolicyMatch.Weekday.self) } }
        section.read("timezone", into: &match.timezone) { setting in
            setting.scalar("UTC or a zone such as Europe/Berlin") { LocalTime($0) == nil ? nil : $0 }
        }
        if section.has("timezone"), !section.has("time"), !section.has("days") {
            section.fault("timezone", "has no effect without time or days; remove it or add one of them")
        }
        if section.named().isEmpty {
            setting.fault("matches every call; name a condition, or use `otherwise`")
        }
        return match
    }

    /// A comparison; a plain number stands for "equal to it".
    private static func number(_ setting: SettingReader) -> PolicyMatch.NumberTest? {
        setting.scalar("a comparison such as \"> 4\", \"<= 20\" or 4") { PolicyMatch.NumberTest($0) }
    }

    /// One text or a list of them; nil when nothing is left, so that a fault does not become "everything".
    private static func texts(_ setting: SettingReader) -> [String]? { each(setting) { $0.text() } }

    private static func each<Value>(_ setting: SettingReader, _ read: (SettingReader) -> Value?) -> [Value]? {
        guard case .sequence(let items) = setting.node.content else { return read(setting).map { [$0] } }
        if items.isEmpty { setting.fault("holds nothing to compare with; remove it or add a value") }
        return setting.list()?.compactMap(read)
    }

    /// `{ campaign: spring }`, `{ campaign: [spring, summer] }`; `"*"` for any value.
    private static func tags(_ setting: SettingReader) -> [String: [String]]? {
        guard let section = setting.section() else { return nil }
        if section.named().isEmpty { setting.fault("names no tag; write `{ NAME: VALUE }`") }
        var tags: [String: [String]] = [:]
        for (name, values) in section.named() {
            guard let values = texts(values) else { continue }
            tags[name] = values.contains("*") ? [] : values
        }
        return tags
    }

    /// `[seed, style_type]`: they are given. `{ strength: "> 0.5", rendering_speed: quality }`: they have these values, `"*"` for any.
    private static func parameters(_ setting: SettingReader) -> [String: PolicyMatch.ValueTest]? {
        if case .sequence = setting.node.content {
            let names = setting.list()?.compactMap { parameter($0)?.rawValue } ?? []
            return Dictionary(names.map { ($0, .given) }, uniquingKeysWith: { first, _ in first })
        }
        guard let section = setting.section() else { return nil }
        if section.named().isEmpty { setting.fault("names no parameter; write `[seed]` or `{ strength: \"> 0.5\" }`") }
        var tests: [String: PolicyMatch.ValueTest] = [:]
        for (name, value) in section.named() {
            let isKnown = RemixParameter(rawValue: name) != nil || ["output_type", "output_format"].contains(name)
            if !isKnown {
                let known = RemixParameter.allCases.map(\.rawValue) + ["output_type", "output_format"]
                let hint = value.context.guess(name, among: known).map { "; did you mean \($0)?" } ?? ""
                let fault = "is not a parameter of a remix request\(hint)"
                value.context.fault(value.path, at: value.keyPosition, fault)
            }
            if let test = test(value) { tests[name] = test }
        }
        return tests
    }

    private static func test(_ setting: SettingReader) -> PolicyMatch.ValueTest? {
        if case .sequence = setting.node.content { return texts(setting).map { .oneOf($0) } }
        guard let text = setting.text() else { return nil }
        if text == "*" { return .given }
        return PolicyMatch.NumberTest(text).map { .number($0) } ?? .oneOf([text])
    }

    /// The name of a parameter.
    static func parameter(_ setting: SettingReader) -> RemixParameter? {
        guard let name = setting.text() else { return nil }
        if let parameter = RemixParameter(rawValue: name) { return parameter }
        let known = RemixParameter.allCases.map(\.rawValue)
        let hint = setting.context.guess(name, among: known).map { "; did you mean \($0)?" } ?? ""
        setting.fault("is not a parameter of a remix request\(hint)")
        return nil
    }
}
