package import EaselBase

/// A report that is made and sent when a week or a month is over.
package struct ReportSchedule: Sendable, Hashable {
    package enum Every: String, Sendable, Hashable, CaseIterable {
        case weekly, monthly
    }

    package var name: String
    package var every: Every
    /// `usage`, `safety` ...
    package var report: String
    package var groupBy: [UsageQuery.Dimension]
    package var team: String?
    /// The calendar of its weeks and months.
    package var timezone: String
    /// When it is sent, in minutes after the midnight that ends the period.
    package var minute: Int
    package var destinations: [String]

    package init(
        name: String,
        every: Every,
        report: String,
        groupBy: [UsageQuery.Dimension],
        team: String? = nil,
        timezone: String = "UTC",
        minute: Int,
        destinations: [String]
    ) {
        self.name = name
        self.every = every
        self.report = report
        self.groupBy = groupBy
        self.team = team
        self.timezone = timezone
        self.minute = minute
        self.destinations = destinations
    }

    /// The last period whose report is due.
    package func period(at now: Timestamp) -> (from: Timestamp, to: Timestamp)? {
        guard let zone = LocalTime(timezone) else { return nil }
        func start(_ moment: Timestamp) -> Timestamp {
            switch every {
            case .weekly: zone.startOfWeek(moment)
            case .monthly: zone.startOfMonth(moment)
            }
        }
        var end = start(now)
        // Midnight exists everywhere but on a few days of a few zones; an hour more or less does not matter there.
        if now < end + .seconds(minute * 60) { end = start(end - .seconds(1)) }
        return (start(end - .seconds(1)), end)
    }
}
