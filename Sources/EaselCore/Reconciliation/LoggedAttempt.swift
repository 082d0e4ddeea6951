package import EaselBase
package import Foundation

/// Why the log's figure of an attempt may be another than the provider's, the likelier reasons first.
package enum Doubt: String, Sendable, Hashable, Codable, CaseIterable {
    /// It ran at a UTC midnight, or close to one: the provider may count it for the day beside.
    case crossedMidnight = "crossed_midnight"
    /// Its cost is not known; the log has none for it (M1).
    case unknown
    /// Nobody could tell what it cost, so it stands in the log at its upper bound (M7).
    case postedAtBound = "posted_at_bound"
    /// It was sent and failed, which costs nothing by rule; the provider did not say so.
    case assumedFree = "assumed_free"
    /// Its cost is from the price book, not from the provider.
    case estimated
}

/// By how much the true cost may lie below (never above zero) and above (never below zero) what the log says.
package struct CostRoom: Sendable, Hashable {
    package var lowest: Money
    /// Nil: nobody can say, for there was no price.
    package var highest: Money?

    package static let none = CostRoom(lowest: .zero, highest: .zero)

    package init(lowest: Money, highest: Money?) {
        self.lowest = lowest
        self.highest = highest
    }

    package static func + (left: CostRoom, right: CostRoom) -> CostRoom {
        CostRoom(lowest: left.lowest + right.lowest, highest: Money.sum([left.highest, right.highest]))
    }

    package func contains(_ difference: Money) -> Bool {
        difference >= lowest && (highest.map { difference <= $0 } ?? true)
    }
}

/// An attempt that was sent, as a comparison with the provider's figures sees it.
package struct LoggedAttempt: Sendable, Hashable, MaybeCharged {
    /// How close to a midnight an attempt may be counted for the other day: clocks differ, and a provider may count by
    /// the time at which it took the task or finished it.
    package static let midnightSlack = Duration.seconds(300)
    /// The longest that an attempt is taken to have run; what is found out later than that was over long before.
    package static let longestRun = Duration.seconds(3600)

    package let attemptID: UUID
    package let callID: UUID
    /// The provider's name of the model.
    package let model: String
    package let startedAt: Timestamp
    package let endedAt: Timestamp?
    package let images: Int
    package let charge: Cost.Recorded
    package let bound: Money?

    package init(
        attemptID: UUID,
        callID: UUID,
        model: String,
        startedAt: Timestamp,
        endedAt: Timestamp?,
        images: Int,
        charge: Cost.Recorded,
        bound: Money?
    ) {
        self.attemptID = attemptID
        self.callID = callID
        self.model = model
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.images = images
        self.charge = charge
        self.bound = bound
    }

    package var day: CivilDay { CivilDay(of: startedAt) }

    /// What is open about its cost; nil when the provider told it.
    package var doubt: Doubt? {
        guard let cost else { return .unknown }
        switch costBasis {
        case .provider: return nil
        case .priceBook, nil: return cost == .zero ? .assumedFree : .estimated
        case .unknown: return .postedAtBound
        }
    }

    /// How far off the log may be; none when the provider told the cost.
    package var room: CostRoom {
        guard let doubt else { return .none }
        let cost = cost ?? .zero
        switch doubt {
        case .unknown, .assumedFree: return CostRoom(lowest: .zero, highest: bound)
        case .estimated, .postedAtBound, .crossedMidnight:
            // The upper bound of the plan: a provider that charged more is not explained by an estimate.
            return CostRoom(lowest: .zero - cost, highest: max(bound ?? cost, cost) - cost)
        }
    }

    /// The day beside its own for which the provider may count it.
    package var neighbour: CivilDay? {
        if cost == .zero { return nil }
        let end = min(max(endedAt ?? startedAt, startedAt), startedAt + Self.longestRun)
        if end + Self.midnightSlack >= day.end { return day.next }
        return startedAt < day.start + Self.midnightSlack ? day.previous : nil
    }
}

/// What the log says of one day and model of a provider, of attempts that were sent.
package struct ReconciliationSum: Sendable, Hashable {
    /// The attempts that share a doubt, taken together.
    package struct Open: Sendable, Hashable {
        package var doubt: Doubt
        package var attempts: Int
        package var room: CostRoom

        package init(doubt: Doubt, attempts: Int, room: CostRoom) {
            self.doubt = doubt
            self.attempts = attempts
            self.room = room
        }
    }

    package var day: CivilDay
    /// The provider's name of the model.
    package var model: String
    /// Known costs, estimates included.
    package var known: Money
    /// The part of `known` that no provider confirmed.
    package var estimated: Money
    package var requests: Int
    package var images: Int
    /// By doubt, in the order of `Doubt`; without `crossedMidnight`.
    package var open: [Open]

    package init(
        day: CivilDay,
        model: String,
        known: Money,
        estimated: Money,
        requests: Int,
        images: Int,
        open: [Open]
    ) {
        self.day = day
        self.model = model
        self.known = known
        self.estimated = estimated
        self.requests = requests
        self.images = images
        self.open = open
    }

    /// The sums of attempts by day and model, in this order: what a ledger has to answer.
    package static func sums(of attempts: [LoggedAttempt]) -> [ReconciliationSum] {
        struct Key: Hashable {
            let day: CivilDay
            let model: String
        }
        return Dictionary(grouping: attempts) { Key(day: $0.day, model: $0.model) }.map { key, attempts in
            let byDoubt = Dictionary(grouping: attempts) { $0.doubt }
            return ReconciliationSum(
                day: key.day,
                model: key.model,
                known: attempts.compactMap(\.cost).reduce(.zero, +),
                estimated: attempts.filter { $0.costBasis != .provider }.compactMap(\.cost).reduce(.zero, +),
                requests: attempts.count,
                images: attempts.reduce(0) { $0 + $1.images },
                open: Doubt.allCases.compactMap { doubt in
                    byDoubt[doubt].map { part in
                        Open(doubt: doubt, attempts: part.count, room: part.reduce(.none) { $0 + $1.room })
                    }
                }
            )
        }
        .sorted { ($0.day, $0.model) < ($1.day, $1.model) }
    }
}
