package import EaselBase

/// The days or hours that a stretch of time consists of, by the names that reports give them.
package struct UsageSteps: Sendable, Hashable {
    package let dimension: UsageQuery.Dimension
    /// The first first. Empty when the zone is not known.
    package let names: [String]

    /// - Parameter dimension: `.day` or `.hour`; nil: hours for up to two days.
    package init(from: Timestamp, to: Timestamp, timezone: String, dimension: UsageQuery.Dimension? = nil) {
        let isShort = to.since(from) <= .seconds(2 * 86_400)
        let dimension = dimension ?? (isShort ? .hour : .day)
        self.dimension = dimension
        guard let zone = LocalTime(timezone), from < to else {
            names = []
            return
        }
        var names: [String] = []
        if dimension == .hour {
            // Hours of zones with half hours begin at half past.
            let offset = Duration.seconds(zone.secondsPastHour(from))
            var moment = UsageLevel.hour.floor(from + offset) - offset
            while moment < to {
                names.append(moment.text(fractionDigits: 0))
                moment = moment + .seconds(3600)
            }
        } else {
            var moment = zone.startOfDay(from)
            while moment < to {
                names.append(zone.dateText(moment))
                moment = zone.nextDay(moment)
            }
        }
        self.names = names
    }
}
