/// When an accepted task is asked about: paced by how long such tasks usually take, so that little time is lost and few
/// polls are sent. Pure: durations in, durations out.
package struct PollPacing: Sendable, Hashable {
    /// The first question when nothing is known of such tasks yet.
    package static let firstDelayUnknown = Duration.milliseconds(500)
    package static let shortest = Duration.milliseconds(20)
    package static let longest = Duration.seconds(5)

    private let first: Duration
    private let share: Int

    /// - Parameter early: the time before which four of five such tasks are still at work; nil when not known.
    package init(early: Duration?) {
        if let early {
            first = max(Self.shortest, early)
            share = 12
        } else {
            first = Self.firstDelayUnknown
            share = 4
        }
    }

    /// How long to wait before the next question: a fixed share of the time gone by, so that the time lost stays in
    /// proportion and the number of polls grows with the logarithm of the wait.
    package func delay(elapsed: Duration, polls: Int) -> Duration {
        if polls == 0 { return max(.zero, first - elapsed) }
        return min(max(elapsed / share, Self.shortest), Self.longest)
    }
}

/// How long the last attempts of one kind took, as a small ring.
package struct DurationHistory: Sendable, Hashable {
    package static let capacity = 32
    private var values: [Duration] = []
    private var next = 0

    package init() {}

    package mutating func record(_ duration: Duration) {
        if values.count < Self.capacity {
            values.append(duration)
        } else {
            values[next] = duration
            next = (next + 1) % Self.capacity
        }
    }

    /// How many it holds, at most `capacity`.
    package var count: Int { values.count }

    /// The value that the given share (0 to 1) of the ring does not exceed; nil while it is empty.
    package func quantile(_ share: Double) -> Duration? {
        quantiles(share).first
    }

    /// One value for each share, with the ring sorted once; none while it is empty.
    package func quantiles(_ shares: Double...) -> [Duration] {
        guard !values.isEmpty else { return [] }
        let sorted = values.sorted()
        return shares.map { sorted[min(sorted.count - 1, Int(Double(sorted.count) * $0))] }
    }
}
