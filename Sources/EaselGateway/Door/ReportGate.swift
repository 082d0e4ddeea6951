import EaselBase
import EaselCore

/// Lets so many reports be under way that nobody else is kept from the database, and each team so many that another
/// team's come through. Who is next is decided by `ReportQueue`; here is only the waiting.
final class ReportGate: Sendable {
    private struct State {
        var queue: ReportQueue
        var waiters: [UInt64: CheckedContinuation<Bool, Never>] = [:]
        /// Answers that came before the caller began to wait.
        var granted: Set<UInt64> = []
        var gone: Set<UInt64> = []
    }

    private let state: Locked<State>
    private let patience: Duration
    private let what: String

    /// `what`: the word for one of them in sentences, such as "report". `patience`: how long one waits for its place.
    init(_ limits: ReportQueue.Limits, what: String = "report", patience: Duration = .seconds(10)) {
        state = Locked(State(queue: ReportQueue(limits)))
        self.what = what
        self.patience = patience
    }

    var running: Int { state.withLock(\.queue.running) }
    var waiting: Int { state.withLock(\.queue.waiting) }

    /// Runs `body` when the team has a place. Throws `rate_limited` when too many of the team wait, `unavailable` when
    /// there was no place in time.
    func run<Value>(
        team: Int64,
        _ body: () async throws(Problem) -> Value
    ) async throws(Problem) -> Value {
        let (arrival, limits) = state.withLock { ($0.queue.arrive(team), $0.queue.limits) }
        switch arrival {
        case .begins: break
        case .isFull:
            let why = "\(limits.waiting) \(what)s of this team are already waiting; \(limits.perTeam) run at once."
            throw Problem(.rateLimited, why, retryAfter: .seconds(5))
        case .waits(let ticket):
            guard await wait(ticket) else {
                let seconds = patience.milliseconds / 1000
                throw Problem(
                    .unavailable,
                    "Others are running, and there was no place for this \(what) within \(seconds) s.",
                    retryAfter: .seconds(5)
                )
            }
        }
        defer { leave(team) }
        return try await body()
    }

    private func leave(_ team: Int64) {
        let next = state.withLock { state in state.queue.leave(team).flatMap { Self.take($0, &state, true) } }
        next?()
    }

    /// False when the time was over, or the caller left, before a place was free.
    private func wait(_ ticket: UInt64) async -> Bool {
        let timer = Task { [self] in
            try? await Task.sleep(for: patience)
            if !Task.isCancelled { giveUp(ticket) }
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // It may have been its turn, or too late, before it came to wait.
                let answer: Bool? = state.withLock { state in
                    if state.granted.remove(ticket) != nil { return true }
                    if state.gone.remove(ticket) != nil { return false }
                    state.waiters[ticket] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            giveUp(ticket)
        }
    }

    private func giveUp(_ ticket: UInt64) {
        let waiter = state.withLock { state in
            state.queue.withdraw(ticket) ? Self.take(ticket, &state, false) : nil
        }
        waiter?()
    }

    /// Answers a waiter, outside the lock; one that has not begun to wait finds the answer when it does.
    private static func take(_ ticket: UInt64, _ state: inout State, _ answer: Bool) -> (() -> Void)? {
        if let waiter = state.waiters.removeValue(forKey: ticket) { return { waiter.resume(returning: answer) } }
        if answer { state.granted.insert(ticket) } else { state.gone.insert(ticket) }
        return nil
    }
}
