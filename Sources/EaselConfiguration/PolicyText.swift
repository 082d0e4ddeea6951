import EaselBase
import EaselCore
import Foundation

/// Writes policies as YAML on one line.
enum PolicyText {
    /// `{ order: [runware, ideogram], attempts: 3 }`
    static func flow(_ policy: RoutingPolicy) -> String { flow(policy.json) }

    private static func flow(_ value: JSONValue) -> String {
        switch value {
        case .null: return "~"
        case .bool(let flag): return flag ? "true" : "false"
        case .number(let number): return number.description
        case .string(let text): return SettingText.quoted(text)
        case .array(let items): return "[\(items.map(flow).joined(separator: ", "))]"
        case .object(let members):
            let order = PolicyReader.plainKeys + ["match", "use", "when", "otherwise", "provider"]
            func place(_ key: String) -> (Int, String) { (order.firstIndex(of: key) ?? order.count, key) }
            let pairs = members.sorted { place($0.key) < place($1.key) }
                .map { "\(SettingText.quoted($0.key)): \(flow($0.value))" }
            return pairs.isEmpty ? "{}" : "{ \(pairs.joined(separator: ", ")) }"
        }
    }
}
