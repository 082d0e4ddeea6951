import EaselBase

/// How often and for how long one event loop stood still: a turn in which it did not look at its sockets and timers for
/// more than `threshold`. Whoever has a connection there waited all that time, also for an answer that was ready.
package struct LoopStalls: Sendable, Equatable {
    /// What a loop may take for one turn.
    package static let threshold = Duration.milliseconds(100)
    /// Upper bounds of the histogram, in milliseconds.
    package static let bounds_ms: [Int64] = [250, 500, 1000, 2500, 5000, 10_000, 30_000]

    /// How many there were.
    package private(set) var count = 0
    /// How long they took together.
    package private(set) var total = Duration.zero
    /// The longest.
    package private(set) var longest = Duration.zero
    /// How many took no longer than each bound and longer than the one before.
    package private(set) var buckets = [Int](repeating: 0, count: LoopStalls.bounds_ms.count)

    /// None yet.
    package init() {}

    /// A turn ended that took so long, without its waiting. Whether it was a stall.
    package mutating func turnTook(_ duration: Duration) -> Bool {
        guard duration > Self.threshold else { return false }
        count += 1
        total += duration
        longest = max(longest, duration)
        let milliseconds = duration.milliseconds
        if let index = Self.bounds_ms.firstIndex(where: { milliseconds <= $0 }) { buckets[index] += 1 }
        return true
    }
}
