import EaselBase

/// One waiting `sleep`. The continuation is resumed once: by the timer, by cancellation or by the loop's stop.
// Unchecked: everything happens on the loop's thread; `begin` goes there by itself.
final class Sleeper: @unchecked Sendable {
    private let loop: EventLoop
    private var timer: LoopTimer?
    private var continuation: UnsafeContinuation<Bool, Never>?
    private var ended = false

    init(loop: EventLoop) {
        self.loop = loop
    }

    func begin(_ continuation: UnsafeContinuation<Bool, Never>, milliseconds: UInt64) {
        if loop.isCurrent { return arm(continuation, milliseconds) }
        if !loop.trySubmit({ [self] in arm(continuation, milliseconds) }) { continuation.resume(returning: false) }
    }

    private func arm(_ continuation: UnsafeContinuation<Bool, Never>, _ milliseconds: UInt64) {
        // Cancelled before it began, or too late for this loop.
        guard !ended, loop.onStop(self, { [self] in end(slept: false) }) else {
            return continuation.resume(returning: false)
        }
        self.continuation = continuation
        let timer = LoopTimer(loop: loop.raw) { [self] in end(slept: true) }
        self.timer = timer
        _ = loop.updatedNow()
        // One more, because the loop counts from the last whole millisecond.
        timer.start(milliseconds: milliseconds + 1)
    }

    func end(slept: Bool) {
        ended = true
        timer?.close()
        timer = nil
        loop.forgetStop(self)
        guard let continuation else { return }
        self.continuation = nil
        continuation.resume(returning: slept)
    }
}
