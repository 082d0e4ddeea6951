import Foundation

/// Blocking work on threads of its own: a call into libpq or a child process must never hold a thread of the pool that
/// all async code shares.
enum OwnThread {
    /// Starts a thread that runs `body` to its end.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 1 << 20
        thread.start()
    }

    /// Runs `body` on a fresh thread and waits for its result.
    static func run<Value: Sendable, Failure: Error>(
        _ name: String,
        _ body: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
            start(name) {
                do throws(Failure) { continuation.resume(returning: .success(try body())) } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
