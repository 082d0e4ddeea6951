import Foundation

/// Counts that many threads write and a scrape reads now and then: each thread has a part of its own, nearly always, so
/// that nobody waits for another's lock on the way of a call.
package final class Sharded<State: Sendable>: Sendable {
    private let shards: [Locked<State>]

    /// `count`: parts, more than threads that write often.
    package init(count: Int = 16, _ make: @Sendable () -> State) {
        shards = (0..<max(1, count)).map { _ in Locked(make()) }
    }

    /// Runs `body` on this thread's part.
    package func record(_ body: (inout State) -> Void) {
        // Stacks lie apart by powers of two, and so do the handles: the upper bits of a product tell them apart.
        let mixed = UInt64(truncatingIfNeeded: UInt(pthread_self())) &* 0x9E37_79B9_7F4A_7C15
        shards[Int(truncatingIfNeeded: (mixed >> 33) % UInt64(shards.count))].withLock { body(&$0) }
    }

    /// All parts, one after the other: what is written meanwhile is in the next reading.
    package var parts: [State] { shards.map { $0.withLock(\.self) } }
}
