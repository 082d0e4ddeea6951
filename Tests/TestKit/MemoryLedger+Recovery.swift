package import EaselBase
package import EaselCore
package import Foundation

extension MemoryLedger {
    package func heartbeat(gatewayID: UUID, sign: GatewaySign, at moment: Timestamp) async throws(LedgerError) {
        try with("heartbeat") { $0.heartbeats[gatewayID] = moment }
    }

    package func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) async throws(LedgerError) -> [OrphanedCall] {
        try with("orphans") { state in
            let found = state.order.compactMap { state.calls[$0] }.filter { entry in
                guard entry.settlement == nil else { return false }
                if gatewayIDs.contains(entry.admission.gatewayID) { return true }
                let seen = state.heartbeats[entry.admission.gatewayID] ?? Timestamp(microseconds: 0)
                return silentSince.map { seen < $0 && entry.admission.receivedAt < $0 } ?? false
            }
            let passed = last.flatMap { state.order.firstIndex(of: $0.callID) } ?? -1
            let rest = found.filter { state.order.firstIndex(of: $0.admission.callID) ?? -1 > passed }
            return rest.prefix(limit).map(Self.orphan)
        }
    }

    package func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall] {
        try with("unknownAttempts") { state in
            let found = state.order.compactMap { state.calls[$0] }.filter { entry in
                entry.settlement != nil
                    && entry.ends.values.contains { $0.outcome == .unknown && $0.start.startedAt >= since }
            }
            return found.prefix(limit).map(Self.orphan)
        }
    }

    package func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        try with("resolve") { (state) throws(LedgerError) in
            guard var entry = state.calls[resolution.callID] else { throw .notFound("no call to resolve") }
            if entry.settlement == nil { state.violations.append("a call is resolved that was never settled") }
            for end in resolution.ends { entry.ends[end.start.attemptID] = end }
            entry.resolution = resolution
            let open = entry.ends.values.filter { $0.outcome == .unknown && $0.cost == nil }
            entry.held = open.isEmpty ? nil : Money.sum(open.map(\.start.bound))
            entry.holdsImages = open.reduce(0) { $0 + $1.start.imagesAsked }
            state.events.append("resolve")
            state.calls[resolution.callID] = entry
        }
    }

    private static func orphan(_ entry: Entry) -> OrphanedCall {
        OrphanedCall(
            callID: entry.admission.callID,
            teamID: entry.admission.teamID,
            receivedAt: entry.admission.receivedAt,
            model: entry.admission.model,
            imagesRequested: entry.admission.imagesRequested,
            copyrightDetection: entry.admission.parameters["copyright_detection"]?.boolValue ?? false,
            status: entry.settlement?.status ?? .inProgress,
            attempts: entry.starts.map { start in
                let end = entry.ends[start.attemptID]
                return OrphanedAttempt(
                    start: start,
                    outcome: end?.outcome ?? .pending,
                    providerTaskID: entry.notes[start.attemptID] ?? end?.providerTaskID,
                    cost: end?.cost,
                    costBasis: end?.costBasis,
                    reason: end?.reason,
                    errorCode: end?.errorCode
                )
            }
        )
    }
}
