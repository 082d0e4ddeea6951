import EaselBase
import EaselCore
import Foundation

/// How far the log was read, as a value.
///
/// A call is written down a moment after the time that it says, and clocks of gateways differ: the last seconds are read again
/// each time, and what was told already is left out.
struct LogFollowing: Sendable {
    static let slack = Duration.seconds(5)
    /// Ids that are remembered at most, and left out by the query.
    static let mostKnown = 4096

    private var cursor: Timestamp
    /// What was told, by when it ended.
    private var told: [UUID: Timestamp] = [:]

    init(floor: Timestamp) { cursor = floor + Self.slack }

    var since: Timestamp { cursor - Self.slack }
    var known: [UUID] { Array(told.keys) }

    /// The calls of those found that are new. `isAll`: whether these are all that there are up to now, which is `moment`.
    mutating func take(_ found: [EndedCall], isAll: Bool, at moment: Timestamp) -> [EndedCall] {
        let new = found.filter { told[$0.callID] != $0.settledAt }
        for call in new { told[call.callID] = call.settledAt }
        // Times ahead of our own clock are not followed: everything up to them would be passed over.
        cursor = max(cursor, isAll ? moment : min(moment, (found.last?.settledAt ?? cursor) + Self.slack))
        let since = since
        told = told.filter { $0.value >= since }
        if told.count > Self.mostKnown {
            // A flood: the oldest are passed by instead of being remembered.
            let times = told.values.sorted()
            let first = times[times.count - Self.mostKnown]
            cursor = max(cursor, first + Self.slack)
            told = told.filter { $0.value >= first }
        }
        return new
    }
}
