package import EaselBase

/// The lengths of the windows that the log is summed up in. They begin at whole minutes, hours and days of UTC.
package enum UsageLevel: String, Sendable, Hashable, CaseIterable {
    case minute, hour, day

    package var length: Duration {
        switch self {
        case .minute: .seconds(60)
        case .hour: .seconds(3600)
        case .day: .seconds(86_400)
        }
    }

    private var microseconds: Int64 { length.microseconds }

    /// The start of the window that a moment lies in.
    package func floor(_ moment: Timestamp) -> Timestamp {
        let rest = moment.microseconds % microseconds
        return Timestamp(microseconds: moment.microseconds - (rest < 0 ? rest + microseconds : rest))
    }

    /// The first start of a window that does not lie before a moment.
    package func ceiling(_ moment: Timestamp) -> Timestamp {
        let start = floor(moment)
        return start == moment ? start : start + length
    }
}
