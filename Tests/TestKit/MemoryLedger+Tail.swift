package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

extension MemoryLedger {
    package func endedCalls(
        since: Timestamp,
        without known: [UUID],
        limit: Int
    ) async throws(LedgerError) -> [EndedCall] {
        try with("endedCalls") { state in
            let ended = state.order.compactMap { id -> EndedCall? in
                guard let call = state.calls[id], let settlement = call.settlement, !known.contains(id) else {
                    return nil
                }
                return EndedCall(
                    callID: id,
                    teamID: settlement.teamID,
                    team: state.book.teams.first { $0.id == settlement.teamID }?.name ?? "",
                    receivedAt: settlement.receivedAt,
                    settledAt: settlement.settledAt,
                    status: settlement.status,
                    model: call.admission.model,
                    provider: settlement.provider,
                    cost: settlement.cost,
                    images: settlement.imagesDelivered,
                    latencyMs: Int(settlement.latency.milliseconds),
                    failover: settlement.failover,
                    hasNSFW: settlement.images.contains { $0.nsfw == true },
                    hasCopyright: settlement.images.contains { $0.copyright == .flagged }
                )
            }
            return Array(
                ended.filter { $0.settledAt >= since }.sorted {
                    ($0.settledAt, $0.callID.text) < ($1.settledAt, $1.callID.text)
                }
                .prefix(limit)
            )
        }
    }
}
