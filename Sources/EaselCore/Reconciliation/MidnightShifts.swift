import EaselBase

/// What may have been counted on the other side of one midnight: the amounts that attempts close to it add up to.
///
/// A positive amount goes from the earlier day to the later one.
struct MidnightShifts {
    /// Sums that are kept apart. Beyond it some are missed, and a difference stays unexplained that need not.
    static let mostSums = 4096
    /// Attempts that are looked at.
    static let mostAttempts = 1000

    private struct Step {
        let before: Int64
        let attempt: LoggedAttempt
    }

    private var steps: [Int64: Step] = [:]
    /// Every amount that can be made up, zero included, nearest to zero first.
    private(set) var amounts: [Int64] = [0]

    /// - Parameter attempts: those with a known cost that may be counted for the day at the other side.
    init(_ attempts: [LoggedAttempt]) {
        var reached: [Int64] = [0]
        for attempt in attempts.prefix(Self.mostAttempts) {
            guard let cost = attempt.cost, cost > .zero, let neighbour = attempt.neighbour else { continue }
            let moved = neighbour > attempt.day ? cost.nanodollars : -cost.nanodollars
            for amount in reached {
                let (sum, overflows) = amount.addingReportingOverflow(moved)
                // A sum was first reached by attempts before this one, so the steps never lead in a circle.
                guard !overflows, sum != 0, steps[sum] == nil, reached.count < Self.mostSums else { continue }
                steps[sum] = Step(before: amount, attempt: attempt)
                reached.append(sum)
            }
        }
        amounts = reached.sorted { ($0.magnitude, $0) < ($1.magnitude, $1) }
    }

    /// The attempts whose costs make up an amount.
    func attempts(for amount: Int64) -> [LoggedAttempt] {
        var found: [LoggedAttempt] = []
        var amount = amount
        while let step = steps[amount] {
            found.append(step.attempt)
            amount = step.before
        }
        return found
    }
}

/// The days of one model in a row: finds amounts moved over midnights so that as few days as possible stay unexplained.
struct DayChain {
    struct Day {
        /// The provider's figure less the log's; nil: not known.
        var difference: Money?
        /// What the doubts about the day's attempts can make up.
        var room: CostRoom
    }

    struct Outcome: Equatable {
        var isExplained: Bool
        /// Moved in from the day before and out to the day after.
        var movedIn: Int64
        var movedOut: Int64

        /// What is left for the day's own doubts.
        func own(of difference: Money) -> Money {
            difference - Money(nanodollars: movedIn) + Money(nanodollars: movedOut)
        }
    }

    /// Ways that are followed further at each midnight. The answer is right with any number; a better one may be missed.
    private static let mostWays = 64
    private static let mostChoices = 16

    private struct Way {
        let moved: Int64
        let unexplained: Int
        let moves: Int
        let before: Int
        let isExplained: Bool
    }

    /// - Parameters:
    ///   - days: the days, none left out.
    ///   - midnights: one more than days: before the first, between, after the last.
    static func solve(_ days: [Day], midnights: [MidnightShifts]) -> [Outcome] {
        var stages: [[Way]] = [first(days.first, midnights)]
        for (index, day) in days.enumerated() {
            var next: [Int64: Way] = [:]
            for (origin, way) in stages[index].enumerated() {
                for (moved, isExplained) in choices(day, movedIn: way.moved, midnights[index + 1]) {
                    let candidate = Way(
                        moved: moved,
                        unexplained: way.unexplained + (isExplained ? 0 : 1),
                        moves: way.moves + (moved == 0 ? 0 : 1),
                        before: origin,
                        isExplained: isExplained
                    )
                    if let known = next[moved], isBetter(known, candidate) { continue }
                    next[moved] = candidate
                }
            }
            var kept = Array(next.values.sorted(by: isBetter).prefix(mostWays))
            // Nothing moved is always a way, and the only one that never ends in the middle.
            if !kept.contains(where: { $0.moved == 0 }), let still = next[0] { kept.append(still) }
            stages.append(kept)
        }
        return trace(stages, days.count)
    }

    private static func isBetter(_ left: Way, _ right: Way) -> Bool {
        (left.unexplained, left.moves, left.moved.magnitude, left.moved)
            <= (right.unexplained, right.moves, right.moved.magnitude, right.moved)
    }

    /// What may have come over the midnight before the first day: what is near to nothing, and what fits to what may leave.
    private static func first(_ day: Day?, _ midnights: [MidnightShifts]) -> [Way] {
        var amounts = Set(midnights[0].amounts.prefix(mostChoices))
        if let difference = day?.difference, let room = day?.room {
            for movedOut in midnights[1].amounts.prefix(mostChoices) {
                let left = difference + Money(nanodollars: movedOut)
                amounts.formUnion(
                    fitting(midnights[0], from: room.highest.map { left - $0 }, to: left - room.lowest)
                )
            }
        }
        return amounts.sorted().map {
            Way(moved: $0, unexplained: 0, moves: $0 == 0 ? 0 : 1, before: 0, isExplained: true)
        }
    }

    /// The amounts that may go over the midnight after a day, and whether the day is explained then.
    private static func choices(_ day: Day, movedIn: Int64, _ midnight: MidnightShifts) -> [(Int64, Bool)] {
        guard let difference = day.difference else { return movedIn == 0 ? [(0, false)] : [] }
        let left = Money(nanodollars: movedIn) - difference
        let explained = fitting(midnight, from: day.room.lowest + left, to: day.room.highest.map { $0 + left })
            .map { ($0, true) }
        // What came in must bring a day closer to the provider's figure, or it explains the day before at this one's cost.
        let rest = difference - Money(nanodollars: movedIn)
        let helps = movedIn == 0 || rest.nanodollars.magnitude < difference.nanodollars.magnitude
        return explained + (helps && !explained.contains { $0.0 == 0 } ? [(0, false)] : [])
    }

    /// Amounts in a range that may be open at either end, nearest to zero first.
    private static func fitting(_ midnight: MidnightShifts, from lowest: Money?, to highest: Money?) -> [Int64] {
        let range = (lowest?.nanodollars ?? .min, highest?.nanodollars ?? .max)
        return Array(midnight.amounts.lazy.filter { range.0 <= $0 && $0 <= range.1 }.prefix(mostChoices))
    }

    private static func trace(_ stages: [[Way]], _ count: Int) -> [Outcome] {
        var outcomes: [Outcome] = []
        // The best way stands first; there is always one, for nothing moved and nothing explained is a way.
        var index = 0
        for stage in stride(from: count, to: 0, by: -1) {
            guard stages[stage].indices.contains(index) else { return [] }
            let way = stages[stage][index]
            let before = stages[stage - 1][way.before]
            outcomes.append(Outcome(isExplained: way.isExplained, movedIn: before.moved, movedOut: way.moved))
            index = way.before
        }
        return outcomes.reversed()
    }
}
