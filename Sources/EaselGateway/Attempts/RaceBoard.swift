import EaselBase
import EaselTransport

/// Where the sides of a race report their end, and one waits for the next report.
final class RaceBoard: Sendable {
    private struct State {
        var ended: [(side: Int, legs: [CallRun.Leg])] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isDecided = false
    }

    private let state = Locked(State())

    /// The sides that have ended, in the order in which they did.
    var ended: [(side: Int, legs: [CallRun.Leg])] { state.withLock(\.ended) }

    /// Whether a side has won: what is not sent yet need not be, and what comes later is not delivered.
    var isDecided: Bool { state.withLock(\.isDecided) }

    func decide() { state.withLock { $0.isDecided = true } }

    func report(_ side: Int, _ legs: [CallRun.Leg]) {
        wake { $0.ended.append((side, legs)) }
    }

    /// Returns when more than `known` sides have ended, or after `limit`. One waits at a time.
    func wait(known: Int, atMost limit: Duration? = nil) async {
        let timer = limit.map { limit in
            Task { [self] in
                if let loop = EventLoop.current {
                    try? await loop.sleep(for: limit)
                } else {
                    try? await Task.sleep(for: limit)
                }
                if !Task.isCancelled { wake { _ in } }
            }
        }
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                if state.ended.count > known { return true }
                state.waiter = continuation
                return false
            }
            if isDue { continuation.resume() }
        }
        timer?.cancel()
    }

    private func wake(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

/// Counts calls and hedges of each policy, so that hedges stay within their share.
final class HedgeBudget: Sendable {
    /// Beyond so many calls the past counts half, so that the share holds for what is going on now.
    static let memory = 10_000

    private struct Count {
        var calls = 0
        var hedges = 0
    }

    private let counts = Locked<[String: Count]>([:])

    /// Counts a call of the policy.
    func note(_ policy: String) {
        counts.withLock { counts in
            var count = counts[policy] ?? Count()
            count.calls += 1
            if count.calls >= Self.memory { count = Count(calls: count.calls / 2, hedges: (count.hedges + 1) / 2) }
            counts[policy] = count
        }
    }

    /// Takes a hedge out of the budget; false when the share is used up.
    func take(_ policy: String, _ share: Share) -> Bool {
        counts.withLock { counts in
            guard var count = counts[policy],
                (count.hedges + 1) * Share.all.millionths <= share.millionths * count.calls
            else { return false }
            count.hedges += 1
            counts[policy] = count
            return true
        }
    }

    /// Puts back one that was not sent.
    func putBack(_ policy: String) {
        counts.withLock { counts in counts[policy]?.hedges -= 1 }
    }
}
