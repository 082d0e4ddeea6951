import EaselBase
import EaselTransport

/// The one deadline of a connection, on one timer.
///
/// Moving it later costs nothing: the timer fires at its old time, sees that it came too early, and sleeps on.
final class ConnectionDeadline {
    private let loop: EventLoop
    private var timer: LoopTimer?
    /// Loop time in milliseconds; nil: none.
    private var due: UInt64?
    private var timerDue: UInt64?

    init(loop: EventLoop, reached: @escaping () -> Void) {
        self.loop = loop
        timer = LoopTimer(loop: loop.raw) { [unowned self] in
            // Lives: `close` stops the timer before the owner lets this go.
            timerDue = nil
            guard let due else { return }
            let now = loop.updatedNow()
            guard now >= due else { return arm(due, now) }
            self.due = nil
            reached()
        }
    }

    func set(after duration: Duration) {
        let now = loop.now
        let due = now + duration.timerMilliseconds + 1
        self.due = due
        if let timerDue, timerDue <= due { return }
        arm(due, now)
    }

    func clear() {
        due = nil
    }

    func close() {
        due = nil
        timer?.close()
        timer = nil
    }

    private func arm(_ due: UInt64, _ now: UInt64) {
        timerDue = due
        timer?.start(milliseconds: due > now ? due - now : 1)
    }
}
