import EaselBase
import Foundation

/// Something that holds callers waiting and can end the waits that are overdue.
protocol Overdue: AnyObject, Sendable {
    /// Ends overdue waits; returns whether any wait is left.
    func endOverdueWaits(now: SteadyInstant) -> Bool
}

/// Ends the waits of a pool on time, whatever its threads are stuck in (a name lookup, a server that froze).
///
/// It looks every 50 ms while anybody waits, and sleeps otherwise.
// Unchecked, because every member is only touched under `condition`.
final class DeadlineClock: @unchecked Sendable {
    private let condition = NSCondition()
    private var watched: [any Overdue] = []
    private var isBusy = false
    private var isStopped = false

    init(name: String) {
        OwnThread.start(name) { [self] in serve() }
    }

    func watch(_ other: any Overdue) {
        condition.lock()
        watched.append(other)
        condition.unlock()
    }

    /// To be called after somebody began to wait.
    func wake() {
        condition.lock()
        if !isBusy {
            isBusy = true
            condition.signal()
        }
        condition.unlock()
    }

    /// Ends the thread, which lets go of the clock.
    func stop() {
        condition.lock()
        isStopped = true
        watched = []
        condition.signal()
        condition.unlock()
    }

    private func serve() {
        condition.lock()
        defer { condition.unlock() }
        while !isStopped {
            guard isBusy else {
                condition.wait()
                continue
            }
            // Cleared before the look, so that a caller who comes during it is not overlooked.
            isBusy = false
            let all = watched
            condition.unlock()
            var waiting = false
            for one in all where one.endOverdueWaits(now: .now) { waiting = true }
            condition.lock()
            guard waiting, !isStopped else { continue }
            isBusy = true
            _ = condition.wait(until: Date(timeIntervalSinceNow: 0.05))
        }
    }
}
