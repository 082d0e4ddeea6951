import EaselCore
import Testing
import TestTools

extension FairQueue {
    /// The ticket of one that waits; nil when it does not.
    fileprivate mutating func ticket(_ element: Element, team: Int64) -> UInt64? {
        switch arrive(element, team: team) {
        case .waiting(let ticket), .waitingInstead(let ticket, of: _): ticket
        case .granted, .turnedAway: nil
        }
    }
}

@Suite("Fair queue")
struct FairQueueTests {
    private struct Unexpected: Error {}

    /// A full account with nobody waiting.
    private func full(limit: Int = 1, capacity: Int = 1000, credit: Int64? = nil) -> FairQueue<String> {
        var queue = FairQueue<String>(limit: limit, capacity: capacity, credit: credit)
        for _ in 0..<limit { _ = queue.arrive("running", team: 0) }
        return queue
    }

    private func served(_ queue: inout FairQueue<String>) -> [String] {
        var order: [String] = []
        while let next = queue.leave() { order.append(next) }
        return order
    }

    @Test func `a team alone is served in the order of arrival`() {
        var queue = full()
        for index in 1...50 { _ = queue.arrive("a\(index)", team: 1) }
        #expect(queue.waiting == 50)
        #expect(served(&queue) == (1...50).map { "a\($0)" })
        #expect(queue.running == 0)
    }

