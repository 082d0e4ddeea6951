package import EaselBase

/// The stretch of the calendar that a limit holds for.
package enum BudgetPeriod: String, Sendable, Hashable, Codable, CaseIterable {
    case day, week, month
    /// Once and for all: one window without an end.
    case total

    /// The window that holds a moment, by the calendar of a time zone. Weeks begin on Monday. A day on which clocks
    /// change has 23 or 25 hours.
    package func window(at moment: Timestamp, in zone: LocalTime) -> BudgetWindow {
        switch self {
        case .day: BudgetWindow(start: zone.startOfDay(moment), end: zone.nextDay(moment))
        case .week: BudgetWindow(start: zone.startOfWeek(moment), end: zone.nextWeek(moment))
        case .month: BudgetWindow(start: zone.startOfMonth(moment), end: zone.nextMonth(moment))
        case .total: .always
        }
    }
}

/// A half-open stretch of time: `start` belongs to it, `end` does not.
package struct BudgetWindow: Sendable, Hashable {
    package let start: Timestamp
    package let end: Timestamp

    package init(start: Timestamp, end: Timestamp) {
        self.start = start
        self.end = end
    }

    /// The window of a budget that never resets: from 1970 to the end of the year 9999.
    package static let always = BudgetWindow(
        start: Timestamp(microseconds: 0),
        end: Timestamp(microseconds: 253_402_300_800_000_000)
    )

    package func contains(_ moment: Timestamp) -> Bool { start <= moment && moment < end }
}
