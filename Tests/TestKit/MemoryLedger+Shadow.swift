package import EaselBase
package import EaselCore
package import EaselMemory

extension MemoryShadow {
    var summary: ShadowSummary {
        ShadowSummary(
            shadowID: start.shadowID,
            provider: start.provider,
            startedAt: start.startedAt,
            outcome: end?.end.outcome ?? .pending,
            reason: end?.end.reason,
            errorCode: end?.end.errorCode,
            imagesAsked: start.imagesAsked,
            imagesReturned: end?.end.imagesReturned ?? 0,
            charge: Cost.Recorded(end?.end.charge),
            totalMs: end?.end.timings.total.map { Int($0.milliseconds) }
        )
    }
}

extension MemoryLedger {
    /// The shadows that were started, in order.
    package var shadows: [MemoryShadow] { state.withLock(\.book.shadows) }

    package func startShadow(_ start: ShadowStart) async throws(LedgerError) -> Bool {
        try with("startShadow") { state in
            if UUIDv7.moment(of: start.shadowID) != start.startedAt {
                state.violations.append("a shadow's id does not tell its time (L1)")
            }
            if state.calls[start.callID] == nil { state.violations.append("a shadow without a call") }
            let before = state.book.shadows.count
            let isStarted = state.book.startShadow(start)
            if state.book.shadows.count > before { state.events.append("shadow") }
            return isStarted
        }
    }

    package func noteShadowTask(_ start: ShadowStart, providerTaskID: String) async throws(LedgerError) {
        try with("noteShadowTask") { state in
            if !state.book.shadows.contains(where: { $0.start.shadowID == start.shadowID }) {
                state.violations.append("a task was noted of a shadow that never began")
            }
            state.book.noteShadowTask(start, providerTaskID: providerTaskID)
        }
    }

    package func endShadow(_ end: ShadowEnd) async throws(LedgerError) {
        try with("endShadow") { state in
            if state.book.endShadow(end) { state.events.append("shadow_end") }
        }
    }

    package func openShadows(
        silentSince: Timestamp?,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> [OpenShadow] {
        try with("openShadows") { $0.book.openShadows(silentSince: silentSince, at: moment, limit: limit) }
    }

    package func shadowReport(_ query: ShadowQuery) async throws(LedgerError) -> ShadowReport {
        try with("shadowReport") { state in
            var rows: [[String]: ShadowReport.Row] = [:]
            for shadow in state.book.shadows {
                let start = shadow.start
                guard start.receivedAt >= query.from, start.receivedAt < query.to,
                    query.teamID == nil || query.teamID == start.teamID,
                    query.policy == nil || query.policy == start.policy, let entry = state.calls[start.callID]
                else { continue }
                let primary = entry.starts.first?.provider ?? ""
                var row =
                    rows[[start.policy, start.model.rawValue, primary, start.provider]]
                    ?? ShadowReport.Row(
                        policy: start.policy,
                        model: start.model.rawValue,
                        primaryProvider: primary,
                        shadowProvider: start.provider
                    )
                if let end = shadow.end, let settlement = entry.settlement {
                    row.compared += 1
                    Self.add(end.end, end.flags, to: &row.shadow)
                    if let first = entry.starts.first, let attempt = entry.ends[first.attemptID] {
                        let images = settlement.images.filter { $0.attemptID == first.attemptID }
                        Self.add(attempt, Self.flags(images), to: &row.primary)
                    }
                } else {
                    row.pending += 1
                }
                rows[[start.policy, start.model.rawValue, primary, start.provider]] = row
            }
            let sorted = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            return ShadowReport(query: query, rows: sorted.map(\.value))
        }
    }

    private static func flags(_ images: [ImageRecord]) -> ImageFlags {
        var flags = ImageFlags()
        flags.withheld = images.count(where: \.withheld)
        flags.nsfw = images.count { $0.nsfw == true }
        flags.nsfwChecked = images.count { $0.nsfw != nil }
        flags.copyrightChecked = images.count { $0.copyright != .notRequested }
        flags.copyrightFlagged = images.count { $0.copyright == .flagged }
        flags.copyrightUndetermined = images.count { $0.copyright == .undetermined }
        return flags
    }

    /// Without what is no sum: percentiles and the cost of an image.
    private static func add(_ end: AttemptEnd, _ flags: ImageFlags, to side: inout ShadowSide) {
        switch end.outcome {
        case .pending: break
        case .succeeded: side.count(.succeeded)
        case .partial: side.count(.partial)
        case .refused: side.count(.refused)
        case .failed: side.count(.failed)
        case .unknown: side.count(.unknown)
        }
        side.count(.imagesAsked, end.start.imagesAsked)
        side.count(.images, end.imagesReturned - flags.withheld)
        side.count(.withheld, flags.withheld)
        if let cost = end.cost {
            side[money: .cost] = (side[money: .cost] ?? .zero) + cost
            let estimated = end.costBasis == .provider ? .zero : cost
            side[money: .estimated] = (side[money: .estimated] ?? .zero) + estimated
        } else {
            side.count(.unpriced)
        }
        side.count(.nsfwImages, flags.nsfw)
        side.count(.nsfwChecked, flags.nsfwChecked)
        side.count(.copyrightChecked, flags.copyrightChecked)
        side.count(.copyrightFlagged, flags.copyrightFlagged)
        side.count(.copyrightUndetermined, flags.copyrightUndetermined)
    }
}
