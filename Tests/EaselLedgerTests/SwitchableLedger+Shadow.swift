import EaselBase
import EaselCore
import EaselLedger

extension SwitchableLedger {
    func startShadow(_ start: ShadowStart) async throws(LedgerError) -> Bool { try await reach().startShadow(start) }
    func noteShadowTask(_ start: ShadowStart, providerTaskID: String) async throws(LedgerError) {
        try await reach().noteShadowTask(start, providerTaskID: providerTaskID)
    }
    func endShadow(_ end: ShadowEnd) async throws(LedgerError) { try await reach().endShadow(end) }
    func openShadows(
        silentSince: Timestamp?,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> [OpenShadow] {
        try await reach().openShadows(silentSince: silentSince, at: moment, limit: limit)
    }
    func shadowReport(_ query: ShadowQuery) async throws(LedgerError) -> ShadowReport {
        try await reach().shadowReport(query)
    }
}
