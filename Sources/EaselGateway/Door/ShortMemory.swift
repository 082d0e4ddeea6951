import EaselBase
import EaselCore

/// Answers of the ledger that are believed for a few seconds, by the hash of what was asked for.
final class ShortMemory<Found: Sendable>: Sendable {
    private struct Entry: Sendable {
        let found: Found?
        let until: SteadyInstant
    }

    private let entries = Locked<[[UInt8]: Entry]>([:])
    private let most: Int
    private let length: Duration

    /// `length`: how long an answer is believed; that there is none, a second.
    init(most: Int, length: Duration) {
        self.most = most
        self.length = length
    }

    func value(
        _ hash: [UInt8],
        _ ask: () async throws(LedgerError) -> Found?
    ) async throws(Problem) -> Found? {
        let now = SteadyInstant.now
        if let known = entries.withLock({ $0[hash] }), now < known.until { return known.found }
        let found = try await Problem.of(ask)
        entries.withLock { entries in
            // What is unknown is remembered for a shorter time, and a flood of it does not grow the memory.
            if entries.count >= most { entries.removeAll(keepingCapacity: true) }
            entries[hash] = Entry(found: found, until: now + (found == nil ? .seconds(1) : length))
        }
        return found
    }

    func forget(_ hash: [UInt8]) { _ = entries.withLock { $0.removeValue(forKey: hash) } }

    func forgetAll() { entries.withLock { $0.removeAll() } }
}
