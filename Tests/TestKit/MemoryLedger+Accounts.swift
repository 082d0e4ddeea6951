package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func account(keyHash: [UInt8]) async throws(LedgerError) -> Account? {
        try with("account") { state in
            state.lookUps += 1
            guard let entry = state.keys.first(where: { $0.key.hash == keyHash && $0.revokedAt == nil }),
                let team = state.book.teams.first(where: { $0.name == entry.key.record.team })
            else { return nil }
            let record = entry.key.record
            return Account(
                teamID: team.id,
                team: team.name,
                keyID: record.id,
                role: record.role,
                project: record.project,
                expiresAt: record.expiresAt,
                requestsPerMinute: record.requestsPerMinute,
                maxConcurrent: record.maxConcurrent,
                inlinePolicies: record.inlinePolicies
            )
        }
    }

    package func createTeam(
        name: String,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> TeamRecord {
        try with("createTeam") { (state) throws(LedgerError) in
            guard !state.book.teams.contains(where: { $0.name == name }) else { throw .conflict("the name is taken") }
            let team = TeamRecord(id: Int64(state.book.teams.count + 1), name: name, createdAt: moment)
            state.book.teams.append(team)
            state.note(.created(team, by: actor, at: moment))
            return team
        }
    }

    package func teams() async throws(LedgerError) -> [TeamRecord] { try with("teams") { $0.book.teams } }

    package func createKey(_ key: NewKey, by actor: String) async throws(LedgerError) {
        try with("createKey") { (state) throws(LedgerError) in
            guard state.book.teams.contains(where: { $0.name == key.record.team }) else {
                throw .notFound("no such team")
            }
            state.keys.append((key, nil))
            state.note(.created(key.record, by: actor))
        }
    }

    package func keys(team: String?) async throws(LedgerError) -> [KeyRecord] {
        try with("keys") { state in
            state.keys.map(\.key.record).filter { team == nil || $0.team == team }
        }
    }

    package func revokeKey(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try with("revokeKey") { state in
            guard let index = state.keys.firstIndex(where: { $0.key.record.id == id }) else { return false }
            guard state.keys[index].revokedAt == nil else { return true }
            state.keys[index].revokedAt = moment
            state.note(.revoked(id, of: state.keys[index].key.record.team, by: actor, at: moment))
            return true
        }
    }
}
