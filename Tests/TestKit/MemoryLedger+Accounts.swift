package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func account(keyHash: [UInt8]) async throws(LedgerError) -> Account? {
        try with("account") { state in
            state.lookUps += 1
            return state.book.account(keyHash: keyHash, at: time.now)
        }
    }

    package func createTeam(
        name: String,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> TeamRecord {
        try with("createTeam") { (state) throws(LedgerError) in
            let team = try state.book.createTeam(name: name, at: moment)
            state.note(.created(team, by: actor, at: moment))
            return team
        }
    }

    package func teams() async throws(LedgerError) -> [TeamRecord] { try with("teams") { $0.book.teamsByName } }

    package func changeTeam(
        _ name: String,
        _ change: TeamChange,
        by actor: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> TeamRecord {
        try with("setTeam") { (state) throws(LedgerError) in
            let old = state.book.teams.first { $0.name == name }
            let team = try state.book.changeTeam(name, change)
            if let old { state.note(.changed(old, team, by: actor, at: moment)) }
            return team
        }
    }

    package func createKey(_ key: NewKey, by actor: String) async throws(LedgerError) {
        try with("createKey") { (state) throws(LedgerError) in
            try state.book.createKey(key)
            state.note(.created(key.record, by: actor))
        }
    }

    package func keys(team: String?) async throws(LedgerError) -> [KeyRecord] {
        try with("keys") { $0.book.keys(team: team) }
    }

    package func revokeKey(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try with("revokeKey") { state in
            guard let old = state.book.keys(team: nil).first(where: { $0.id == id }) else { return false }
            if old.revokedAt == nil { state.note(.revoked(id, of: old.team, by: actor, at: moment)) }
            return state.book.revokeKey(id, at: moment)
        }
    }
}
