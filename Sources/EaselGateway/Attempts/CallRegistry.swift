import EaselBase

/// Counts the calls that are under way, also those whose client has left, so that a shutdown can wait for their end.
final class CallRegistry: Sendable {
    private struct State {
        var running = 0
        var isClosed = false
        var waiters: [UnsafeContinuation<Void, Never>] = []
    }

    private let state = Locked(State())

    var running: Int { state.withLock(\.running) }

    /// False when the gateway is shutting down and no new call may begin.
    func begin() -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            state.running += 1
            return true
        }
    }

    func end() {
        let waiters = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }

    var isClosed: Bool { state.withLock(\.isClosed) }

    /// Returns when the last call has ended.
    func waitUntilIdle() async {
        await withUnsafeContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.running > 0 { state.waiters.append(continuation) }
                return state.running == 0
            }
            if isIdle { continuation.resume() }
        }
    }
}
