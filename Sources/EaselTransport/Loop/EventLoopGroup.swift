package import EaselBase
import Synchronization

/// The event loops of the process, one thread each. A group must outlive the tasks that prefer one of its loops.
package final class EventLoopGroup: Sendable {
    /// The loops, in the order of their threads' numbers.
    package let loops: [EventLoop]
    private let turn = Atomic<Int>(0)
    private let watchdog: LoopWatchdog?

    /// Starts the threads. `count` is at least 1. Loops that stand still are told to `log`.
    package init(name: String, count: Int, log: Log? = nil) {
        Signals.pipeIgnored
        loops = (0..<max(1, count)).map { EventLoop(name: "\(name)-\($0)", index: $0, log: log ?? .silent) }
        for loop in loops { loop.start() }
        watchdog = log.map { [loops] in LoopWatchdog(loops: loops, log: $0) }
        watchdog?.start()
    }

    deinit {
        watchdog?.stop()
        // Not joined: the last reference may go on one of the loops themselves.
        for loop in loops { loop.requestStop() }
    }

    /// The loop of the calling thread if it is one of these, otherwise each in turn.
    package func next() -> EventLoop {
        if let current = EventLoop.current, current.index < loops.count, loops[current.index] === current {
            return current
        }
        let ticket = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: ticket) % UInt(loops.count))]
    }

    /// Ends all waiting on the loops with errors, stops the threads and waits for them. May be called again; never from
    /// one of the loops. Tasks that still prefer a stopped loop run on the shared thread pool.
    package func shutdown() {
        watchdog?.stop()
        for loop in loops { loop.requestStop() }
        for loop in loops { loop.join() }
    }
}
