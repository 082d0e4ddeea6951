import EaselBase
import EaselTransport
import Foundation
import TestKit
import Testing

@testable import EaselGateway

/// The place at a provider: how many, who is next, and for how long one waits.
struct ProviderGateTests {
    @Test func `no more than the limit are in at once`() async {
        let gate = ProviderGate(limit: 3)
        let counts = Locked((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    guard await gate.enter(timeout: .seconds(30)) else { return }
                    counts.withLock { counts in
                        counts.now += 1
                        counts.most = max(counts.most, counts.now)
                    }
                    try? await Task.sleep(for: .milliseconds(1))
                    counts.withLock { $0.now -= 1 }
                    gate.leave()
                }
            }
        }
        #expect(counts.withLock(\.most) <= 3)
        #expect(counts.withLock(\.most) > 0)
        #expect(gate.running == 0)
    }

    @Test func `those who wait come in by turn`() async throws {
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(timeout: .seconds(1)))
        let order = Locked<[Int]>([])
        // On one loop tasks begin in the order in which they were made.
        let waiting = (0..<5).map { number in
            Task(executorPreference: Bench.group.loops[0]) {
                guard await gate.enter(timeout: .seconds(30)) else { return }
                order.withLock { $0.append(number) }
                gate.leave()
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        #expect(order.withLock(\.isEmpty))
        gate.leave()
        for task in waiting { await task.value }
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
        #expect(gate.running == 0)
    }

    @Test func `who waits too long goes away, and the place is not lost`() async {
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(timeout: .seconds(1)))
        #expect(await gate.enter(timeout: .milliseconds(30)) == false)
        gate.leave()
        #expect(gate.running == 0)
        #expect(await gate.enter(timeout: .milliseconds(30)))
        gate.leave()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a wait ends in time, however short it is`() async {
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(timeout: .seconds(1)))
        // If the time is up before the waiting has begun, the wait must end all the same.
        let isLate = Locked(false)
        let rescue = Task {
            try await Task.sleep(for: .seconds(5))
            isLate.withLock { $0 = true }
            for _ in 0..<500 {
                gate.leave()
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        let entered = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<300 { group.addTask { await gate.enter(timeout: .zero) } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        rescue.cancel()
        #expect(!isLate.withLock { $0 }, "some waited for ever")
        #expect(entered == 0 || isLate.withLock { $0 })
    }

    @Test func `a place that is given as the time runs out is used or given back`() async {
        let gate = ProviderGate(limit: 1)
        for _ in 0..<100 {
            #expect(await gate.enter(timeout: .seconds(5)))
            async let second = gate.enter(timeout: .milliseconds(2))
            try? await Task.sleep(for: .milliseconds(2))
            gate.leave()
            if await second { gate.leave() }
            #expect(gate.running == 0)
        }
    }
}
