import EaselBase

/// How many requests each key has being worked on.
final class InFlight: Sendable {
    private let counts = Locked<[String: Int]>([:])
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Takes a place; false when all are taken.
    func enter(_ account: String) -> Bool {
        counts.withLock { counts in
            guard counts[account, default: 0] < limit else { return false }
            counts[account, default: 0] += 1
            return true
        }
    }

    func leave(_ account: String) { counts.withLock { $0[account, default: 1] -= 1 } }
}
