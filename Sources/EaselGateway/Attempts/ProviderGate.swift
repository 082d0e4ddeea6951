import EaselBase
import Foundation

/// Lets so many requests to one provider account be under way at once; the others wait in the order they came.
final class ProviderGate: Sendable {
    /// How many may wait; beyond that there is no capacity (S4).
    static let queueLimit = 10_000

    private struct State {
        var running = 0
        var nextTicket: UInt64 = 0
        var waiting: [(ticket: UInt64, continuation: UnsafeContinuation<Bool, Never>)] = []
    }

    private let limit: Int
    private let state = Locked(State())

    init(limit: Int) {
        self.limit = limit
    }

    var running: Int { state.withLock(\.running) }

    /// Waits for a place, at most `timeout`. False: none became free in time. Call `leave` for each true.
    func enter(timeout: Duration) async -> Bool {
        if state.withLock({ state in
            guard state.running < limit else { return false }
            state.running += 1
            return true
        }) {
            return true
        }
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return await withTaskGroup(of: Bool?.self) { group in
            group.addTask { await self.wait(ticket) }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            let first = await group.next() ?? nil
            if let first {
                group.cancelAll()
                return first
            }
            // Time is up. The place may have been given in this very moment: then it is ours.
            self.giveUp(ticket)
            for await answer in group { if let answer { return answer } }
            return false
        }
    }

    func leave() {
        let next: UnsafeContinuation<Bool, Never>? = state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.running -= 1
                return nil
            }
            // The place goes to the next one without becoming free in between.
            return state.waiting.removeFirst().continuation
        }
        next?.resume(returning: true)
    }

    private func wait(_ ticket: UInt64) async -> Bool {
        await withUnsafeContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.running < limit {
                    state.running += 1
                    return true
                }
                guard state.waiting.count < Self.queueLimit else { return false }
                state.waiting.append((ticket, continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    private func giveUp(_ ticket: UInt64) {
        let mine: UnsafeContinuation<Bool, Never>? = state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.waiting.remove(at: index).continuation
        }
        mine?.resume(returning: false)
    }
}
