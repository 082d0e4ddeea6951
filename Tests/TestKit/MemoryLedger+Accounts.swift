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

    package func createTeam(name: String, at moment: Timestamp) async throws(LedgerError) -> TeamRecord {
        try with("createTeam") { (state) throws(LedgerError) in try state.book.createTeam(name: name, at: moment) }
    }

    package func teams() async throws(LedgerError) -> [TeamRecord] { try with("teams") { $0.book.teamsByName } }

    package func changeTeam(_ name: String, _ change: TeamChange) async throws(LedgerError) -> TeamRecord {
        try with("setTeam") { (state) throws(LedgerError) in try state.book.changeTeam(name, change) }
    }

    package func createKey(_ key: NewKey) async throws(LedgerError) {
        try with("createKey") { (state) throws(LedgerError) in try state.book.createKey(key) }
    }

    package func keys(team: String?) async throws(LedgerError) -> [KeyRecord] {
        try with("keys") { $0.book.keys(team: team) }
    }

    package func revokeKey(_ id: UUID, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try with("revokeKey") { $0.book.revokeKey(id, at: moment) }
    }
}
