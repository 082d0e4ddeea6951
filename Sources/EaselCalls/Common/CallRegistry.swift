import EaselBase

/// Counts the calls under way, including those whose client has left, so that a shutdown can wait for their end.
package final class CallRegistry: Sendable {
    private struct State {
        var running = 0
        var isLeaving = false
        var isClosed = false
    }

    private let state = Locked(State())

    package var running: Int { state.withLock(\.running) }

    /// False when the gateway is shutting down and no new call may begin.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.running += 1
            return true
        }
    }

    /// Counts work that continues after a call has ended, even while the gateway is shutting down. Call `end` when it
    /// is over.
    func goOn() {
        state.withLock { $0.running += 1 }
    }

    func end() {
        state.withLock { $0.running -= 1 }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Shutdown is near: calls are accepted, but readiness checks are told to go elsewhere.
    func announceEnd() {
        state.withLock { $0.isLeaving = true }
    }

    /// Whether a shutdown was announced or has begun.
    package var isLeaving: Bool { state.withLock { $0.isLeaving || $0.isClosed } }

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Returns when the last call has ended, or after `limit`.
    func waitUntilIdle(atMost limit: Duration) async {
        let end = SteadyInstant.now + limit
        while running > 0, SteadyInstant.now < end { try? await Task.sleep(for: .milliseconds(10)) }
    }
}
