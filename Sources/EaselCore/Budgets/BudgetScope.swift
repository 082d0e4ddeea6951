import EaselBase
package import Foundation

/// Whose spending a budget limits.
package enum BudgetScope: Sendable, Hashable {
    /// Every team together.
    case org
    case team(String)
    /// One project of one team.
    case project(team: String, name: String)
    /// One key, by its id.
    case key(UUID)

    /// Reads `org`, `team:NAME`, `project:TEAM/NAME` or `key:ID` (contract section 4). Nil for anything else.
    package init?(_ text: String) {
        let text = text.nfc
        if text == "org" {
            self = .org
            return
        }
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let value = String(text[text.index(after: colon)...])
        switch text[..<colon] {
        case "team" where !value.isEmpty: self = .team(value)
        case "project":
            // A team's name has no slash; a project's may.
            guard let slash = value.firstIndex(of: "/"), slash > value.startIndex else { return nil }
            let name = String(value[value.index(after: slash)...])
            guard !name.isEmpty else { return nil }
            self = .project(team: String(value[..<slash]), name: name)
        case "key":
            guard let id = UUID(uuidString: value) else { return nil }
            self = .key(id)
        default: return nil
        }
    }

    /// The spelling that `init` reads.
    package var text: String {
        switch self {
        case .org: "org"
        case .team(let name): "team:\(name)"
        case .project(let team, let name): "project:\(team)/\(name)"
        case .key(let id): "key:\(id.text)"
        }
    }

    /// The word in the column `scope`.
    package var kind: String {
        switch self {
        case .org: "org"
        case .team: "team"
        case .project: "project"
        case .key: "key"
        }
    }
}
