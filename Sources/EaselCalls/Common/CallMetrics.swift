import EaselBase
package import EaselCore

/// Counts since the start: how calls and their attempts ended, and how long they took.
package final class CallMetrics: Sendable {
    /// Upper bounds of the latency histogram, in milliseconds.
    package static let bucketsMs: [Int64] = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000]

    package struct AttemptKey: Hashable, Sendable {
        package let provider: String
        package let outcome: AttemptOutcome
    }

    /// The counts of one moment.
    package struct Counts: Sendable {
        package var calls: [CallStatus: Int] = [:]
        package var attempts: [AttemptKey: Int] = [:]
        /// Calls by the first bound that they stay within; those beyond the last are only in `latencyCount`.
        package var buckets = [Int](repeating: 0, count: CallMetrics.bucketsMs.count)
        package var latencySumMs: Int64 = 0
        package var latencyCount = 0
        /// Calls stopped by a hard budget, by the kind of its scope.
        package var refusals: [String: Int] = [:]
        package var hedgesWon = 0
        package var hedgesLost = 0
        /// Attempts for which the provider reported an implausible cost.
        package var unbelieved = 0
    }

    package let shadows = ShadowMetrics()
    private let state = Locked(Counts())

    package var counts: Counts { state.withLock(\.self) }

    func count(_ end: AttemptEnd) {
        let key = AttemptKey(provider: end.start.provider, outcome: end.outcome)
        state.withLock { state in
            state.attempts[key, default: 0] += 1
            if end.extra[CostBelief.claimMark] != nil { state.unbelieved += 1 }
        }
    }

    func count(_ status: CallStatus, latency: Duration) {
        let milliseconds = latency.milliseconds
        state.withLock { state in
            state.calls[status, default: 0] += 1
            state.latencySumMs += milliseconds
            state.latencyCount += 1
            if let index = Self.bucketsMs.firstIndex(where: { milliseconds <= $0 }) { state.buckets[index] += 1 }
        }
    }

    /// A call stopped by a hard budget, by the kind of its scope.
    func countRefusal(by scope: String) {
        state.withLock { $0.refusals[scope, default: 0] += 1 }
    }

    /// A second provider that was asked while the first was late; `won`: the caller got its answer.
    func countHedge(won: Bool) {
        state.withLock { state in
            if won { state.hedgesWon += 1 } else { state.hedgesLost += 1 }
        }
    }
}
