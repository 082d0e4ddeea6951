package import EaselBase

/// The lengths of the windows that the log is summed up in. They begin at whole minutes, hours, days and months of UTC.
package enum UsageLevel: String, Sendable, Hashable, CaseIterable {
    case minute, hour, day, month

    /// The microseconds of a window; nil where that depends on which one it is.
    private var microseconds: Int64? {
        switch self {
        case .minute: 60_000_000
        case .hour: 3_600_000_000
        case .day: 86_400_000_000
        case .month: nil
        }
    }

    /// The start of the window that a moment lies in.
    package func floor(_ moment: Timestamp) -> Timestamp {
        guard let microseconds else { return Self.startOfMonth(moment, later: 0) }
        let rest = moment.microseconds % microseconds
        return Timestamp(microseconds: moment.microseconds - (rest < 0 ? rest + microseconds : rest))
    }

    /// The end of the window that begins at a moment.
    package func end(_ start: Timestamp) -> Timestamp {
        guard let microseconds else { return Self.startOfMonth(start, later: 1) }
        return Timestamp(microseconds: start.microseconds + microseconds)
    }

    /// The first start of a window that does not lie before a moment.
    package func ceiling(_ moment: Timestamp) -> Timestamp {
        let start = floor(moment)
        return start == moment ? start : end(start)
    }

    private static func startOfMonth(_ moment: Timestamp, later months: Int) -> Timestamp {
        let dayLength: Int64 = 86_400_000_000
        let (year, month, _) = CivilDate.fromDays(Int(day.floor(moment).microseconds / dayLength))
        let number = year * 12 + month - 1 + months
        let days = CivilDate.toDays(year: number / 12, month: number % 12 + 1, day: 1)
        return Timestamp(microseconds: Int64(days) * dayLength)
    }
}
