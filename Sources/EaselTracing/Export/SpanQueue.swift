import EaselBase

/// Spans that wait for the collector. Who has one to add never waits: where there is no room it is lost, and counted.
final class SpanQueue: SpanSink {
    private struct State {
        var waiting: [Span] = []
        /// When the oldest of them came.
        var since: SteadyInstant?
        var isOpen = true
    }

    /// What of the losses is to be told.
    enum Loss: String, Sendable, CaseIterable {
        /// The collector takes less than there is.
        case queueFull = "queue_full"
        /// It refused them.
        case rejected
        /// It was not reached in time, or asked to come later for too long.
        case unreachable
        /// The process ended before they were sent.
        case shutdown
    }

    let capacity: Int
    private let state = Locked(State())
    private let losses = Locked<[Loss: Int]>([:])
    private let sent = Locked(0)

    init(capacity: Int = 8192) {
        self.capacity = capacity
    }

    func add(_ span: Span) {
        let loss: Loss? = state.withLock { state in
            guard state.isOpen else { return .shutdown }
            guard state.waiting.count < capacity else { return .queueFull }
            if state.waiting.isEmpty { state.since = .now }
            state.waiting.append(span)
            return nil
        }
        if let loss { lose(1, loss) }
    }

    func lose(_ count: Int, _ loss: Loss) {
        guard count > 0 else { return }
        losses.withLock { $0[loss, default: 0] += count }
    }

    func sent(_ count: Int) { sent.withLock { $0 += count } }

    /// Whether there is a whole batch, or something that has waited for `longest`.
    func isDue(batch: Int, longest: Duration, now: SteadyInstant) -> Bool {
        state.withLock { state in
            state.waiting.count >= batch || (state.since.map { now.since($0) >= longest } ?? false)
        }
    }

    /// The oldest, at most so many.
    func take(_ most: Int) -> [Span] {
        state.withLock { state in
            let taken = Array(state.waiting.prefix(most))
            state.waiting.removeFirst(taken.count)
            state.since = state.waiting.isEmpty ? nil : .now
            return taken
        }
    }

    /// Nothing more is taken; what waits still is lost.
    func close() {
        let left = state.withLock { state in
            defer { state.waiting = [] }
            state.isOpen = false
            return state.waiting.count
        }
        lose(left, .shutdown)
    }

    var counts: (exported: Int, dropped: [Loss: Int]) { (sent.withLock(\.self), losses.withLock(\.self)) }
}
