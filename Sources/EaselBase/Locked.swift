import Foundation

/// A value behind a lock: the lock of the whole project.
///
/// `NSLock` rather than `Synchronization.Mutex`, because the thread sanitizer reports false races for the latter.
/// Lock, decide, unlock, act: the body is synchronous, so the lock is never held over an `await`.
// Unchecked, because every access to `state` goes through `lock`.
package final class Locked<State>: @unchecked Sendable {
    private let lock = NSLock()
    private var state: State

    package init(_ state: sending State) {
        self.state = state
    }

    /// Runs `body` with exclusive access to the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(&state)
    }
}
