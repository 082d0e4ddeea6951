import EaselBase
import EaselCore

/// Limits how many requests to one provider account are under way at once; the others wait, fairly between teams.
/// `FairQueue` decides which is next; this type only does the waiting.
package final class ProviderGate: Sendable {
    /// How many may wait; beyond that a request of the team with the longest queue is turned away (S4).
    static let queueLimit = 10_000

    private typealias Waiter = UnsafeContinuation<Bool, Never>

    private let queue: Locked<FairQueue<Waiter>>

    /// `limit` is how many may run at once; at least one.
    init(limit: Int, queueLimit: Int = ProviderGate.queueLimit) {
        queue = Locked(FairQueue(limit: max(1, limit), capacity: queueLimit))
    }

    /// Changes the number of slots, at least one; requests that get one now continue.
    func setLimit(_ limit: Int) {
        for waiter in queue.withLock({ $0.setLimit(max(1, limit)) }) { waiter.resume(returning: true) }
    }

    package var running: Int { queue.withLock(\.running) }
    package var waiting: Int { queue.withLock(\.waiting) }

    /// Requests under way and waiting, in percent of the slots.
    var loadPercent: Int { queue.withLock { ($0.running + $0.waiting) * 100 / $0.limit } }

    /// Waits for a place, at most `timeout`. False: none became free in time, or there is no room to wait. Call `leave`
    /// for each true.
    func enter(team: Int64, timeout: Duration) async -> Bool {
        let timer = Locked<(task: Task<Void, Never>?, isOver: Bool)>((nil, false))
        let entered = await withUnsafeContinuation { (continuation: Waiter) in
            let (ticket, answers) = queue.withLock { queue in Self.arrive(&queue, continuation, team) }
            for (waiter, answer) in answers { waiter.resume(returning: answer) }
            guard let ticket else { return }
            // Begins after it stands in the queue, so that it cannot run out before there is something to give up.
            let task = Task { [self] in
                try? await Task.sleep(for: timeout)
                giveUp(ticket)
            }
            let isOver = timer.withLock { timer in
                timer.task = task
                return timer.isOver
            }
            if isOver { task.cancel() }
        }
        timer.withLock { timer in
            timer.isOver = true
            timer.task?.cancel()
        }
        return entered
    }

    /// Takes a place if one is free and nobody waits. Call `leave` for each true.
    func tryEnter() -> Bool {
        queue.withLock { $0.takeFree() }
    }

    func leave() {
        // The place goes to the next one without becoming free in between.
        queue.withLock { $0.leave() }?.resume(returning: true)
    }

    /// How long a newcomer of `team` would wait: those ahead of it, each a place for `usual`. Zero when a place is free;
    /// nil when it is not and `usual` is not known.
    func expectedWait(team: Int64, usual: Duration?) -> Duration? {
        queue.withLock { queue in
            queue.running < queue.limit ? .zero : usual.map { $0 * queue.ahead(of: team) / queue.limit }
        }
    }

    /// Whether a newcomer of `team` would be turned away.
    func isFull(for team: Int64) -> Bool {
        queue.withLock { $0.isFull(for: team) }
    }

    private static func arrive(
        _ queue: inout FairQueue<Waiter>,
        _ continuation: Waiter,
        _ team: Int64
    ) -> (ticket: UInt64?, answers: [(Waiter, Bool)]) {
        switch queue.arrive(continuation, team: team) {
        case .granted: (nil, [(continuation, true)])
        case .waiting(let ticket): (ticket, [])
        case .waitingInstead(let ticket, of: let other): (ticket, [(other, false)])
        case .turnedAway: (nil, [(continuation, false)])
        }
    }

    /// Time is up, or the place was given already: then there is nothing to give up.
    private func giveUp(_ ticket: UInt64) {
        queue.withLock { $0.withdraw(ticket) }?.resume(returning: false)
    }
}
