import EaselBase
import EaselCore

/// What the gateway counts of shadows for Prometheus.
final class ShadowMetrics: Sendable {
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

    private struct Key: Hashable {
        let provider: String
        let word: String
    }

    private struct State {
        var ends: [Key: Int] = [:]
        var skips: [Key: Int] = [:]
    }

    private let state = Locked(State())

    func count(_ end: AttemptEnd) {
        state.withLock { $0.ends[Key(provider: end.start.provider, word: end.outcome.rawValue), default: 0] += 1 }
    }

    func count(_ skip: Skip, at provider: String) {
        state.withLock { $0.skips[Key(provider: provider, word: skip.rawValue), default: 0] += 1 }
    }

    func skipped(_ skip: Skip, at provider: String) -> Int {
        state.withLock { $0.skips[Key(provider: provider, word: skip.rawValue)] ?? 0 }
    }

    func text() -> String {
        let state = state.withLock(\.self)
        var text = ""
        text.head("easel_shadows_total", "Shadows by provider and how they ended.", "counter")
        text += Self.lines("easel_shadows_total", "outcome", state.ends)
        text.head("easel_shadows_skipped_total", "Sampled calls without a shadow, by provider and reason.", "counter")
        text += Self.lines("easel_shadows_skipped_total", "reason", state.skips)
        return text
    }

    private static func lines(_ name: String, _ label: String, _ counts: [Key: Int]) -> String {
        counts.sorted { ($0.key.provider, $0.key.word) < ($1.key.provider, $1.key.word) }
            .map { "\(name){provider=\"\($0.key.provider)\",\(label)=\"\($0.key.word)\"} \($0.value)\n" }
            .joined()
    }
}
