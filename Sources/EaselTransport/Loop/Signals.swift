import EaselBase
import Foundation

/// Signals as streams of values.
package enum Signals {
    private struct Listener {
        let signals: [Int32]
        let continuation: AsyncStream<Int32>.Continuation
    }

    private struct State {
        var watched: Set<Int32> = []
        var listeners: [Int: Listener] = [:]
        var nextNumber = 0
    }

    private static let state = Locked(State())

    /// The signals as they arrive, from the moment of this call. Each stream gets each signal. The default action is
    /// switched off for the whole process, for good. What cannot be caught (SIGKILL, SIGSTOP) never comes.
    package static func stream(_ signals: [Int32]) -> AsyncStream<Int32> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let number = state.withLock { state -> Int in
                for signal in signals where state.watched.insert(signal).inserted {
                    SignalWatcher.watch(signal) { deliver($0) }
                }
                state.nextNumber += 1
                state.listeners[state.nextNumber] = Listener(signals: signals, continuation: continuation)
                return state.nextNumber
            }
            continuation.onTermination = { _ in
                state.withLock { _ = $0.listeners.removeValue(forKey: number) }
            }
        }
    }

    /// Takes their default action, the end of the process, from these signals: they come from tools that mean other servers
    /// (log rotation sends SIGUSR1) and from timers of nobody. Programs that are started later have it again.
    package static func withstand(_ signals: [Int32]) {
        state.withLock { state in
            for signal in signals where state.watched.insert(signal).inserted {
                SignalWatcher.watch(signal) { deliver($0) }
            }
        }
    }

    /// Whether the signal means nothing to this process, by the choice of who started it. Ask before `stream`.
    package static func isIgnored(_ signal: Int32) -> Bool { SignalWatcher.isIgnored(signal) }

    private static func deliver(_ signal: Int32) {
        let listeners = state.withLock { $0.listeners.values.filter { $0.signals.contains(signal) } }
        for listener in listeners { listener.continuation.yield(signal) }
    }

    /// A write to a closed socket must be an error, not the end of the process.
    static let pipeIgnored: Void = { Descriptor.pipeIgnored }()
}
