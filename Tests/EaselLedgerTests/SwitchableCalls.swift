import EaselBase
import EaselCore
import EaselLedger

/// The writes on a call's way, to a database that can be switched away.
struct SwitchableCalls: CallLedger, LedgerHealth {
    let base: PostgresLedger
    let isAway = Locked(false)

    init(_ base: PostgresLedger) { self.base = base }

    private func reach() throws(LedgerError) -> PostgresLedger {
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

    func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        try await reach().noteProviderTask(start, providerTaskID: providerTaskID)
    }

    func settle(_ settlement: Settlement) async throws(LedgerError) { try await reach().settle(settlement) }

    func resolve(_ resolution: LateResolution) async throws(LedgerError) { try await reach().resolve(resolution) }

    func ping() async throws(LedgerError) { try await reach().ping() }
}