    @Test func `more places let those in who wait, fewer send nobody away`() {
        var queue = full(limit: 2)
        for index in 1...5 { _ = queue.arrive("a\(index)", team: 1) }
        #expect(queue.setLimit(4) == ["a1", "a2"])
        #expect(queue.running == 4 && queue.waiting == 3)
        #expect(queue.setLimit(1) == [])
        // Three leave without anybody following, until one place is left.
        for running in [3, 2, 1] { #expect(queue.leave() == nil && queue.running == running) }
        #expect(queue.leave() == "a3" && queue.running == 1)
        #expect(queue.setLimit(10) == ["a4", "a5"])
        #expect(queue.running == 3 && queue.waiting == 0)
    }

    @Test func `teams that wait take turns`() {
        var queue = full()
        for index in 1...4 { _ = queue.arrive("a\(index)", team: 1) }
        for index in 1...4 { _ = queue.arrive("b\(index)", team: 2) }
        #expect(served(&queue) == ["a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"])
    }

    @Test func `a burst of a small team goes ahead of a flood, as far as its credit goes`() {
        var queue = full(credit: 16)
        for index in 0..<200 { _ = queue.arrive("a\(index)", team: 1) }
        // The flood has used its own credit up long before the small team comes.
        for _ in 0..<100 { _ = queue.leave() }
        for index in 0..<40 { _ = queue.arrive("b\(index)", team: 2) }
        let order = served(&queue)
        #expect(order.prefix(16).allSatisfy { $0.hasPrefix("b") })
        #expect(order[16..<56].count { $0.hasPrefix("b") } <= 22, "then they take turns")
        #expect(order.filter { $0.hasPrefix("b") } == (0..<40).map { "b\($0)" })
    }

    @Test func `who goes away is not served and costs its team nothing`() throws {
        var queue = full()
        let tickets = (1...10).compactMap { queue.ticket("a\($0)", team: 1) }
        for ticket in tickets.prefix(9) { #expect(queue.withdraw(ticket) != nil) }
        #expect(queue.withdraw(tickets[0]) == nil)
        for index in 1...2 { _ = queue.arrive("b\(index)", team: 2) }
        #expect(served(&queue) == ["a10", "b1", "b2"])
        #expect(queue.withdraw(tickets[9]) == nil)
    }

    @Test func `a full queue takes a newcomer in the room of the longest team's newest`() throws {
        var queue = full(capacity: 4)
        for index in 1...3 { _ = queue.arrive("a\(index)", team: 1) }
        _ = queue.arrive("b1", team: 2)
        #expect(queue.isFull(for: 1))
        #expect(!queue.isFull(for: 2))
        guard case .turnedAway = queue.arrive("a4", team: 1) else { throw Unexpected() }
        guard case .waitingInstead(_, of: let displaced) = queue.arrive("b2", team: 2) else {
            throw Unexpected()
        }
        #expect(displaced == "a3")
        // Two and two now: b is among the longest itself.
        guard case .turnedAway = queue.arrive("b3", team: 2) else { throw Unexpected() }
        guard case .waitingInstead(_, of: let other) = queue.arrive("c1", team: 3) else {
            throw Unexpected()
        }
        #expect(other == "b2", "of two as long the one whose newest came last")
        #expect(queue.waiting == 4)
        #expect(Set(served(&queue)) == ["a1", "a2", "b1", "c1"])
    }

    @Test func `those ahead are counted by the same rules`() {
        var queue = full(limit: 2, credit: 4)
        #expect(queue.ahead(of: 1) == 0)
        for index in 0..<30 { _ = queue.arrive("a\(index)", team: 1) }
        #expect(queue.ahead(of: 1) == 30)
        for _ in 0..<10 { _ = queue.leave() }
        #expect(queue.ahead(of: 2) == 0, "its credit takes it to the front")
        for index in 0..<6 { _ = queue.arrive("b\(index)", team: 2) }
        let ahead = queue.ahead(of: 2)
        var order: [String] = []
        _ = queue.arrive("b-new", team: 2)
        while let next = queue.leave() { order.append(next) }
        #expect(order.firstIndex(of: "b-new") == ahead)
    }

    @Test func `teams that wait for nothing are forgotten`() {
        var queue = FairQueue<Int>(limit: 4, capacity: 100)
        for team in 0..<20_000 {
            for _ in 0..<4 { _ = queue.arrive(0, team: Int64(team)) }
            for _ in 0..<4 { _ = queue.leave() }
        }
        #expect(queue.teamCount < 10_000)
    }
}

@Suite("Fair queue, random histories")
struct FairQueuePropertyTests {
    @Test func `150 random histories: never more than the limit, each answered once, in order within its team`() {
        for seed in UInt64(0x0E5E_E000)..<0x0E5E_E000 + 150 {
            var random = SeededRandom(seed: seed)
            let limit = Int.random(in: 1...6, using: &random)
            let capacity = Int.random(in: 0...40, using: &random)
            var queue = FairQueue<Int>(limit: limit, capacity: capacity)
            var waiting: [Int: (team: Int64, ticket: UInt64)] = [:]
            var running = 0
            var lastServed: [Int64: Int] = [:]
            for number in 0..<400 {
                let ahead = queue.ahead(of: 1)
                #expect((0...queue.waiting).contains(ahead), "seed \(seed)")
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    let team = Int64.random(in: 1...4, using: &random) * Int64.random(in: 0...1, using: &random)
                    let isFull = queue.isFull(for: team)
                    switch queue.arrive(number, team: team) {
                    case .granted:
                        #expect(running < limit && waiting.isEmpty, "seed \(seed)")
                        running += 1
                        lastServed[team] = number
                    case .waiting(let ticket):
                        #expect(running == limit && waiting.count < capacity, "seed \(seed)")
                        waiting[number] = (team, ticket)
                    case .waitingInstead(let ticket, of: let other):
                        #expect(waiting.count == capacity && !isFull, "seed \(seed)")
                        #expect(waiting.removeValue(forKey: other) != nil, "seed \(seed): answered twice")
                        waiting[number] = (team, ticket)
                    case .turnedAway: #expect(isFull && waiting.count == capacity, "seed \(seed)")
                    }
                case 6..<9:
                    guard running > 0 else { break }
                    if let next = queue.leave() {
                        guard let (team, _) = waiting.removeValue(forKey: next) else {
                            Issue.record("seed \(seed): \(next) was answered twice")
                            return
                        }
                        #expect(lastServed[team] ?? -1 < next, "seed \(seed): out of order")
                        lastServed[team] = next
                    } else {
                        #expect(waiting.isEmpty, "seed \(seed): a place is lost")
                        running -= 1
                    }
                default:
                    guard let (number, entry) = waiting.min(by: { $0.key < $1.key }) else { break }
                    #expect(queue.withdraw(entry.ticket) == number, "seed \(seed)")
                    waiting[number] = nil
                }
                #expect(queue.running == running && queue.waiting == waiting.count, "seed \(seed)")
            }
            while running > 0 {
                if let next = queue.leave() {
                    #expect(waiting.removeValue(forKey: next) != nil, "seed \(seed)")
                } else {
                    running -= 1
                }
            }
            #expect(waiting.isEmpty, "seed \(seed): some wait for ever")
        }
    }

    /// Requests of a simulated account: who came when, and when its place came free for it.
    private struct Simulation {
        struct Request {
            let team: Int64
            let arrival: Double
            let length: Double
            var began: Double?
            var ended: Double? { began.map { $0 + length } }
        }

        /// Serves `requests` (ordered by arrival) and tells when each began.
        static func run(_ requests: [Request], limit: Int) -> (requests: [Request], mostRunning: Int) {
            var requests = requests
            var queue = FairQueue<Int>(limit: limit, capacity: 100_000)
            var ends: [(at: Double, index: Int)] = []
            var most = 0
            func begin(_ index: Int, _ now: Double) {
                requests[index].began = now
                ends.append((now + requests[index].length, index))
                most = max(most, ends.count)
            }
            func finish(until now: Double) {
                while let next = ends.indices.min(by: { ends[$0].at < ends[$1].at }), ends[next].at <= now {
                    let (at, _) = ends.remove(at: next)
                    if let index = queue.leave() { begin(index, at) }
                }
            }
            for index in requests.indices {
                finish(until: requests[index].arrival)
                if case .granted = queue.arrive(index, team: requests[index].team) {
                    begin(index, requests[index].arrival)
                }
            }
            finish(until: .infinity)
            return (requests, most)
        }
    }

    private func p95(_ requests: [Simulation.Request], of team: Int64) -> Double {
        let times = requests.filter { $0.team == team }.map { ($0.ended ?? .infinity) - $0.arrival }.sorted()
        return times[min(times.count - 1, times.count * 95 / 100)]
    }

    /// The small team sends bursts that need a few rounds of the places; the large one sends 50 times as much, which is
    /// more than the account takes. What counts is from the request to its image.
    @Test func `beside a team with 50 times the load, a small team waits at most twice as long as alone`() {
        for seed in UInt64(0x0E5E_F000)..<0x0E5E_F000 + 8 {
            var random = SeededRandom(seed: seed)
            let limit = Int.random(in: 4...16, using: &random)
            var small: [Simulation.Request] = []
            var at = 0.0
            while small.count < 200 {
                at += Double.random(in: 60...120, using: &random)
                for _ in 0..<2 * limit {
                    small.append(.init(team: 2, arrival: at, length: Double.random(in: 2...6, using: &random)))
                }
            }
            var large: [Simulation.Request] = []
            let count = 50 * small.count
            for _ in 0..<count {
                large.append(
                    .init(
                        team: 1,
                        arrival: Double.random(in: 0...at, using: &random),
                        length: Double.random(in: 2...6, using: &random)
                    )
                )
            }
            let alone = Simulation.run(small, limit: limit)
            let together = Simulation.run((small + large).sorted { $0.arrival < $1.arrival }, limit: limit)
            #expect(together.mostRunning == limit, "seed \(seed)")
            #expect(together.requests.allSatisfy { $0.began != nil }, "seed \(seed): some were never served")
            let before = p95(alone.requests, of: 2)
            let after = p95(together.requests, of: 2)
            #expect(after <= 2 * before, "seed \(seed), limit \(limit): \(after) s beside the flood, \(before) s alone")
            // The flood really is one.
            #expect(p95(together.requests, of: 1) > 5 * after, "seed \(seed)")
        }
    }

    /// However many small teams come one after another with all their credit, the team that waits is served.
    @Test func `nobody starves`() {
        var queue = FairQueue<Int64>(limit: 1, capacity: 100_000)
        _ = queue.arrive(0, team: 0)
        for _ in 0..<300 { _ = queue.arrive(1, team: 1) }
        for _ in 0..<100 { _ = queue.leave() }
        var servedOfLarge = 0
        var random = SeededRandom(seed: 0x0E5E_FF00)
        // Ten teams that send two for each place that comes free: far more than there is room for.
        for _ in 0..<4000 {
            for _ in 0..<2 {
                let team = Int64.random(in: 2...11, using: &random)
                _ = queue.arrive(team, team: team)
            }
            if queue.leave() == 1 { servedOfLarge += 1 }
        }
        #expect(servedOfLarge == 200, "seed 0x0E5EFF00: \(servedOfLarge) of 200")
    }
}
