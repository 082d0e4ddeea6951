import EaselBase
import EaselTransport

/// Where the sides of a race report their end, and one task waits for the next report.
final class RaceBoard: Sendable {
    private struct State {
        var ended: [(side: Int, legs: [CallLeg])] = []
        var waiter: CheckedContinuation<Void, Never>?
        var isDecided = false
    }

    private let state = Locked(State())

    /// The sides that have ended, in order.
    var ended: [(side: Int, legs: [CallLeg])] { state.withLock(\.ended) }

    /// Whether a side has won: requests not sent yet need not be, and later results are not delivered.
    var isDecided: Bool { state.withLock(\.isDecided) }

    func decide() { state.withLock { $0.isDecided = true } }

    func report(_ side: Int, _ legs: [CallLeg]) {
        wake { $0.ended.append((side, legs)) }
    }

    /// Returns when more than `known` sides have ended, or after `limit`. Only one task may wait at a time.
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
