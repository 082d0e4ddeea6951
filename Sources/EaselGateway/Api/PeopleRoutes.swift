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

    let ledger: any People & TermsBook
    let authenticator: Authenticator
    let terms: TermsShelf

    init(ledger: any People & TermsBook, authenticator: Authenticator, terms: TermsShelf) {
        self.ledger = ledger
        self.authenticator = authenticator
        self.terms = terms
    }

    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/teams",
            .admin,
            "The teams",
            gives: [.json(.listing("teams", of: Shapes.team), "The teams.")]
        ) { api, visit throws(Problem) in
            try await api.people.listTeams(visit)
        },
        ApiRoute(
            "POST",
            "/v1/teams",
            .admin,
            "Creates a team",
            body: .object(Fields.newTeam),
            example: ["name": "design", "known_projects": ["spring", "autumn"]],
            gives: [.json(Shapes.team, "The team.", status: 201)],
            fails: [.conflict]
        ) {
            api,
            visit throws(Problem) in
            try await api.people.createTeam(visit)
        },
        ApiRoute(
            "PATCH",
            "/v1/teams/{name}",
            .admin,
            "Changes the named settings of a team",
            body: .object(Fields.team),
            example: ["allow_unpriced": true],
            gives: [.json(Shapes.teamChanged, "The team, and its settings before.")],
            fails: [.conflict]
        ) { api, visit throws(Problem) in try await api.people.changeTeam(visit) },
        ApiRoute(
            "GET",
            "/v1/keys",
            .admin,
            "The keys, without their secrets",
            query: .only([team]),
            gives: [.json(.listing("keys", of: Shapes.key), "The keys.")]
        ) {
            api,
            visit throws(Problem) in try await api.people.listKeys(visit)
        },
        ApiRoute(
            "POST",
            "/v1/keys",
            .admin,
            "Creates a key, which is shown once",
            body: .object(Fields.newKey),
            example: ["team": "design", "project": "spring", "role": "member", "requests_per_minute": 600],
            gives: [.json(Shapes.keyMade, "The key.", status: 201)],
            fails: [.conflict]
        ) {
            api,
            visit throws(Problem) in try await api.people.createKey(visit)
        },
        ApiRoute("DELETE", "/v1/keys/{id}", .admin, "Revokes a key", gives: [.nothing("The key is revoked.")]) {
            api,
            visit throws(Problem) in
            try await api.people.revokeKey(visit)
        },
    ]

    private static let team = QueryParameter.text("team", "The name of a team: only its keys.")

    private enum Fields {
        static let team: [Field] = [
            .optional(
                "allow_unpriced",
                .flag,
                "Whether calls without a known price pass the team's hard budgets."
            ),
            .optional(
                "known_projects",
                .list(of: projectName, 1...mostProjects),
                "The projects that its calls may count for; null for any."
            ),
        ]
        static let newTeam: [Field] = [.required("name", .text(matching: TeamRecord.namePattern), "Its name.")] + team
        static let newKey: [Field] = [
            .required("team", .text, "The team that it belongs to."),
            .optional("project", projectName, "The project that its calls count for unless they name another."),
            .optional("project_bound", .flag, "Whether they may not name another; false by default."),
            .optional("role", .choice(["member", "admin"]), "member by default."),
            .optional("expires_at", .moment, "In the future; by default it never expires."),
            .optional("requests_per_minute", .integer(requestsPerMinute), "Unlimited by default."),
            .optional("max_concurrent", .integer(maxConcurrent), "Requests at once; unlimited by default."),
            .optional("inline_policies", .flag, "Whether its requests may carry policies of their own."),
        ]
        private static let projectName = Schema.text(1...RemixValidation.projectLimit)
    }

    private static let requestsPerMinute = 1...1_000_000
    private static let maxConcurrent = 1...100_000

    private struct Teams: Encodable { let teams: [TeamRecord] }

    private func listTeams(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let all = try await Problem.of { () async throws(LedgerError) in try await ledger.teams() }
        return try json(Teams(teams: all))
    }

    private func createTeam(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        let name = body.text("name", required: true)
        if let name, !TeamRecord.isName(name) {
            body.fault("name", "must have 1 to 64 letters, digits, dots, dashes or underscores")
        }
        let change = Self.change(visit, &body)
        guard body.faults.isEmpty, let name else { throw .invalid(body.faults) }
        var record: TeamRecord
        do {
            let actor = visit.who.actor
            record = try await ledger.createTeam(name: name, by: actor, at: visit.now)
            if change != TeamChange() { record = try await ledger.changeTeam(name, change, by: actor, at: visit.now) }
        } catch {
            if case .conflict = error { throw Problem(.conflict, "There is already a team of this name.") }
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

    private func changeTeam(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let name = visit.name
        var body = visit.body
        let change = Self.change(visit, &body)
        if change == TeamChange(), body.faults.isEmpty {
            body.fault("allow_unpriced", "is required, or known_projects: there is nothing to change")
        }
        guard body.faults.isEmpty else { throw .invalid(body.faults) }
        let record: TeamRecord
        let before: TeamRecord?
        do {
            before = try await ledger.team(named: name)
            record = try await ledger.changeTeam(name, change, by: visit.who.actor, at: visit.now)
            try await terms.refresh(from: ledger)
        } catch {
            if case .notFound = error { throw Problem(.notFound, "There is no such team.") }
            throw Problem(changing: error)
        }
        // What a key may do has changed with its team.
        authenticator.forgetAll()
        return try json(ChangedTeam(record: record, before: before))
    }

    /// What is to be different about a team. A team that is made knows any project, so null changes nothing there.
    private static func change(_ visit: Visit<Admin>, _ body: inout BodyFields) -> TeamChange {
        var change = TeamChange(allowsUnpriced: body.flag("allow_unpriced"))
        if visit.members["known_projects"] == .null {
            change.projects = .any
        } else if let items = body.list("known_projects") {
            let names = items.compactMap(\.stringValue)
            if names.count == items.count {
                change.projects = projects(names, &body)
            } else {
                body.fault("known_projects", "must be a list of names, or null for any")
            }
        }
        return change
    }

    /// Names of a team's projects, each once.
    private static func projects(_ names: [String], _ body: inout BodyFields) -> TeamChange.Projects? {
        var seen: Set<String> = []
        let names = names.map(\.nfc).filter { seen.insert($0).inserted }
        guard (1...mostProjects).contains(names.count), names.allSatisfy(isProject) else {
            body.fault(
                "known_projects",
                "must be 1 to \(mostProjects) names of 1 to \(RemixValidation.projectLimit) printable characters, "
                    + "or null for any"
            )
            return nil
        }
        return .only(names)
    }

    private static func isProject(_ name: String) -> Bool {
        (1...RemixValidation.projectLimit).contains(name.unicodeScalars.count) && !name.hasControlCharacters
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

    private func createKey(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        let team = body.text("team", required: true)
        let roleText = body.text("role") ?? "member"
        let role = Account.Role(rawValue: roleText)
        if role == nil { body.fault("role", "must be member or admin") }
        let expiryText = body.text("expires_at")
        let expiry = expiryText.flatMap { Timestamp($0) }
        if expiryText != nil, (expiry ?? visit.now) <= visit.now {
            body.fault("expires_at", "must be an RFC 3339 time in the future")
        }
        let perMinute = body.integer("requests_per_minute", in: Self.requestsPerMinute)
        let atOnce = body.integer("max_concurrent", in: Self.maxConcurrent)
        let project = body.text("project")?.nfc
        if let project, !Self.isProject(project) {
            body.fault("project", "must have 1 to \(RemixValidation.projectLimit) printable characters")
        }
        let isBound = body.flag("project_bound") ?? false
        if isBound, project == nil {
            body.fault("project", "is required with project_bound: name the project that the key is bound to")
        }
        let inlinePolicies = body.flag("inline_policies") ?? false
        guard body.faults.isEmpty, let team, let role else { throw .invalid(body.faults) }
        let (key, record) = Self.make(
            team: team,
            project: project,
            isProjectBound: isBound,
            role: role,
            expiresAt: expiry,
            requestsPerMinute: perMinute,
            maxConcurrent: atOnce,
            inlinePolicies: inlinePolicies,
            now: visit.now
        )
        do throws(LedgerError) {
            let new = NewKey(record: record, hash: Crypto.sha256(Array(key.utf8)))
            try await ledger.createKey(new, by: visit.who.actor)
        } catch {
            if case .notFound = error { throw .invalid([RequestFault("team", "is not known; create it first")]) }
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

    private func listKeys(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let team = visit[Self.team]
        let keys = try await Problem.of { () async throws(LedgerError) in try await ledger.keys(team: team) }
        return try json(Keys(keys: keys))
    }

    private func revokeKey(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let missing = "There is no such key."
        let id = try visit.id(orMissing: missing)
        let isKnown = try await Problem.of { () async throws(LedgerError) in
            try await ledger.revokeKey(id, by: visit.who.actor, at: visit.now)
        }
        authenticator.forgetAll()
        guard isKnown else { throw Problem(.notFound, missing) }
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
