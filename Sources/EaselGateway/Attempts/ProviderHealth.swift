import EaselBase
import EaselCore

/// What the gateway has learnt of its providers: how long attempts take, and who asked to be left alone for how long.
final class ProviderHealth: Sendable {
    /// One kind of task: what makes attempts comparable in time.
    struct Kind: Hashable {
        let provider: String
        let model: RemixModel
        let speed: RenderingSpeed
    }

    private struct State {
        var histories: [Kind: DurationHistory] = [:]
        var cooldowns: [String: (until: SteadyInstant, reason: String)] = [:]
        var lastOutcome: [String: (outcome: AttemptOutcome, at: Timestamp)] = [:]
    }

    private let state = Locked(State())

    /// When the first poll of an accepted task is worth its while; nil before anything is known.
    func earlyDuration(_ kind: Kind) -> Duration? {
        state.withLock { $0.histories[kind]?.quantile(0.2) }
    }

    func usualDuration(_ kind: Kind) -> Duration? {
        state.withLock { $0.histories[kind]?.quantile(0.5) }
    }

    func record(_ kind: Kind, took duration: Duration) {
        state.withLock { $0.histories[kind, default: DurationHistory()].record(duration) }
    }

    /// A provider that names a time is not asked before it (R6).
    func note(_ failure: ProviderFailure, of provider: String, now: SteadyInstant = .now) {
        guard let pause = failure.retryAfter, failure.kind == .rateLimited || failure.kind == .unavailable else {
            return
        }
        state.withLock { state in
            let until = now + pause
            if let known = state.cooldowns[provider], known.until > until { return }
            state.cooldowns[provider] = (until, "asked for a pause (\(failure.kind.rawValue))")
        }
    }

    func note(_ outcome: AttemptOutcome, of provider: String, at moment: Timestamp) {
        state.withLock { $0.lastOutcome[provider] = (outcome, moment) }
    }

    func lastOutcome(of provider: String) -> (outcome: AttemptOutcome, at: Timestamp)? {
        state.withLock { $0.lastOutcome[provider] }
    }

    func unavailability(of provider: String, now: SteadyInstant = .now) -> ProviderOffer.Unavailability? {
        state.withLock { state in
            guard let cooldown = state.cooldowns[provider] else { return nil }
            let left = cooldown.until.since(now)
            guard left > .zero else {
                state.cooldowns[provider] = nil
                return nil
            }
            return ProviderOffer.Unavailability(reason: cooldown.reason, retryAfter: left)
        }
    }
}
