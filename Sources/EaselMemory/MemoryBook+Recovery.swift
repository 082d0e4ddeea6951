package import EaselBase
package import EaselCore
package import Foundation

extension MemoryBook {
    package func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) -> [OrphanedCall] {
        let found = order.compactMap { calls[$0] }.filter { entry in
            let admission = entry.admission
            guard entry.settlement == nil else { return false }
            if gatewayIDs.contains(admission.gatewayID) { return true }
            guard let silentSince else { return false }
            return isSilent(admission.gatewayID, since: silentSince, begun: admission.receivedAt)
                || admission.leaseEndsAt < silentSince
        }
        let passed = last.map { Self.place($0.receivedAt, $0.callID) }
        return found.map { (place: Self.place($0.admission.receivedAt, $0.admission.callID), entry: $0) }
            .filter { call in passed.map { $0 < call.place } ?? true }
            .sorted { $0.place < $1.place }
            .prefix(limit).map(\.entry.orphaned)
    }

    package func unknownAttempts(since: Timestamp, limit: Int) -> [OrphanedCall] {
        let found = order.compactMap { calls[$0] }.filter { entry in
            entry.settlement != nil && entry.starts.contains { $0.startedAt >= since && entry.isOpen($0) }
        }
        return found.prefix(limit).map(\.orphaned)
    }

    package func recentDurations(since: Timestamp, limit: Int) -> [RecentDurations] {
        let recent = order.reversed().compactMap { calls[$0] }
            .filter { $0.admission.receivedAt >= since && [.succeeded, .partial].contains($0.status) }
        return RecentDurations.gathered(
            recent.prefix(limit).flatMap { entry in
                let speed = entry.admission.parameters["rendering_speed"]?.stringValue
                    .flatMap { RenderingSpeed(rawValue: $0) }
                return entry.ends.values.filter { $0.outcome == .succeeded }
                    .sorted { $0.start.ordinal > $1.start.ordinal }
                    .compactMap { end in
                        end.timings.total.map {
                            RecentDurations.Sample(
                                provider: end.start.provider,
                                model: entry.admission.model,
                                speed: speed ?? .default,
                                duration: $0
                            )
                        }
                    }
            }
        )
    }

    private static func place(_ receivedAt: Timestamp, _ id: UUID) -> (Timestamp, String) { (receivedAt, id.text) }

    /// Whether a gateway that began something before `since` has not been heard of since then.
    func isSilent(_ gatewayID: UUID, since: Timestamp, begun: Timestamp) -> Bool {
        (heartbeats[gatewayID] ?? Timestamp(microseconds: 0)) < since && begun < since
    }
}
