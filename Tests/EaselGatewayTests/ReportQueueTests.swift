import EaselBase
import EaselCore
import Testing
import TestTools

@testable import EaselGateway

/// Who reads a report when several teams want to.
@Suite struct ReportQueueTests {
    private func queue(_ atOnce: Int, _ perTeam: Int, _ waiting: Int = 3) -> ReportQueue {
        ReportQueue(ReportQueue.Limits(atOnce: atOnce, perTeam: perTeam, waiting: waiting))
    }

    /// What becomes of newcomers of these teams, one after the other.
    private func arrive(_ queue: inout ReportQueue, _ teams: [Int64]) -> [ReportQueue.Arrival] {
        teams.map { queue.arrive($0) }
    }

    @Test func `a team's slow reports leave places to others, and its line is short`() {
        var queue = queue(4, 2)
        let own = arrive(&queue, [1, 1, 1, 1, 1, 1])
        #expect(own == [.begins, .begins, .waits(1), .waits(2), .waits(3), .isFull])
        let others = arrive(&queue, [2, 3])
        #expect(others == [.begins, .begins])
        #expect(queue.running == 4 && queue.waiting == 3)
        // The place of another team is not for a team that has all of its own.
        let free = queue.leave(2)
        #expect(free == nil && queue.running == 3)
        let next = queue.leave(1)
        #expect(next == 1)
        let withdrawn = [2, 2, 1].map { queue.withdraw($0) }
        #expect(withdrawn == [true, false, false])
        let last = queue.leave(1)
        #expect(last == 3 && queue.waiting == 0)
    }

    @Test func `a free place goes to the team with the fewest at work, the earlier where they are equal`() {
        var queue = queue(3, 2)
        let arrivals = arrive(&queue, [1, 1, 2, 2, 3, 4])
        #expect(arrivals.suffix(3) == [.waits(1), .waits(2), .waits(3)])
        let places = [1, 1, 3].map { queue.leave($0) }
        #expect(places == [2, 3, 1])
    }

    @Test func `whatever comes and goes, no limit is passed and nobody who may begin is left waiting`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let limits = ReportQueue.Limits(
                atOnce: Int.random(in: 1...5, using: &random),
                perTeam: Int.random(in: 1...3, using: &random),
                waiting: Int.random(in: 0...4, using: &random)
            )
            var queue = ReportQueue(limits)
            var working: [Int64] = []
            var waiting: [UInt64: Int64] = [:]
            for _ in 0..<120 {
                let team = Int64.random(in: 1...4, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1:
                    switch queue.arrive(team) {
                    case .begins: working.append(team)
                    case .waits(let ticket): waiting[ticket] = team
                    case .isFull: #expect(waiting.values.count { $0 == team } == limits.waiting, "seed \(seed)")
                    }
                case 2:
                    guard let ticket = waiting.keys.randomElement(using: &random) else { continue }
                    let wasThere = queue.withdraw(ticket)
                    #expect(wasThere, "seed \(seed)")
                    waiting[ticket] = nil
                default:
                    guard let index = working.indices.randomElement(using: &random) else { continue }
                    let leaver = working.remove(at: index)
                    if let ticket = queue.leave(leaver) {
                        guard let next = waiting.removeValue(forKey: ticket) else {
                            Issue.record("a place went to nobody, seed \(seed)")
                            return
                        }
                        working.append(next)
                    }
                }
                #expect(queue.running == working.count && queue.waiting == waiting.count, "seed \(seed)")
                #expect(working.count <= limits.atOnce, "seed \(seed)")
                let counts = Dictionary(grouping: working, by: \.self).mapValues(\.count)
                #expect(counts.values.allSatisfy { $0 <= limits.perTeam }, "seed \(seed)")
                let mayBegin = waiting.values.contains { counts[$0, default: 0] < limits.perTeam }
                #expect(working.count == limits.atOnce || !mayBegin, "seed \(seed)")
            }
        }
    }

    private func problem(_ body: () async throws(Problem) -> Void) async -> Problem? {
        do throws(Problem) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `those who wait begin when others end, or are told when to come again`() async throws {
        let gate = ReportGate(ReportQueue.Limits(atOnce: 2, perTeam: 1, waiting: 1), patience: .milliseconds(200))
        let latch = Latch()
        let slow = Task { try await gate.run(team: 1) { () async throws(Problem) in await latch.wait() } }
        while gate.running == 0 { await Task.yield() }
        // Another team is not kept.
        let other = await problem { () async throws(Problem) in try await gate.run(team: 2) {} }
        #expect(other == nil)
        let second = Task {
            await problem { () async throws(Problem) in try await gate.run(team: 1) {} }
        }
        while gate.waiting == 0 { await Task.yield() }
        let full = await problem { () async throws(Problem) in try await gate.run(team: 1) {} }
        #expect(full?.code == .rateLimited && full?.retryAfter == .seconds(5))
        let late = await second.value
        #expect(late?.code == .unavailable && late?.retryAfter == .seconds(5))
        let third = Task {
            await problem { () async throws(Problem) in try await gate.run(team: 1) {} }
        }
        while gate.waiting == 0 { await Task.yield() }
        latch.open()
        #expect(await third.value == nil)
        try await slow.value
        #expect(gate.running == 0 && gate.waiting == 0)
    }

    @Test func `a caller that leaves gives its place in the line up`() async throws {
        let gate = ReportGate(ReportQueue.Limits(atOnce: 1, perTeam: 1, waiting: 1), patience: .seconds(60))
        let latch = Latch()
        let slow = Task { try await gate.run(team: 1) { () async throws(Problem) in await latch.wait() } }
        while gate.running == 0 { await Task.yield() }
        let gone = Task { await problem { () async throws(Problem) in try await gate.run(team: 2) {} } }
        while gate.waiting == 0 { await Task.yield() }
        gone.cancel()
        #expect(await gone.value?.code == .unavailable)
        #expect(gate.waiting == 0)
        latch.open()
        try await slow.value
    }
}
