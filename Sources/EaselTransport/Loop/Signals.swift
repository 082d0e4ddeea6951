import Dispatch
import EaselBase
import Foundation

/// Signals as a stream of values.
package enum Signals {
    /// The signals as they arrive. Their default action is switched off for the whole process, for good.
    package static func stream(_ signals: [Int32]) -> AsyncStream<Int32> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            let sources = signals.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            // The sources live as long as somebody listens.
            let kept = Locked(sources)
            continuation.onTermination = { _ in
                kept.withLock { sources in
                    for source in sources { source.cancel() }
                    sources.removeAll()
                }
            }
        }
    }

    /// A write to a closed socket must be an error, not the end of the process.
    static let pipeIgnored: Void = {
        _ = signal(SIGPIPE, SIG_IGN)
    }()

    private static let queue = DispatchQueue(label: "easel-signals")
}
