import EaselBase

/// What of requests metrics are told: how many by the row that they came to and how they were answered, and how long
/// that took. Labels come from the table, so that no caller can make up another one.
final class RequestCounts: Sendable {
    struct Key: Hashable, Sendable {
        let route: String
        let method: String
    }

    struct Figures: Sendable {
        var statuses: [Int: Int] = [:]
        var durations = Histogram()
    }

    /// The counts of one moment.
    struct Counts: Sendable {
        var rows: [Key: Figures] = [:]
        /// Requests that came, less those that were answered.
        var inFlight = 0

        mutating func add(_ other: Counts) {
            inFlight += other.inFlight
            for (key, figures) in other.rows {
                rows[key, default: Figures()].statuses.merge(figures.statuses, uniquingKeysWith: +)
                rows[key]?.durations.add(figures.durations)
            }
        }
    }

    /// The label of what has no row.
    static let nowhere = "none"

    private let state = Sharded { Counts() }

    /// A request came; `count` ends it.
    func begin() {
        state.record { $0.inFlight += 1 }
    }

    /// `route`: a template of the table, or `nowhere`; `method`: of the row.
    func count(route: String, method: String, status: Int, took: Duration) {
        state.record { state in
            // Of one part this may fall below zero: another thread may have seen the request come.
            state.inFlight -= 1
            state.rows[Key(route: route, method: method), default: Figures()].statuses[status, default: 0] += 1
            state.rows[Key(route: route, method: method)]?.durations.note(took)
        }
    }

    var counts: Counts { state.parts.reduce(into: Counts()) { $0.add($1) } }
}
