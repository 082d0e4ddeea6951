package import EaselBase
package import EaselCore
package import Foundation

/// Teams and their keys, by the rules of PostgreSQL.
extension MemoryBook {
    /// By their names.
    package var teamsByName: [TeamRecord] { teams.sorted { $0.name < $1.name } }

    private func place(of team: String) -> Int? { teams.firstIndex { $0.name == team } }

    /// Nil for a key that is unknown, revoked, or over at that moment.
    package func account(keyHash: [UInt8], at moment: Timestamp) -> Account? {
        let key = accountKeys.first { $0.hash == keyHash && $0.record.revokedAt == nil }?.record
        guard let key, key.expiresAt.map({ $0 > moment }) ?? true, let place = place(of: key.team) else { return nil }
        return Account(
            teamID: teams[place].id,
            team: key.team,
            keyID: key.id,
            role: key.role,
            project: key.project,
            isProjectBound: key.isProjectBound,
            knownProjects: teams[place].knownProjects,
            expiresAt: key.expiresAt,
            requestsPerMinute: key.requestsPerMinute,
            maxConcurrent: key.maxConcurrent,
            inlinePolicies: key.inlinePolicies
        )
    }

    /// - Throws: `.conflict` when the name is taken.
    package mutating func createTeam(name: String, at moment: Timestamp) throws(LedgerError) -> TeamRecord {
        guard place(of: name) == nil else { throw .conflict("there is a team named \(name) already") }
        let team = TeamRecord(id: (teams.map(\.id).max() ?? 0) + 1, name: name, createdAt: moment)
        teams.append(team)
        return team
    }

    /// - Throws: `.notFound` when there is no such team.
    package mutating func changeTeam(_ name: String, _ change: TeamChange) throws(LedgerError) -> TeamRecord {
        guard let place = place(of: name) else { throw .notFound("there is no team named \(name)") }
        let old = teams[place]
        let projects: [String]? =
            switch change.projects {
            case .any: nil
            case .only(let names): names
            case nil: old.knownProjects
            }
        teams[place] = TeamRecord(
            id: old.id,
            name: name,
            createdAt: old.createdAt,
            allowsUnpriced: change.allowsUnpriced ?? old.allowsUnpriced,
            knownProjects: projects
        )
        termsVersion += 1
        return teams[place]
    }

    /// - Throws: `.notFound` when there is no such team.
    package mutating func createKey(_ key: NewKey) throws(LedgerError) {
        guard place(of: key.record.team) != nil else { throw .notFound("there is no team named \(key.record.team)") }
        accountKeys.append(key)
    }

    /// In the order in which they were made. Nil: of every team.
    package func keys(team: String?) -> [KeyRecord] {
        accountKeys.map(\.record).filter { team == nil || $0.team == team }
            .sorted { ($0.createdAt, $0.id.text) < ($1.createdAt, $1.id.text) }
    }

    /// False when there is no such key; revoking twice is once.
    package mutating func revokeKey(_ id: UUID, at moment: Timestamp) -> Bool {
        guard let place = accountKeys.firstIndex(where: { $0.record.id == id }) else { return false }
        let (old, hash) = (accountKeys[place].record, accountKeys[place].hash)
        let record = KeyRecord(
            id: old.id,
            team: old.team,
            prefix: old.prefix,
            role: old.role,
            project: old.project,
            isProjectBound: old.isProjectBound,
            createdAt: old.createdAt,
            expiresAt: old.expiresAt,
            revokedAt: old.revokedAt ?? moment,
            requestsPerMinute: old.requestsPerMinute,
            maxConcurrent: old.maxConcurrent,
            inlinePolicies: old.inlinePolicies
        )
        accountKeys[place] = NewKey(record: record, hash: hash)
        return true
    }
}
