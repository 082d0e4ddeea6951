import EaselBase
import EaselCore

/// One answer that an async caller waits for: given exactly once, by the worker that does the work or by the clock that
/// ends the wait. Whoever comes second is told so.
final class Ticket<Value: Sendable>: Sendable {
    private let continuation: Locked<CheckedContinuation<Result<Value, LedgerError>, Never>?>

    init(_ continuation: CheckedContinuation<Result<Value, LedgerError>, Never>) {
        self.continuation = Locked(continuation)
    }

    /// False when the answer was given before.
    @discardableResult
    func answer(_ result: Result<Value, LedgerError>) -> Bool {
        let waiting = continuation.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        waiting?.resume(returning: result)
        return waiting != nil
    }
}
