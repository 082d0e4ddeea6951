import EaselBase
import EaselCore
import EaselServer
import EaselTransport

/// Who may come in by a row of the table, and the proof of it that the handler gets.
///
/// A handler that takes a `Member` or an `Admin` cannot stand behind a row that asks for less: only the rules below make
/// these values, of an account whose key was looked up.
struct Access<Who: Caller>: Sendable {
    let rule: AccessRule
    /// Nil: nobody was asked.
    let admit: @Sendable (Account?) throws(Problem) -> Who

    /// Looks the key up and admits whoever has it.
    func prove(_ door: Doorkeeper, _ request: ServerRequest) async throws(Problem) -> Who {
        try admit(try await rule.account(door, request))
    }
}

/// The same as a word, for tables and tests.
enum AccessRule: String, Sendable, CaseIterable {
    /// Everybody.
    case open
    /// Whoever has a link that this gateway gave out: its signature is the permission.
    case link
    /// Everybody or an admin, as `metrics.public` says.
    case metrics
    /// Any key; what is told is nobody's secret.
    case key
    /// Any key; a member's sees what belongs to its own team, an admin's all.
    case ownTeam = "own_team"
    /// An admin's key.
    case admin

    /// Whether a key is asked for always.
    var asksForKey: Bool { self == .key || self == .ownTeam || self == .admin }

    /// Whose key the request has; nil where none is asked for.
    func account(_ door: Doorkeeper, _ request: ServerRequest) async throws(Problem) -> Account? {
        guard asksForKey || self == .metrics && !door.publicMetrics else { return nil }
        return try await door.authenticator.account(for: request)
    }

    /// In words, for people.
    var sentence: String {
        switch self {
        case .open: "open"
        case .link: "anyone with the link"
        case .metrics: "open, or admin, depending on `metrics.public`"
        case .key: "any key"
        case .ownTeam: "any key; a member key for its own team"
        case .admin: "admin"
        }
    }
}

/// What is known of a caller.
protocol Caller: Sendable {
    /// Nil for one who was not asked.
    var account: Account? { get }
}

/// One who was not asked for a key.
struct Nobody: Caller {
    fileprivate init() {}
    var account: Account? { nil }
}

/// One with a valid key. An object: it is held as long as its call.
final class Member: Caller {
    let known: Account

    fileprivate init(_ account: Account) { known = account }

    var account: Account? { known }
    /// Whose things it sees: nil is every team's, for admins.
    var teamID: Int64? { known.role == .admin ? nil : known.teamID }
}

/// One with the key of an admin.
final class Admin: Caller {
    let known: Account

    fileprivate init(_ account: Account) { known = account }

    var account: Account? { known }
    /// Who changes something, for the history: never the key itself.
    var actor: String {
        known.keyID == Authenticator.adminKeyID ? Self.operatorName : "key \(known.keyID.text)"
    }
    /// What the operator's own key is called there.
    static let operatorName = "operator"
}

extension Access where Who == Nobody {
    static var open: Access { Access(rule: .open) { _ throws(Problem) in Nobody() } }

    /// The handler proves the link, for the signature is over what it names.
    static var link: Access { Access(rule: .link) { _ throws(Problem) in Nobody() } }

    static var metrics: Access {
        Access(rule: .metrics) { account throws(Problem) in
            if let account { _ = try Admin.of(account) }
            return Nobody()
        }
    }
}

extension Access where Who == Member {
    static var key: Access { Access(rule: .key) { account throws(Problem) in try Member.of(account) } }

    static var ownTeam: Access { Access(rule: .ownTeam) { account throws(Problem) in try Member.of(account) } }
}

extension Access where Who == Admin {
    static var admin: Access { Access(rule: .admin) { account throws(Problem) in try Admin.of(account) } }
}

extension Member {
    fileprivate static func of(_ account: Account?) throws(Problem) -> Member {
        guard let account else { throw Problem(.unauthenticated, Authenticator.help) }
        return Member(account)
    }
}

extension Admin {
    fileprivate static func of(_ account: Account?) throws(Problem) -> Admin {
        guard let account else { throw Problem(.unauthenticated, Authenticator.help) }
        guard account.role == .admin else { throw Problem(.forbidden, "This needs an admin key.") }
        return Admin(account)
    }
}
