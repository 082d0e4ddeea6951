import EaselBase
import EaselCore
import Foundation

/// What must hold of every settlement, however the call went.
enum SettlementCheck {
    static func violations(
        _ settlement: Settlement,
        starts: [AttemptStart],
        ends: [UUID: AttemptEnd]
    ) -> [String] {
        var found: [String] = []
        let named = Set(settlement.attempts.map(\.start.attemptID))
        // One that was never sent may be written with its end only: the ledger was away when it was to begin.
        let begun = settlement.attempts.filter(\.sent).map(\.start.attemptID)
        if !Set(begun).isSubset(of: starts.map(\.attemptID)) {
            found.append("an attempt is settled that was not started")
        }
        let late = named.subtracting(starts.map(\.attemptID)).count
        if settlement.attemptCount != starts.count + late {
            found.append("the settlement counts \(settlement.attemptCount) of \(starts.count) attempts")
        }
        let pending = starts.filter { (ends[$0.attemptID]?.outcome ?? .pending) == .pending }
        if !pending.isEmpty { found.append("\(pending.count) attempts are still pending after the settlement") }
        let all = starts.compactMap { ends[$0.attemptID] }
        found += figures(cost: settlement.cost, estimated: settlement.estimated, all)
        if settlement.images.count(where: { !$0.withheld }) != settlement.imagesDelivered {
            found.append("the images on record are not those delivered")
        }
        if settlement.images.map(\.ordinal) != Array(1..<settlement.images.count + 1) {
            found.append("the images are counted \(settlement.images.map(\.ordinal))")
        }
        if !Set(settlement.images.map(\.attemptID)).isSubset(of: starts.map(\.attemptID)) {
            found.append("an image belongs to no attempt of the call")
        }
        return found
    }

    /// M6, and M1: what is not known is never zero.
    static func figures(cost: Money?, estimated: Money?, _ ends: [AttemptEnd]) -> [String] {
        var found: [String] = []
        let known = ends.compactMap(\.cost).reduce(.zero, +)
        let isComplete = ends.allSatisfy { $0.cost != nil }
        switch cost {
        case nil where isComplete: found.append("every attempt's cost is known and the call's is not (M6)")
        case let cost? where cost != known: found.append("the call costs \(cost.usd), its attempts \(known.usd) (M6)")
        case let cost? where cost == .zero && !isComplete: found.append("a cost that is not known is $0 (M1)")
        default: break
        }
        if let estimated, estimated > cost ?? .zero {
            found.append("more is estimated than it costs")
        }
        for end in ends where end.outcome == .unknown && end.cost == .zero {
            found.append("an unknown attempt costs $0 (M7)")
        }
        return found
    }
}
