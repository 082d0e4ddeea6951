import EaselBase
import EaselCore

/// Counts of shadows since the start.
package final class ShadowMetrics: Sendable {
    /// Why a call due for a shadow did not get one.
    enum Skip: String, Sendable, CaseIterable {
        /// The day's budget has no room for it.
        case budget
        /// Every slot at the provider is in use, or a request is waiting for one.
        case capacity
        /// The maximum number of shadows is under way.
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
