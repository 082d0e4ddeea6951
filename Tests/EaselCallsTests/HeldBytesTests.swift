import EaselBase
import EaselCore
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// Requests under way are limited by the bytes that they hold (S4).
struct HeldBytesTests {
    @Test func `what is taken is given back, and never more than the limit is held`() {
        for seed in UInt64(0x0E5E_2801)...0x0E5E_2803 {
            var random = SeededRandom(seed: seed)
            var book = WeightBook(limit: 1000)
            var open: [(bytes: Int, team: Int64)] = []
            for _ in 0..<5000 {
                if Bool.random(using: &random), let index = open.indices.randomElement(using: &random) {
                    let share = open.remove(at: index)
                    book.give(share.bytes, team: share.team)
                } else {
                    let (bytes, team) = (
                        Int.random(in: 0...300, using: &random), Int64.random(in: 1...3, using: &random)
                    )
                    if book.take(bytes, team: team) == nil { open.append((bytes, team)) }
                }
                #expect(book.total == open.reduce(0) { $0 + $1.bytes } && book.total <= 1000, "seed \(seed)")
                for team in Int64(1)...3 {
                    let own = open.filter { $0.team == team }.reduce(0) { $0 + $1.bytes }
                    #expect((book.teams[team] ?? 0) == own && own <= 750, "seed \(seed)")
                }
            }
            for share in open { book.give(share.bytes, team: share.team) }
            #expect(book == WeightBook(limit: 1000), "seed \(seed)")
        }
    }

    @Test func `a team that floods leaves room for the others`() throws {
        let held = HeldBytes(limit: 1000)
        let first = try held.share(700, team: 1)
        let refused = #expect(throws: CallFailure.self) { try held.share(100, team: 1) }
        #expect(refused?.code == .rateLimited && refused?.retryAfter != nil)
        let second = try held.share(250, team: 2)
        let full = #expect(throws: CallFailure.self) { try held.share(100, team: 3) }
        #expect(full?.code == .unavailable && full?.retryAfter != nil)
        #expect(held.held == 950 && held.refusals == 2)
        withExtendedLifetime((first, second)) {}
    }

    @Test func `a share follows what its request holds and goes with it`() throws {
        let held = HeldBytes(limit: 1000)
        do {
            let share = try held.share(600, team: 1)
            try share.set(100)
            #expect(held.held == 100)
            try share.add(300)
            #expect(held.held == 400)
            #expect(throws: CallFailure.self) { try share.add(10_000) }
            #expect(held.held == 400)
            withExtendedLifetime(share) {}
        }
        #expect(held.held == 0)
    }

    @Test func `one request alone may hold what a body may`() throws {
        let held = HeldBytes(limit: 10)
        let share = try held.share(64, team: 1)
        #expect(held.held == 64)
        withExtendedLifetime(share) {}
    }
}
