import EaselBase

/// Which project a request may count for: a key may be bound to its own, and a team may have a list of those that there
/// are. Without either a project is whatever a request says, and a budget of one project holds nobody who names another.
package enum ProjectRule {
    package enum Verdict: Sendable, Hashable {
        case fine
        /// The key may not spend for it.
        case forbidden(String)
        /// The name is missing, or none of the team's.
        case invalid(String)
    }

    /// Names that a sentence lists at most.
    private static let listed = 20

    /// `asked`: what the request says, before anything is known of its soundness.
    package static func check(_ asked: String?, of account: Account) -> Verdict {
        let asked = asked?.nfc
        if account.isProjectBound, let own = account.project, let asked, asked != own {
            return .forbidden(
                "This key is bound to the project \"\(own)\"; leave `project` out, or use a key for the other project."
            )
        }
        guard let known = account.knownProjects else { return .fine }
        let names = known.prefix(listed).joined(separator: ", ") + (known.count > listed ? ", ..." : "")
        guard let project = asked ?? account.project else {
            return .invalid("is required by the team: one of \(names)")
        }
        return known.contains(project) ? .fine : .invalid("is not a project of the team; there are \(names)")
    }
}
