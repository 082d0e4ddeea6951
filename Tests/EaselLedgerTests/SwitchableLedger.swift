import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit

/// A ledger whose database can be switched away.
struct SwitchableLedger: Ledger {
    let base: PostgresLedger
    let isAway = Locked(false)

    init(_ base: PostgresLedger) { self.base = base }

    func reach() throws(LedgerError) -> PostgresLedger {
        if isAway.withLock(\.self) { throw .unavailable("switched away") }
        return base
    }

    func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        try await reach().admit(admission)
    }
    func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        try await reach().startAttempts(starts, ended: ended, hold: hold)
    }
    func idempotentCall(
        teamID: Int64,
        key: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> IdempotentCall? {
        try await reach().idempotentCall(teamID: teamID, key: key, at: moment)
    }
    func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        try await reach().noteProviderTask(start, providerTaskID: providerTaskID)
    }
    func settle(_ settlement: Settlement) async throws(LedgerError) { try await reach().settle(settlement) }
    func resolve(_ resolution: LateResolution) async throws(LedgerError) { try await reach().resolve(resolution) }
    func heartbeat(gatewayID: UUID, sign: GatewaySign, at moment: Timestamp) async throws(LedgerError) {
        try await reach().heartbeat(gatewayID: gatewayID, sign: sign, at: moment)
    }
    func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) async throws(LedgerError) -> [OrphanedCall] {
        try await reach().orphans(of: gatewayIDs, silentSince: silentSince, after: last, limit: limit)
    }
    func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall] {
        try await reach().unknownAttempts(since: since, limit: limit)
    }
    func account(keyHash: [UInt8]) async throws(LedgerError) -> Account? {
        try await reach().account(keyHash: keyHash)
    }
    func createTeam(name: String, at moment: Timestamp) async throws(LedgerError) -> TeamRecord {
        try await reach().createTeam(name: name, at: moment)
    }
    func teams() async throws(LedgerError) -> [TeamRecord] { try await reach().teams() }
    func createKey(_ key: NewKey) async throws(LedgerError) { try await reach().createKey(key) }
    func keys(team: String?) async throws(LedgerError) -> [KeyRecord] { try await reach().keys(team: team) }
    func revokeKey(_ id: UUID, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try await reach().revokeKey(id, at: moment)
    }
    func call(_ id: UUID, teamID: Int64?) async throws(LedgerError) -> CallDetail? {
        try await reach().call(id, teamID: teamID)
    }
    func calls(_ query: CallQuery) async throws(LedgerError) -> [CallDetail] { try await reach().calls(query) }
    func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport { try await reach().usage(query) }
    func redact(_ redaction: Redaction) async throws(LedgerError) -> Int { try await reach().redact(redaction) }
    func attempts(_ query: UsageQuery) async throws(LedgerError) -> AttemptReport {
        try await reach().attempts(query)
    }
    func providerSpend(since: Timestamp) async throws(LedgerError) -> [String: Money] {
        try await reach().providerSpend(since: since)
    }
    func recentDurations(since: Timestamp, limit: Int) async throws(LedgerError) -> [RecentDurations] {
        try await reach().recentDurations(since: since, limit: limit)
    }
    func ping() async throws(LedgerError) { try await reach().ping() }
}
