import EaselBase
import EaselCore
import Foundation

/// The limits of a key: requests a minute (a bucket that refills steadily) and requests at once.
final class KeyLimits: Sendable {
    private struct State {
        var tokens: Double
        var refilledAt: SteadyInstant
        var running = 0
        /// Seconds that requests have spent here, together, and how many have ended: their mean is how long one takes.
        var spent = 0.0
        var ended = 0.0
        var changedAt: SteadyInstant

        mutating func change(by step: Int, at now: SteadyInstant) {
            spent += Double(running) * max(0, now.since(changedAt).secondsAsDouble)
            changedAt = now
            running += step
            guard step < 0 else { return }
            ended += 1
            // The last few dozen count.
            if ended >= 64 { (spent, ended) = (spent / 2, ended / 2) }
        }

        /// An estimate of when one of `most` requests ends: the time one takes, by those that ended, shared by all of
        /// them. A second before anything is known, and within reason.
        func wait(forOneOf most: Int) -> Duration {
            guard ended > 0 else { return .seconds(1) }
            return .milliseconds(Int64(min(max(spent / ended / Double(max(most, 1)), 1), 30) * 1000))
        }
    }

    private let states = Locked<[UUID: State]>([:])

    /// Takes a place for one request. Call `leave` for each success.
    func enter(_ account: Account, now: SteadyInstant = .now) throws(Problem) {
        guard account.requestsPerMinute != nil || account.maxConcurrent != nil else { return }
        let refusal: Problem? = states.withLock { states in
            let perMinute = Double(account.requestsPerMinute ?? 0)
            var state = states[account.keyID] ?? State(tokens: perMinute, refilledAt: now, changedAt: now)
            defer { states[account.keyID] = state }
            if let most = account.maxConcurrent, state.running >= most {
                return Problem(
                    .rateLimited,
                    "This key may have \(most) requests at once.",
                    retryAfter: state.wait(forOneOf: most)
                )
            }
            if account.requestsPerMinute != nil {
                let gained = now.since(state.refilledAt).secondsAsDouble * perMinute / 60
                state.tokens = min(perMinute, state.tokens + gained)
                state.refilledAt = now
                guard state.tokens >= 1 else {
                    let wait = (1 - state.tokens) * 60 / max(perMinute, 1e-9)
                    return Problem(
                        .rateLimited,
                        "This key may send \(Int(perMinute)) requests a minute.",
                        retryAfter: .milliseconds(Int64(wait * 1000))
                    )
                }
                state.tokens -= 1
            }
            state.change(by: 1, at: now)
            return nil
        }
        if let refusal { throw refusal }
    }

    func leave(_ account: Account, now: SteadyInstant = .now) {
        guard account.requestsPerMinute != nil || account.maxConcurrent != nil else { return }
        states.withLock { $0[account.keyID]?.change(by: -1, at: now) }
    }
}
