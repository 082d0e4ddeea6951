import EaselBase
import EaselCore

/// A start that waits for its database: one that is just being started beside us, a password that is about to be put
/// right, a database that somebody is about to make.
struct DatabaseWait: Sendable {
    /// The operator does not want the start any more.
    struct Stopped: Error {}

    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    private let limit: Duration
    private let until: SteadyInstant
    private let isStopping: @Sendable () -> Bool
    private let log: Log

    /// Begins the wait, which goes on for `limit` at most.
    init(limit: Duration, isStopping: @escaping @Sendable () -> Bool = { false }, log: Log) {
        self.limit = limit
        until = .now + limit
        self.isStopping = isStopping
        self.log = log
    }

    /// Tries again whatever the database's absence stops, and says why each time.
    /// - Throws: `Stopped`, or a sentence with the last cause when the time is over.
    func run<Value>(_ body: () async throws(LedgerError) -> Value) async throws -> Value {
        var pause = Self.firstPause
        while true {
            do throws(LedgerError) {
                return try await body()
            } catch {
                guard case .unavailable(let cause) = error else { throw error }
                if isStopping() { throw Stopped() }
                let left = until.since(.now)
                guard left > .zero else {
                    let waited = limit > .zero ? " within \(DurationText.format(limit)) (database.start_timeout)" : ""
                    throw CommandFailure("the database cannot be used\(waited): \(cause)")
                }
                log.warning(
                    "the database cannot be used yet; waiting for it",
                    ["error": cause, "left_s": String(left.milliseconds / 1000)]
                )
                try await sleep(min(pause, left))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// In short pieces, so that a signal need not wait.
    private func sleep(_ pause: Duration) async throws {
        let end = SteadyInstant.now + Duration.milliseconds(Int64(pause.secondsAsDouble * 1000 * .random(in: 0.5...1)))
        while SteadyInstant.now < end {
            if isStopping() { throw Stopped() }
            try? await Task.sleep(for: min(.milliseconds(100), end.since(.now)))
        }
    }
}
