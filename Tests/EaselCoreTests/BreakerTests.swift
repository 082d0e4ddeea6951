import EaselBase
import EaselCore
import Testing
import TestTools

private func moment(_ seconds: Double) -> SteadyInstant {
    SteadyInstant(nanoseconds: 1_000_000_000_000) + .milliseconds(Int64(seconds * 1000))
}

private let settings = Breaker.Settings(
    consecutive: 5,
    share: Breaker.Settings.Share(percent: 50, least: 20, span: .seconds(30))
)
private let expiry = Duration.seconds(30)

private func breaker(_ name: String = "test") -> Breaker {
    Breaker(settings, seed: Breaker.seed(of: name))
}

extension Breaker {
    /// One request that is let through and ends at once.
    @discardableResult
    fileprivate mutating func pass(_ evidence: Evidence, at now: SteadyInstant) -> Change? {
        guard let permit = claim(at: now, expiry: expiry) else {
            Issue.record("nothing is let through at \(now)")
            return nil
        }
        return record(evidence, permit, at: now)
    }

    /// Opened by failures in a row.
    fileprivate mutating func fail(at now: SteadyInstant) {
        for _ in 0..<settings.consecutive { pass(.failed("timeout"), at: now) }
    }

    fileprivate func left(at now: SteadyInstant) -> Duration? {
        if case .open(_, let left) = state(at: now) { left } else { nil }
    }
}

