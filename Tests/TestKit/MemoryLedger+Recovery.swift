package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func heartbeat(gatewayID: UUID, sign: GatewaySign, at moment: Timestamp) async throws(LedgerError) {
        try with("heartbeat") { $0.book.heartbeats[gatewayID] = moment }
    }

    package func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) async throws(LedgerError) -> [OrphanedCall] {
        try with("orphans") { state in
            state.book.orphans(of: gatewayIDs, silentSince: silentSince, after: last, limit: limit)
        }
    }

    package func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall] {
        try with("unknownAttempts") { $0.book.unknownAttempts(since: since, limit: limit) }
    }

    package func recentDurations(since: Timestamp, limit: Int) async throws(LedgerError) -> [RecentDurations] {
        try with("recentDurations") { $0.book.recentDurations(since: since, limit: limit) }
    }

    package func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        try with("resolve") { (state) throws(LedgerError) in
            if let call = state.calls[resolution.callID], call.settlement == nil {
                state.violations.append("a call is resolved that was never settled")
            }
            try state.book.resolve(resolution)
            state.events.append("resolve")
        }
    }
}
