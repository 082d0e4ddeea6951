package import EaselBase
package import EaselCore

/// Passed through: a shadow whose end could not be written is found by recovery.
extension JournaledLedger {
    package func startShadow(_ start: ShadowStart) async throws(LedgerError) -> Bool {
        try await base.startShadow(start)
    }

    package func noteShadowTask(_ start: ShadowStart, providerTaskID: String) async throws(LedgerError) {
        try await base.noteShadowTask(start, providerTaskID: providerTaskID)
    }

    package func endShadow(_ end: ShadowEnd) async throws(LedgerError) { try await base.endShadow(end) }

    package func openShadows(
        silentSince: Timestamp?,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> [OpenShadow] {
        try await base.openShadows(silentSince: silentSince, at: moment, limit: limit)
    }

    package func shadowReport(_ query: ShadowQuery) async throws(LedgerError) -> ShadowReport {
        try await base.shadowReport(query)
    }
}
