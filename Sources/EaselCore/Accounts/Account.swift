package import EaselBase
package import Foundation

/// Who is asking: a key and the team it belongs to.
package struct Account: Sendable, Hashable {
    package enum Role: String, Sendable, Hashable, Codable, CaseIterable { case member, admin }

    package let teamID: Int64
    package let team: String
    package let keyID: UUID
    package let role: Role
    /// The project that the key's calls belong to unless they name another.
    package let project: String?
    /// Whether they may name no other.
    package let isProjectBound: Bool
    /// The projects that the team has, one of which each call must name; nil: any name will do, or none.
    package let knownProjects: [String]?
    package let expiresAt: Timestamp?
    package let requestsPerMinute: Int?
    package let maxConcurrent: Int?
    package let inlinePolicies: Bool

    package init(
        teamID: Int64,
        team: String,
        keyID: UUID,
        role: Role,
        project: String? = nil,
        isProjectBound: Bool = false,
        knownProjects: [String]? = nil,
        expiresAt: Timestamp? = nil,
        requestsPerMinute: Int? = nil,
        maxConcurrent: Int? = nil,
        inlinePolicies: Bool = false
    ) {
        self.teamID = teamID
        self.team = team
        self.keyID = keyID
        self.role = role
        self.project = project
        self.isProjectBound = isProjectBound
        self.knownProjects = knownProjects
        self.expiresAt = expiresAt
        self.requestsPerMinute = requestsPerMinute
        self.maxConcurrent = maxConcurrent
        self.inlinePolicies = inlinePolicies
    }
}

/// A team as lists show it.
package struct TeamRecord: Sendable, Hashable, Codable {
    package let id: Int64
    package let name: String
    package let createdAt: Timestamp
    /// Whether calls without a known price pass the team's hard budgets.
    package let allowsUnpriced: Bool
    /// The projects that its calls may count for; nil: any.
    package let knownProjects: [String]?

    package init(
        id: Int64,
        name: String,
        createdAt: Timestamp,
        allowsUnpriced: Bool = false,
        knownProjects: [String]? = nil
    ) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        self.allowsUnpriced = allowsUnpriced
        self.knownProjects = knownProjects
    }

    private enum CodingKeys: String, CodingKey {
        case id, name
        case createdAt = "created_at"
        case allowsUnpriced = "allow_unpriced"
        case knownProjects = "known_projects"
    }
}

/// What an operator wants to be different about a team; what is nil stays as it was.
package struct TeamChange: Sendable, Hashable {
    package enum Projects: Sendable, Hashable {
        case any
        /// One at least, in NFC.
        case only([String])
    }

    package var allowsUnpriced: Bool?
    package var projects: Projects?

    package init(allowsUnpriced: Bool? = nil, projects: Projects? = nil) {
        self.allowsUnpriced = allowsUnpriced
        self.projects = projects
    }
}

/// A key as lists show it: never the key itself (S1).
package struct KeyRecord: Sendable, Hashable, Codable {
    package let id: UUID
    package let team: String
    /// The first characters of the key, to recognise it by.
    package let prefix: String
    package let role: Account.Role
    package let project: String?
    package let isProjectBound: Bool
    package let createdAt: Timestamp
    package let expiresAt: Timestamp?
    package let revokedAt: Timestamp?
    package let requestsPerMinute: Int?
    package let maxConcurrent: Int?
    package let inlinePolicies: Bool

    package init(
        id: UUID,
        team: String,
        prefix: String,
        role: Account.Role,
        project: String?,
        isProjectBound: Bool = false,
        createdAt: Timestamp,
        expiresAt: Timestamp?,
        revokedAt: Timestamp?,
        requestsPerMinute: Int?,
        maxConcurrent: Int?,
        inlinePolicies: Bool
    ) {
        self.id = id
        self.team = team
        self.prefix = prefix
        self.role = role
        self.project = project
        self.isProjectBound = isProjectBound
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.requestsPerMinute = requestsPerMinute
        self.maxConcurrent = maxConcurrent
        self.inlinePolicies = inlinePolicies
    }

    /// Ids are lower case everywhere, so that they compare as text.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id.text, forKey: .id)
        try container.encode(team, forKey: .team)
        try container.encode(prefix, forKey: .prefix)
        try container.encode(role, forKey: .role)
        try container.encode(project, forKey: .project)
        try container.encode(isProjectBound, forKey: .isProjectBound)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(expiresAt, forKey: .expiresAt)
        try container.encode(revokedAt, forKey: .revokedAt)
        try container.encode(requestsPerMinute, forKey: .requestsPerMinute)
        try container.encode(maxConcurrent, forKey: .maxConcurrent)
        try container.encode(inlinePolicies, forKey: .inlinePolicies)
    }

    private enum CodingKeys: String, CodingKey {
        case id, team, prefix, role, project
        case isProjectBound = "project_bound"
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case revokedAt = "revoked_at"
        case requestsPerMinute = "requests_per_minute"
        case maxConcurrent = "max_concurrent"
        case inlinePolicies = "inline_policies"
    }
}

/// What is written when a key is made: the hash stands for the key (S1).
package struct NewKey: Sendable {
    package let record: KeyRecord
    /// SHA-256 of the whole key.
    package let hash: [UInt8]

    package init(record: KeyRecord, hash: [UInt8]) {
        self.record = record
        self.hash = hash
    }
}
