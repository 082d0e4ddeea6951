import EaselBase

/// Counts calls and hedges of each policy, so that hedges stay within their share.
final class HedgeBudget: Sendable {
    /// Beyond this many calls the past counts half, so that the share reflects current traffic.
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

    /// Takes a hedge from the budget; false if the share is used up.
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