@Suite("Breaker")
struct BreakerTests {
    @Test func `failures in a row open it, and a success in between starts the count anew`() {
        var breaker = breaker()
        for _ in 0..<4 { #expect(breaker.pass(.failed("timeout"), at: moment(0)) == nil) }
        breaker.pass(.well, at: moment(0))
        for _ in 0..<4 { #expect(breaker.pass(.failed("timeout"), at: moment(0)) == nil) }
        #expect(breaker.state(at: moment(0)) == .closed)
        let change = breaker.pass(.failed("timeout"), at: moment(1))
        guard case .opened(let reason, for: _) = change else {
            Issue.record("it did not open: \(String(describing: change))")
            return
        }
        #expect(reason == TripReason(.failures, "5 failures in a row, the last one: timeout"))
        #expect(breaker.claim(at: moment(1), expiry: expiry) == nil)
    }

    @Test func `half of twenty within the span open it, and nineteen do not`() {
        var breaker = breaker()
        for index in 0..<19 { breaker.pass(index % 2 == 0 ? .failed("x") : .well, at: moment(Double(index))) }
        #expect(breaker.state(at: moment(19)) == .closed)
        guard case .opened(let reason, for: _) = breaker.pass(.failed("x"), at: moment(19)) else {
            Issue.record("it did not open")
            return
        }
        #expect(reason.cause == .failureRate)
    }

    @Test func `what lies before the span does not count`() {
        var breaker = breaker()
        for index in 0..<19 { breaker.pass(index % 2 == 0 ? .failed("x") : .well, at: moment(0)) }
        #expect(breaker.pass(.failed("x"), at: moment(31)) == nil)
        #expect(breaker.state(at: moment(31)) == .closed)
    }

    @Test func `pauses double up to a minute, each within a tenth`() throws {
        for name in ["one", "two", "three", "four"] {
            var breaker = breaker(name)
            var now = moment(0)
            breaker.fail(at: now)
            for plain in [5, 10, 20, 40, 60, 60, 60] {
                let left = try #require(breaker.left(at: now))
                #expect(left >= .milliseconds(plain * 900) && left <= .milliseconds(plain * 1100), "\(left)")
                #expect(breaker.claim(at: now + .nanoseconds(left.nanoseconds - 1), expiry: expiry) == nil)
                now = now + left
                breaker.pass(.failed("timeout"), at: now)
            }
        }
    }

    @Test func `pauses are the same for the same name and differ between names`() {
        var lefts: [Duration?] = []
        for name in ["one", "one", "two"] {
            var breaker = breaker(name)
            breaker.fail(at: moment(0))
            lefts.append(breaker.left(at: moment(0)))
        }
        #expect(lefts[0] == lefts[1])
        #expect(lefts[0] != lefts[2])
    }

    @Test func `exactly one probe is let through, and its success closes and forgets the pauses`() throws {
        var breaker = breaker()
        breaker.fail(at: moment(0))
        breaker.pass(.failed("timeout"), at: moment(10))
        #expect(try #require(breaker.left(at: moment(10))) > .seconds(8))
        let claimed = breaker.claim(at: moment(30), expiry: expiry)
        let probe = try #require(claimed)
        #expect(probe.isProbe)
        for _ in 0..<10 { #expect(breaker.claim(at: moment(31), expiry: expiry) == nil) }
        guard case .closed = breaker.record(.well, probe, at: moment(32)) else {
            Issue.record("it did not close")
            return
        }
        #expect(breaker.state(at: moment(32)) == .closed)
        breaker.fail(at: moment(33))
        #expect(try #require(breaker.left(at: moment(33))) < .seconds(6))
    }

    @Test func `a probe that never happened is given back, and only by who has it`() throws {
        var breaker = breaker()
        let before = try #require({ breaker.claim(at: moment(0), expiry: expiry) }())
        breaker.fail(at: moment(0))
        let probe = try #require({ breaker.claim(at: moment(10), expiry: expiry) }())
        breaker.release(before)
        #expect(breaker.claim(at: moment(10), expiry: expiry) == nil)
        breaker.release(probe)
        let second = try #require({ breaker.claim(at: moment(10), expiry: expiry) }())
        // The first one's hands are off it.
        breaker.release(probe)
        #expect(breaker.claim(at: moment(11), expiry: expiry) == nil)
        #expect(breaker.record(.well, second, at: moment(11)) != nil)
    }

    @Test func `a claim expires, and the late end of its request still counts`() throws {
        var breaker = breaker()
        breaker.fail(at: moment(0))
        let lost = try #require({ breaker.claim(at: moment(10), expiry: expiry) }())
        #expect(breaker.claim(at: moment(39.9), expiry: expiry) == nil)
        let second = try #require({ breaker.claim(at: moment(40), expiry: expiry) }())
        #expect(breaker.record(.well, lost, at: moment(41)) != nil)
        #expect(breaker.record(.failed("late"), second, at: moment(42)) == nil)
        #expect(breaker.state(at: moment(42)) == .closed)
    }

    @Test func `late results of requests from before the opening change nothing`() throws {
        var breaker = breaker()
        let early = (0..<20).compactMap { _ in breaker.claim(at: moment(0), expiry: expiry) }
        breaker.fail(at: moment(1))
        let left = try #require(breaker.left(at: moment(2)))
        for permit in early.prefix(10) { #expect(breaker.record(.well, permit, at: moment(2)) == nil) }
        for permit in early.suffix(10) { #expect(breaker.record(.failed("x"), permit, at: moment(2)) == nil) }
        #expect(breaker.left(at: moment(2)) == left)
        #expect(early.allSatisfy { !breaker.allows($0) }, "what waits for a place is not sent")
    }

    @Test func `a time that the provider names holds, also when it comes late, and never shortens another`() throws {
        var breaker = breaker()
        let first = try #require({ breaker.claim(at: moment(0), expiry: expiry) }())
        let second = try #require({ breaker.claim(at: moment(0), expiry: expiry) }())
        let third = try #require({ breaker.claim(at: moment(0), expiry: expiry) }())
        let reason = TripReason(.retryAfter, "asked for a pause")
        #expect(breaker.open(reason, for: .seconds(20), byProvider: true, first, at: moment(0)) != nil)
        #expect(breaker.open(reason, for: .seconds(30), byProvider: true, second, at: moment(1)) == nil)
        #expect(breaker.left(at: moment(1)) == .seconds(30))
        #expect(breaker.open(reason, for: .seconds(5), byProvider: true, third, at: moment(2)) == nil)
        #expect(breaker.left(at: moment(2)) == .seconds(29))
        #expect(breaker.claim(at: moment(31), expiry: expiry)?.isProbe == true)
    }

    @Test func `a named time is no step of the doubling`() throws {
        var breaker = breaker()
        let permit = try #require({ breaker.claim(at: moment(0), expiry: expiry) }())
        _ = breaker.open(TripReason(.retryAfter, "x"), for: .seconds(1), byProvider: true, permit, at: moment(0))
        breaker.pass(.failed("timeout"), at: moment(1))
        #expect(try #require(breaker.left(at: moment(1))) < .seconds(6))
    }
}

@Suite("Breaker, random histories")
struct BreakerPropertyTests {
    /// Whatever happens: at most one claim is alive while it is half-open, nothing passes while it is open, it is never
    /// stuck, and nothing but a probe or a named time moves an open one.
    @Test func `500 random histories keep every rule`() {
        var opened = 0
        var closed = 0
        for seed in UInt64(0x0E5E_D000)..<0x0E5E_D000 + 500 {
            var random = SeededRandom(seed: seed)
            var breaker = breaker("\(seed)")
            var held: [Breaker.Permit] = []
            var probeUntil: SteadyInstant?
            var now = moment(0)
            for _ in 0..<200 {
                now = now + .milliseconds(Int64.random(in: 0...4000, using: &random))
                if let until = probeUntil, until <= now { probeUntil = nil }
                let before = breaker.state(at: now)
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5:
                    let permit = breaker.claim(at: now, expiry: expiry)
                    switch before {
                    case .closed: #expect(permit?.isProbe == false, "seed \(seed)")
                    case .open: #expect(permit == nil, "seed \(seed)")
                    case .halfOpen:
                        #expect((permit != nil) == (probeUntil == nil), "seed \(seed): one probe at a time")
                        if permit != nil { probeUntil = now + expiry }
                    }
                    if let permit { held.append(permit) }
                case 5..<9:
                    guard !held.isEmpty else { break }
                    let permit = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                    let isCurrent = breaker.allows(permit)
                    let fails = Int.random(in: 0..<3, using: &random) > 0
                    switch breaker.record(fails ? .failed("x") : .well, permit, at: now) {
                    case .opened:
                        opened += 1
                        #expect(isCurrent && fails, "seed \(seed): opened by a late or good result")
                        probeUntil = nil
                    case .closed:
                        closed += 1
                        #expect(permit.isProbe && isCurrent && !fails, "seed \(seed): closed by no probe")
                        probeUntil = nil
                    case nil:
                        #expect(breaker.state(at: now) == before, "seed \(seed): moved without saying so")
                    }
                default:
                    guard !held.isEmpty else { break }
                    let permit = held.remove(at: Int.random(in: 0..<held.count, using: &random))
                    breaker.release(permit)
                    if case .halfOpen(_, wait: nil) = breaker.state(at: now) { probeUntil = nil }
                }
            }
            // However it was left, it lets something through before long.
            #expect(breaker.claim(at: now + .seconds(120), expiry: expiry) != nil, "seed \(seed): stuck")
        }
        #expect(opened > 500 && closed > 200, "opened \(opened), closed \(closed)")
    }
}
