package import EaselBase
import Foundation

extension RoutingPolicy {
    /// The policy in the words of the configuration, without its name.
    package var json: JSONValue {
        switch self {
        case .plain(let policy):
            var members = policy.json.objectValue ?? [:]
            members["name"] = nil
            return .object(members)
        case .cases(let choice):
            var members: [String: JSONValue] = [
                "when": .array(
                    choice.cases.map { entry in
                        var members = entry.target.members
                        members["match"] = entry.match.json
                        return .object(members)
                    }
                )
            ]
            switch choice.otherwise {
            case .named(let name)?: members["otherwise"] = .string(name)
            case .inline(let inline)?: members["otherwise"] = inline.json
            case nil: break
            }
            return .object(members)
        }
    }
}

extension CasePolicy.Target {
    fileprivate var members: [String: JSONValue] {
        switch self {
        case .named(let name): ["use": .string(name)]
        case .inline(let inline): inline.json.objectValue ?? [:]
        }
    }
}

extension PolicyMatch {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        func put(_ name: String, _ texts: [String]) {
            if !texts.isEmpty { members[name] = Self.oneOrMore(texts) }
        }
        put("team", teams)
        put("key", keys.map(\.text))
        put("project", projects)
        if !tags.isEmpty {
            members["tag"] = .object(tags.mapValues { Self.oneOrMore($0.isEmpty ? ["*"] : $0) })
        }
        put("model", models.map(\.rawValue))
        if let count { members["count"] = .string(count.text) }
        if !parameters.isEmpty {
            if parameters.values.allSatisfy({ $0 == .given }) {
                members["parameters"] = .array(parameters.keys.sorted().map { .string($0) })
            } else {
                members["parameters"] = .object(
                    parameters.mapValues { test in
                        switch test {
                        case .given: "*"
                        case .number(let test): .string(test.text)
                        case .oneOf(let texts): Self.oneOrMore(texts)
                        }
                    }
                )
            }
        }
        if let budgetLeftPercent { members["budget_left_percent"] = .string(budgetLeftPercent.text) }
        if let time { members["time"] = .string(time.text) }
        put("days", days.map(\.rawValue))
        if timezone != "UTC" { members["timezone"] = .string(timezone) }
        return .object(members)
    }

    private static func oneOrMore(_ texts: [String]) -> JSONValue {
        texts.count == 1 ? .string(texts[0]) : .array(texts.map { .string($0) })
    }
}
