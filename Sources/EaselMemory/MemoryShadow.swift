package import EaselBase
package import EaselCore

/// A shadow and its end, as far as it is known.
package struct MemoryShadow: Sendable {
    package let start: ShadowStart
    package fileprivate(set) var end: ShadowEnd?
    package fileprivate(set) var note: String?

    /// What it holds of its day's budget.
    package var held: Money { end?.end.cost ?? start.bound }
}

extension MemoryBook {
    /// False: the day's budget does not take it.
    package mutating func startShadow(_ start: ShadowStart) -> Bool {
        if place(of: start) != nil { return true }
        let gone = forgottenShadows[ShadowDay(policy: start.policy, start: start.windowStart)] ?? .zero
        let spent = shadows.filter { $0.start.policy == start.policy && $0.start.windowStart == start.windowStart }
            .reduce(gone) { $0 + $1.held }
        guard spent + start.bound <= start.dailyBudget else { return false }
        shadows.append(MemoryShadow(start: start))
        return true
    }

    package mutating func noteShadowTask(_ start: ShadowStart, providerTaskID: String) {
        guard let place = place(of: start) else { return }
        shadows[place].note = shadows[place].note ?? providerTaskID
    }

    /// What is known of a cost is not overwritten by less; the end of one that never began is nothing.
    @discardableResult
    package mutating func endShadow(_ end: ShadowEnd) -> Bool {
        guard let place = place(of: end.start) else { return false }
        if let known = shadows[place].end?.end, known.cost != nil,
            known.costBasis != .unknown || end.end.costBasis == .unknown
        {
            return false
        }
        shadows[place].end = end
        return true
    }

    package func openShadows(silentSince: Timestamp?, at moment: Timestamp, limit: Int) -> [OpenShadow] {
        let open = shadows.filter { shadow in
            if let end = shadow.end { return end.end.cost == nil }
            if shadow.start.leaseEndsAt < moment { return true }
            return silentSince.map {
                isSilent(shadow.start.gatewayID, since: $0, begun: shadow.start.startedAt)
            } ?? false
        }
        return open.prefix(limit).map { shadow in
            OpenShadow(
                start: shadow.start,
                outcome: shadow.end?.end.outcome ?? .pending,
                providerTaskID: shadow.note ?? shadow.end?.end.providerTaskID ?? shadow.start.providerTaskID
            )
        }
    }

    private func place(of start: ShadowStart) -> Int? { shadows.firstIndex { $0.start.shadowID == start.shadowID } }
}
