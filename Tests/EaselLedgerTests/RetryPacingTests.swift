import EaselBase
import Testing
import TestTools

@testable import EaselLedger

/// How often a database that is not well is tried.
@Suite struct RetryPacingTests {
    private let start = SteadyInstant(nanoseconds: 1_000_000_000_000)

    @Test func `while all is well nobody waits`() {
        var pacing = RetryPacing()
        for step in 0..<1000 {
            let now = start + .milliseconds(Int64(step))
            #expect(pacing.turn(at: now, chance: 0) == nil)
        }
        #expect(pacing.turns == 0 && !pacing.isFailing)
    }

    @Test func `pauses double up to their bound, and only a success ends them`() {
        var pacing = RetryPacing(first: .milliseconds(20), longest: .seconds(5))
        var now = start
        pacing.failed(at: now, chance: 0)
        var pauses: [Int64] = []
        for _ in 0..<12 {
            guard let until = pacing.turn(at: now, chance: 0) else {
                Issue.record("a turn was given without a pause")
                return
            }
            pauses.append(until.since(now).milliseconds)
            now = until
            #expect(pacing.turn(at: now, chance: 0) == nil)
            // To connect is not enough: nothing says that it works.
            pacing.failed(at: now, chance: 0)
        }
        #expect(pauses == [20, 40, 80, 160, 320, 640, 1280, 2560, 5000, 5000, 5000, 5000])
        pacing.succeeded()
        #expect(pacing.turn(at: now, chance: 0) == nil)
        pacing.failed(at: now, chance: 0)
        #expect(pacing.turn(at: now, chance: 0) == now + .milliseconds(20))
    }

    @Test func `a turn is one for all, and a sign of life makes the next one early without making them frequent`() {
        var pacing = RetryPacing(first: .milliseconds(100), longest: .seconds(5))
        var now = start
        pacing.failed(at: now, chance: 0)
        for _ in 0..<6 {
            if let until = pacing.turn(at: now, chance: 0) { now = until }
            _ = pacing.turn(at: now, chance: 0)
        }
        pacing.hurry(at: now)
        #expect(pacing.turn(at: now, chance: 0) == nil)
        // The others of the same moment wait.
        let later = pacing.turn(at: now, chance: 0)
        #expect((later?.since(now) ?? .zero) >= .seconds(2))
    }

    @Test func `however many share it, few tries come of a long failure`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            var pacing = RetryPacing()
            var now = start
            pacing.failed(at: now, chance: Double.random(in: 0...1, using: &random))
            var turns = 0
            while now.since(start) < .seconds(60) {
                for _ in 0..<Int.random(in: 1...8, using: &random)
                where pacing.turn(at: now, chance: Double.random(in: 0...1, using: &random)) == nil {
                    turns += 1
                    pacing.failed(at: now, chance: Double.random(in: 0...1, using: &random))
                }
                now = now + .milliseconds(Int64.random(in: 1...200, using: &random))
            }
            // Ten until the bound, then one in 2.5 s at most.
            #expect(turns <= 10 + 24, "seed \(seed)")
        }
    }
}

/// What is believed of a database that is half well.
@Suite struct WriteStandingTests {
    private let start = SteadyInstant(nanoseconds: 1_000_000_000_000)

    @Test func `after a write that found no room the word of probes does not count for a while`() {
        var standing = WriteStanding()
        #expect(standing.doubt(at: start) == nil)
        standing.refused("no room", at: start)
        #expect(standing.doubt(at: start + .milliseconds(1999)) == "no room")
        #expect(standing.doubt(at: start + .seconds(2)) == nil)
        standing.proved(at: start + .seconds(2))
        #expect(standing.isProven(within: .milliseconds(500), at: start + .milliseconds(2400)))
        #expect(!standing.isProven(within: .milliseconds(500), at: start + .milliseconds(2500)))
        // It passes again where a call does not: longer each time, to a bound.
        var now = start + .seconds(2)
        for expected in [4, 8, 10, 10] as [Int64] {
            standing.refused("no room", at: now)
            // Further ones within the doubt change nothing.
            standing.refused("still none", at: now + .seconds(1))
            #expect(standing.doubt(at: now + .seconds(expected) + .milliseconds(-1)) == "still none")
            now = now + .seconds(expected)
            #expect(standing.doubt(at: now) == nil)
        }
        standing.refused("no room", at: now)
        standing.wrote(at: now)
        #expect(standing.doubt(at: now) == nil && standing.isProven(within: .milliseconds(500), at: now))
        standing.lost()
        #expect(!standing.isProven(within: .milliseconds(500), at: now))
    }
}
