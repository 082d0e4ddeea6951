import EaselBase
import Foundation

/// Notices loops that stand still while they do: what never comes back is never measured at its end.
// Unchecked: what is mutable is behind `condition`.
final class LoopWatchdog: @unchecked Sendable {
    /// A loop that has done nothing else for so long is named in the log.
    static let interval = Duration.seconds(1)

    private struct Seen {
        var sign: EventLoop.LifeSign
        var standsFor = 0
    }

    private let loops: [EventLoop]
    private let log: Log
    private let condition = NSCondition()
    private var isStopped = false

    init(loops: [EventLoop], log: Log) {
        self.loops = loops
        self.log = log
    }

    func start() {
        let thread = Thread { [self] in run() }
        thread.name = "easel-watchdog"
        thread.stackSize = 256 << 10
        thread.start()
    }

    /// Afterwards it does not touch the loops any more. To be called before they stop.
    func stop() {
        condition.lock()
        isStopped = true
        condition.signal()
        condition.unlock()
    }

    private func run() {
        condition.lock()
        defer { condition.unlock() }
        // The thread may come to run after all was stopped: there are no loops to ask any more.
        guard !isStopped else { return }
        var seen = loops.map { Seen(sign: $0.lifeSign()) }
        while !isStopped {
            guard !condition.wait(until: Date(timeIntervalSinceNow: Self.interval.secondsAsDouble)) else { continue }
            for (index, loop) in loops.enumerated() where !isStopped {
                let sign = loop.lifeSign()
                guard sign == seen[index].sign else {
                    seen[index] = Seen(sign: sign)
                    continue
                }
                seen[index].standsFor += 1
                // Once when it begins, then every half minute.
                if seen[index].standsFor % 30 == 1 {
                    log.error(
                        "an event loop stands still",
                        ["loop": loop.name, "seconds": String(seen[index].standsFor)]
                    )
                }
            }
        }
    }
}
