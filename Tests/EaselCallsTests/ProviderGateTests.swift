import EaselBase
import EaselTransport
import Foundation
import Testing
import TestTools

@testable import EaselCalls

/// The place at a provider: how many, who is next, and for how long one waits.
struct ProviderGateTests {
    @Test func `no more than the limit are in at once`() async {
        let gate = ProviderGate(limit: 3)
        let counts = Locked((now: 0, most: 0))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    guard await gate.enter(team: 1, timeout: .seconds(30)) else { return }
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
        #expect(await gate.enter(team: 1, timeout: .seconds(1)))
        let order = Locked<[Int]>([])
        // On one loop tasks begin in the order in which they were made.
        let waiting = (0..<5).map { number in
            Task(executorPreference: Bench.group.loops[0]) {
                guard await gate.enter(team: 1, timeout: .seconds(30)) else { return }
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
        #expect(await gate.enter(team: 1, timeout: .seconds(1)))
        #expect(await gate.enter(team: 1, timeout: .milliseconds(30)) == false)
        gate.leave()
        #expect(gate.running == 0)
        #expect(await gate.enter(team: 1, timeout: .milliseconds(30)))
        gate.leave()
    }

    @Test(.timeLimit(.minutes(1)))
    func `a wait ends in time, however short it is`() async {
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(team: 1, timeout: .seconds(1)))
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
            for _ in 0..<300 { group.addTask { await gate.enter(team: 1, timeout: .zero) } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        rescue.cancel()
        #expect(!isLate.withLock { $0 }, "some waited for ever")
        #expect(entered == 0 || isLate.withLock { $0 })
    }

    @Test func `a place that is given as the time runs out is used or given back`() async {
        let gate = ProviderGate(limit: 1)
        for _ in 0..<100 {
            #expect(await gate.enter(team: 1, timeout: .seconds(5)))
            async let second = gate.enter(team: 1, timeout: .milliseconds(2))
            try? await Task.sleep(for: .milliseconds(2))
            gate.leave()
            if await second { gate.leave() }
            #expect(gate.running == 0)
        }
    }
}

/// Between teams.
extension ProviderGateTests {
    @Test func `teams that wait take turns`() async throws {
        let gate = ProviderGate(limit: 1)
        #expect(await gate.enter(team: 9, timeout: .seconds(1)))
        let order = Locked<[Int64]>([])
        var waiting: [Task<Void, Never>] = []
        for team: Int64 in [1, 1, 1, 2, 2] {
            waiting.append(
                Task {
                    guard await gate.enter(team: team, timeout: .seconds(30)) else { return }
                    order.withLock { $0.append(team) }
                    gate.leave()
                }
            )
            let count = waiting.count
            #expect(await eventually { gate.waiting == count })
        }
        gate.leave()
        for task in waiting { await task.value }
        #expect(order.withLock { $0 } == [1, 2, 1, 2, 1])
        #expect(gate.running == 0)
    }

    @Test func `in a full queue the longest team makes room, and who has no room is told at once`() async throws {
        let gate = ProviderGate(limit: 1, queueLimit: 2)
        #expect(await gate.enter(team: 1, timeout: .seconds(1)))
        let first = Task { await gate.enter(team: 1, timeout: .seconds(30)) }
        #expect(await eventually { gate.waiting == 1 })
        let second = Task { await gate.enter(team: 1, timeout: .seconds(30)) }
        #expect(await eventually { gate.waiting == 2 })
        #expect(gate.isFull(for: 1))
        #expect(await gate.enter(team: 1, timeout: .seconds(30)) == false)
        #expect(!gate.isFull(for: 2))
        let other = Task { await gate.enter(team: 2, timeout: .seconds(30)) }
        #expect(await second.value == false)
        for _ in 0..<2 { gate.leave() }
        #expect(await first.value)
        #expect(await other.value)
        gate.leave()
        #expect(gate.running == 0)
    }
}
