package import EaselBase
import EaselCalls
package import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Teams and keys, for admins.
final class PeopleRoutes: Sendable {
    static let keyPrefix = "esl_"
    /// Characters of a key that lists show.
    static let shownPrefix = 12
    /// Projects that a team may list.
    static let mostProjects = 1000

    let ledger: any Ledger
    let authenticator: Authenticator
    let terms: TermsShelf
    let time: TimeSource

    init(
        ledger: any Ledger,
        authenticator: Authenticator,
        terms: TermsShelf,
        time: TimeSource
    ) {
        self.ledger = ledger
        self.authenticator = authenticator
        self.terms = terms
        self.time = time
    }

    private struct Teams: Encodable { let teams: [TeamRecord] }
    private struct NewTeam: Decodable {
        let name: String
        let allow_unpriced: Bool?
        let known_projects: [String]?
    }

    func listTeams(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let all: [TeamRecord]
        do {
            all = try await ledger.teams()
        } catch {
            throw Problem(error)
        }
        return try json(Teams(teams: all))
    }

    func createTeam(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let team = try await smallBody(NewTeam.self, request, known: ["name", "allow_unpriced", "known_projects"])
        guard Self.isName(team.name) else {
            throw .invalid([RequestFault("name", "must have 1 to 64 letters, digits, dots, dashes or underscores")])
        }
        var change = TeamChange(allowsUnpriced: team.allow_unpriced)
        if let names = team.known_projects { change.projects = .only(try Self.projects(names)) }
        var record: TeamRecord
        do {
            record = try await ledger.createTeam(name: team.name, at: time.now)
            if change != TeamChange() { record = try await ledger.changeTeam(team.name, change) }
        } catch {
            if case .conflict = error { throw Problem(.conflict, "There is a team of this name already.") }
            throw Problem(error)
        }
        return try json(record, status: 201)
    }

    private struct ChangedTeam: Encodable {
        let record: TeamRecord
        let before: TeamRecord?

        private enum CodingKeys: String, CodingKey {
            case before = "was_allow_unpriced"
            case projectsBefore = "was_known_projects"
        }

        func encode(to encoder: any Encoder) throws {
            try record.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(before?.allowsUnpriced, forKey: .before)
            try container.encode(before?.knownProjects, forKey: .projectsBefore)
        }
    }

