package import EaselBase

/// The windows that a report's time is put together from: the coarsest that lie in it as a whole, finer ones at its edges,
/// and the log itself for what is less than a minute.
package struct UsageSpan: Sendable, Hashable {
    /// A stretch of time; empty when it begins where it ends.
    package struct Stretch: Sendable, Hashable {
        package let from: Timestamp
        package let to: Timestamp

        package init(from: Timestamp, to: Timestamp) {
            self.from = from
            self.to = max(from, to)
        }

        package var isEmpty: Bool { from == to }
    }

    /// Whole minutes; the hours and the days lie in it.
    package let minutes: Stretch
    /// Whole hours; the days lie in it. Empty where hours would mix what is to be told apart.
    package let hours: Stretch
    /// Whole days; the months lie in it.
    package let days: Stretch
    package let months: Stretch
    /// Parts of a minute before and after.
    package let edges: [Stretch]

    /// - Parameters:
    ///   - now: an end that lies after it means the end of the running minute: no call lies in between.
    package init(_ query: UsageQuery, now: Timestamp) {
        let to = query.to >= now ? UsageLevel.minute.ceiling(query.to) : query.to
        let minutes = Self.whole(.minute, in: Stretch(from: query.from, to: to))
        self.minutes = minutes
        if minutes.isEmpty {
            edges = [Stretch(from: query.from, to: to)]
        } else {
            edges = [Stretch(from: query.from, to: minutes.from), Stretch(from: minutes.to, to: to)]
                .filter { !$0.isEmpty }
        }
        let coarsest = Self.coarsest(query)
        func coarser(_ level: UsageLevel, in finer: Stretch, isAllowed: Bool) -> Stretch {
            let found = Self.whole(level, in: finer)
            // An empty one lies where the finer one begins, so that it never reaches beyond it.
            return isAllowed && !found.isEmpty ? found : Stretch(from: finer.from, to: finer.from)
        }
        hours = coarser(.hour, in: minutes, isAllowed: coarsest != .minute)
        days = coarser(.day, in: hours, isAllowed: coarsest == .day || coarsest == .month)
        months = coarser(.month, in: days, isAllowed: coarsest == .month)
    }

    private static func whole(_ level: UsageLevel, in stretch: Stretch) -> Stretch {
        Stretch(from: level.ceiling(stretch.from), to: level.floor(stretch.to))
    }

    /// The longest windows that never lie in two of the query's hours or days.
    private static func coarsest(_ query: UsageQuery) -> UsageLevel {
        let byHour = query.groupBy.contains(.hour)
        guard byHour || query.groupBy.contains(.day) else { return .month }
        guard query.timezone != "UTC" else { return byHour ? .hour : .day }
        guard let zone = LocalTime(query.timezone) else { return .minute }
        return zone.hasWholeHours(from: query.from, to: query.to) ? .hour : .minute
    }
}
