import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselGateway

/// The limits of a key.
struct KeyLimitsTests {
    private func refusal(_ body: () throws(Problem) -> Void) -> Problem? {
        do throws(Problem) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a key without limits is never refused`() throws {
        let limits = KeyLimits()
        let account = SampleTrade.account()
        for _ in 0..<1000 { try limits.enter(account) }
    }

    @Test func `requests at once are limited`() throws {
        let limits = KeyLimits()
        let account = SampleTrade.account(maxConcurrent: 2)
        try limits.enter(account)
        try limits.enter(account)
        let refused = refusal { () throws(Problem) in try limits.enter(account) }
        #expect(refused?.code == .rateLimited)
        #expect(refused?.retryAfter != nil)
        limits.leave(account)
        #expect(refusal { () throws(Problem) in try limits.enter(account) } == nil)
    }

    @Test func `the wait for one of the requests at once is estimated from how long they took`() throws {
        let limits = KeyLimits()
        let account = SampleTrade.account(maxConcurrent: 2)
        func wait(_ now: SteadyInstant) -> Duration? {
            refusal { () throws(Problem) in try limits.enter(account, now: now) }?.retryAfter
        }
        var now = SteadyInstant(nanoseconds: 1_000_000_000)
        for _ in 0..<2 { try limits.enter(account, now: now) }
        #expect(wait(now) == .seconds(1), "nothing is known yet")
        // Two at a time, twelve seconds each: one ends every six.
        for _ in 0..<20 {
            now = now + .seconds(12)
            for _ in 0..<2 { limits.leave(account, now: now) }
            for _ in 0..<2 { try limits.enter(account, now: now) }
        }
        let estimate = try #require(wait(now))
        #expect(estimate > .milliseconds(5900) && estimate < .milliseconds(6100), "\(estimate)")
        now = now + .seconds(100_000)
        limits.leave(account, now: now)
        try limits.enter(account, now: now)
        #expect(wait(now) == .seconds(30))
    }

    @Test func `requests a minute are limited and refill steadily`() throws {
        let limits = KeyLimits()
        let account = SampleTrade.account(requestsPerMinute: 6)
        let start = SteadyInstant(nanoseconds: 1_000_000_000)
        for _ in 0..<6 {
            try limits.enter(account, now: start)
            limits.leave(account)
        }
        let refused = refusal { () throws(Problem) in try limits.enter(account, now: start) }
        #expect(refused?.code == .rateLimited)
        // Six a minute is one in ten seconds.
        let wait = try #require(refused?.retryAfter)
        #expect(wait > .seconds(9) && wait <= .seconds(10))
        #expect(refusal { () throws(Problem) in try limits.enter(account, now: start + .seconds(9)) } != nil)
        #expect(refusal { () throws(Problem) in try limits.enter(account, now: start + .milliseconds(10_001)) } == nil)
        #expect(refusal { () throws(Problem) in try limits.enter(account, now: start + .milliseconds(10_002)) } != nil)
        // An hour does not save up more than a minute's worth.
        let later = start + .seconds(3600)
        let passed = (0..<20).count { _ in
            refusal { () throws(Problem) in try limits.enter(account, now: later) } == nil
        }
        #expect(passed == 6)
    }

    @Test func `each key has limits of its own`() throws {
        let limits = KeyLimits()
        let first = SampleTrade.account(maxConcurrent: 1)
        let second = SampleTrade.account(maxConcurrent: 1)
        try limits.enter(first)
        #expect(refusal { () throws(Problem) in try limits.enter(second) } == nil)
        #expect(refusal { () throws(Problem) in try limits.enter(first) } != nil)
    }

    @Test func `a refused request holds no place`() throws {
        let limits = KeyLimits()
        let account = SampleTrade.account(requestsPerMinute: 1, maxConcurrent: 5)
        let now = SteadyInstant(nanoseconds: 1)
        try limits.enter(account, now: now)
        limits.leave(account)
        for _ in 0..<10 { _ = refusal { () throws(Problem) in try limits.enter(account, now: now) } }
        #expect(refusal { () throws(Problem) in try limits.enter(account, now: now + .seconds(61)) } == nil)
    }
}