    /// `PATCH /v1/teams/NAME {allow_unpriced?, known_projects?}`; `known_projects: null` for any.
    func changeTeam(_ request: ServerRequest, _ name: String) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let members = try await BodyFields.members(of: request)
        var body = BodyFields(members, known: ["allow_unpriced", "known_projects"])
        var change = TeamChange(allowsUnpriced: body.flag("allow_unpriced"))
        if members["known_projects"] == .null {
            change.projects = .any
        } else if let items = body.list("known_projects") {
            let names = items.compactMap(\.stringValue)
            if names.count == items.count {
                change.projects = .only(try Self.projects(names))
            } else {
                body.fault("known_projects", "must be a list of names, or null for any")
            }
        }
        if change == TeamChange(), body.faults.isEmpty {
            body.fault("allow_unpriced", "is required, or known_projects: nothing is to be changed")
        }
        guard body.faults.isEmpty else { throw .invalid(body.faults) }
        let record: TeamRecord
        let before: TeamRecord?
        do {
            before = try await ledger.team(named: name)
            record = try await ledger.changeTeam(name, change)
            try await terms.refresh(from: ledger)
        } catch {
            if case .notFound = error { throw Problem(.notFound, "There is no such team.") }
            throw Problem(changing: error)
        }
        // What a key may do has changed with its team.
        authenticator.forgetAll()
        return try json(ChangedTeam(record: record, before: before))
    }

    /// Names of a team's projects, each once.
    private static func projects(_ names: [String]) throws(Problem) -> [String] {
        var seen: Set<String> = []
        let names = names.map(\.nfc).filter { seen.insert($0).inserted }
        guard (1...mostProjects).contains(names.count), names.allSatisfy(isProject) else {
            throw .invalid([
                RequestFault(
                    "known_projects",
                    "must be 1 to \(mostProjects) names of 1 to \(RemixValidation.projectLimit) printable characters, "
                        + "or null for any"
                )
            ])
        }
        return names
    }

    private static func isProject(_ name: String) -> Bool {
        (1...RemixValidation.projectLimit).contains(name.unicodeScalars.count) && !name.hasControlCharacters
    }

    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    || [45, 46, 95].contains(byte)
            }
    }

    private struct NewKeyBody: Decodable {
        let team: String
        let project: String?
        let project_bound: Bool?
        let role: String?
        let expires_at: String?
        let requests_per_minute: Int?
        let max_concurrent: Int?
        let inline_policies: Bool?

        static let fields: Set<String> = [
            "team", "project", "project_bound", "role", "expires_at", "requests_per_minute", "max_concurrent",
            "inline_policies",
        ]
    }

    private struct CreatedKey: Encodable {
        let record: KeyRecord
        let key: String

        private enum CodingKeys: String, CodingKey { case key }

        func encode(to encoder: any Encoder) throws {
            try record.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(key, forKey: .key)
        }
    }

    func createKey(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let body = try await smallBody(NewKeyBody.self, request, known: NewKeyBody.fields)
        var faults: [RequestFault] = []
        let role = Account.Role(rawValue: body.role ?? "member")
        if role == nil { faults.append(RequestFault("role", "must be member or admin")) }
        let expiry = body.expires_at.map { Timestamp($0) }
        if let expiry, expiry == nil || (expiry ?? time.now) <= time.now {
            faults.append(RequestFault("expires_at", "must be an RFC 3339 time in the future"))
        }
        if let limit = body.requests_per_minute, !(1...1_000_000).contains(limit) {
            faults.append(RequestFault("requests_per_minute", "must be 1 to 1000000"))
        }
        if let limit = body.max_concurrent, !(1...100_000).contains(limit) {
            faults.append(RequestFault("max_concurrent", "must be 1 to 100000"))
        }
        let project = body.project?.nfc
        if let project, !Self.isProject(project) {
            faults.append(
                RequestFault("project", "must have 1 to \(RemixValidation.projectLimit) printable characters")
            )
        }
        if body.project_bound == true, project == nil {
            faults.append(
                RequestFault("project", "is required with project_bound: name the one that the key is bound to")
            )
        }
        guard faults.isEmpty, let role else { throw .invalid(faults) }
        let (key, record) = Self.make(
            team: body.team,
            project: project,
            isProjectBound: body.project_bound ?? false,
            role: role,
            expiresAt: expiry ?? nil,
            requestsPerMinute: body.requests_per_minute,
            maxConcurrent: body.max_concurrent,
            inlinePolicies: body.inline_policies ?? false,
            now: time.now
        )
        do throws(LedgerError) {
            try await ledger.createKey(NewKey(record: record, hash: Crypto.sha256(Array(key.utf8))))
        } catch {
            if case .notFound = error { throw .invalid([RequestFault("team", "is not known; make it first")]) }
            throw Problem(error)
        }
        return try json(CreatedKey(record: record, key: key), status: 201)
    }

    /// A key of 256 random bits, shown once (S1).
    static func make(
        team: String,
        project: String?,
        isProjectBound: Bool = false,
        role: Account.Role,
        expiresAt: Timestamp?,
        requestsPerMinute: Int?,
        maxConcurrent: Int?,
        inlinePolicies: Bool,
        now: Timestamp
    ) -> (key: String, record: KeyRecord) {
        let key = freshKey()
        let record = KeyRecord(
            id: UUIDv7.mint(at: now),
            team: team,
            prefix: String(key.prefix(shownPrefix)),
            role: role,
            project: project,
            isProjectBound: isProjectBound,
            createdAt: now,
            expiresAt: expiresAt,
            revokedAt: nil,
            requestsPerMinute: requestsPerMinute,
            maxConcurrent: maxConcurrent,
            inlinePolicies: inlinePolicies
        )
        return (key, record)
    }

    static func freshKey() -> String {
        keyPrefix + Hex.encode(Crypto.randomBytes(32))
    }

    private struct Keys: Encodable { let keys: [KeyRecord] }

    func listKeys(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        let keys: [KeyRecord]
        do {
            keys = try await ledger.keys(team: request.queryValue("team"))
        } catch {
            throw Problem(error)
        }
        return try json(Keys(keys: keys))
    }

    func revokeKey(_ request: ServerRequest, _ text: String) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.admin(for: request)
        guard let id = UUID(uuidString: text) else { throw Problem(.notFound, "There is no such key.") }
        let isKnown: Bool
        do {
            isKnown = try await ledger.revokeKey(id, at: time.now)
        } catch {
            throw Problem(error)
        }
        authenticator.forgetAll()
        guard isKnown else { throw Problem(.notFound, "There is no such key.") }
        return .empty()
    }
}

/// Makes keys outside of the HTTP interface, for `make run` and first starts.
package enum KeyMaker {
    package static func make(
        team: String,
        role: Account.Role,
        now: Timestamp
    ) -> (key: String, new: NewKey) {
        let (key, record) = PeopleRoutes.make(
            team: team,
            project: nil,
            role: role,
            expiresAt: nil,
            requestsPerMinute: nil,
            maxConcurrent: nil,
            inlinePolicies: false,
            now: now
        )
        return (key, NewKey(record: record, hash: Crypto.sha256(Array(key.utf8))))
    }

    /// A key that is in no table: the operator's own.
    package static func freshKey() -> String { PeopleRoutes.freshKey() }
}
