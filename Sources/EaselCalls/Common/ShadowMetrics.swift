import EaselBase
import EaselCore

/// What is counted of shadows since the start.
package final class ShadowMetrics: Sendable {
    /// Why a call that was to be shadowed was not.
    enum Skip: String, Sendable, CaseIterable {
        /// The day's budget does not take it.
        case budget
        /// Every place at the provider is taken, or somebody waits for one.
        case capacity
        /// As many shadows are under way as may be.
        case limit
        /// The ledger could not be reached.
        case ledger
        /// The gateway is shutting down.
        case shutdown
    }

    package struct Key: Hashable, Sendable {
        package let provider: String
        package let word: String
    }

    /// The counts of one moment.
    package struct Counts: Sendable {
        /// By provider and outcome.
        package var ends: [Key: Int] = [:]
        /// By provider and reason.
        package var skips: [Key: Int] = [:]
    }

    private let state = Locked(Counts())

    package var counts: Counts { state.withLock(\.self) }

    func count(_ end: AttemptEnd) {
        state.withLock { $0.ends[Key(provider: end.start.provider, word: end.outcome.rawValue), default: 0] += 1 }
    }

    func count(_ skip: Skip, at provider: String) {
        state.withLock { $0.skips[Key(provider: provider, word: skip.rawValue), default: 0] += 1 }
    }

    func skipped(_ skip: Skip, at provider: String) -> Int {
        state.withLock { $0.skips[Key(provider: provider, word: skip.rawValue)] ?? 0 }
    }
}
