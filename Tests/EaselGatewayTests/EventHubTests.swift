import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@testable import EaselGateway

/// Who hears what: the hub against a plain model of it, and how the log is followed.
struct EventHubTests {
    private typealias Hub = EventHub<Int>

    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)
    private let all = EventScope(teamID: nil, isAdmin: true)

    private func ids(_ welcome: Hub.Welcome) -> [UInt64]? {
        if case .goesOn(let events) = welcome { events.map(\.id.number) } else { nil }
    }

    @Test func `an id is read as it was written, and nothing else is`() {
        let id = EventID(epoch: 0xFFFF_FFFF, number: UInt64.max, at: Self.start)
        #expect(EventID(id.text) == id)
        for text in [
            "", "-", "--", "1-2", "1-2-3-4", "x-1-2", "1-x-2", "1-2-x", "1-2--3", "100000000-1-2",
            String(repeating: "1", count: 100), "1-2-99999999999999999999999",
        ] {
            #expect(EventID(text) == nil, "\(text)")
        }
    }

    @Test func `a team's things are heard by the team and by admins`() {
        let member = EventScope(teamID: 1, isAdmin: false)
        let filtered = EventScope(teamID: 1, isAdmin: true)
        #expect([.everyone, .team(1), .team(2), .admins].map(member.hears) == [true, true, false, false])
        #expect([.everyone, .team(1), .team(2), .admins].map(filtered.hears) == [true, true, false, true])
        #expect([.everyone, .team(1), .team(2), .admins].map(all.hears) == [true, true, true, true])
        // What cannot be made by the door hears nothing of a team's all the same.
        #expect(!EventScope(teamID: nil, isAdmin: false).hears(.team(1)))
    }

    /// A plain model: every event since the epoch began, and what each listener asked for.
    private struct Model {
        var events: [(number: UInt64, audience: EventAudience, at: Timestamp)] = []
        var listeners: [UInt64: (scope: EventScope, since: Timestamp?)] = [:]
    }

    @Test(arguments: 0..<40) func `everybody hears what is theirs, once, in order`(_ round: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let limits = Hub.Limits(kept: Int.random(in: 1...30, using: &random), listeners: 8)
        var hub = Hub(limits: limits)
        var model = Model()
        var now = Self.start
        var nextListener: UInt64 = 0
        var epochs: UInt32 = 0
        let scopes = [all, EventScope(teamID: 1, isAdmin: false), EventScope(teamID: 2, isAdmin: false)]
        let audiences: [EventAudience] = [.everyone, .team(1), .team(2), .team(3), .admins]
        /// The ids that left listeners had, with what they had heard up to then.
        var left: [(scope: EventScope, id: EventID)] = []
        for step in 0..<400 {
            let place: Comment = "seed \(seed), step \(step)"
            now = now + .milliseconds(Int64.random(in: 0...3000, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1:
                nextListener += 1
                let scope = scopes.randomElement(using: &random) ?? all
                let wasAwake = hub.isAwake
                epochs += 1
                let isFull = model.listeners.count >= limits.listeners
                let welcome = hub.join(nextListener, scope, after: nil, isResumed: false, epoch: epochs, at: now)
                if isFull {
                    #expect(ids(welcome) == nil, place)
                } else {
                    #expect(ids(welcome) == [], place)
                    if !wasAwake {
                        model.events = []
                        left = []
                    }
                    model.listeners[nextListener] = (scope, now - limits.slack)
                }
            case 2:
                guard let listener = model.listeners.keys.sorted().randomElement(using: &random),
                    let scope = model.listeners.removeValue(forKey: listener)?.scope
                else { continue }
                left.append((scope, hub.position))
                hub.leave(listener, at: now)
            case 3:
                guard hub.isAwake, let (scope, id) = left.randomElement(using: &random),
                    model.listeners.count < limits.listeners
                else { continue }
                nextListener += 1
                let missed = model.events.filter { $0.number > id.number }
                let welcome = hub.join(nextListener, scope, after: id, isResumed: true, epoch: 0, at: now)
                if missed.count > limits.kept {
                    #expect(ids(welcome) == nil, place)
                    model.listeners[nextListener] = (scope, now - limits.slack)
                } else {
                    #expect(ids(welcome) == missed.filter { scope.hears($0.audience) }.map(\.number), place)
                    model.listeners[nextListener] = (scope, nil)
                }
            case 4:
                let rests = hub.rests(at: now)
                #expect(rests == !hub.isAwake, place)
                if rests { #expect(model.listeners.isEmpty, place) }
            default:
                guard hub.isAwake else { continue }
                let audience = audiences.randomElement(using: &random) ?? .everyone
                let at = now - .milliseconds(Int64.random(in: 0...9000, using: &random))
                let (event, heard) = hub.publish(audience, at: at) { Int($0.number) }
                #expect(event.content == Int(event.id.number) && event.id.at == at, place)
                #expect(event.id.number == (model.events.last?.number ?? 0) + 1, place)
                model.events.append((event.id.number, audience, at))
                let wanted = model.listeners.filter { _, listener in
                    listener.scope.hears(audience) && listener.since.map { at >= $0 } ?? true
                }
                #expect(Set(heard) == Set(wanted.keys) && heard.count == wanted.count, place)
            }
            #expect(hub.count == model.listeners.count, place)
        }
    }

    @Test func `another gateway goes on by the time`() {
        var hub = Hub(limits: Hub.Limits(kept: 3))
        let moment = Self.start
        #expect(ids(hub.join(1, all, after: nil, isResumed: false, epoch: 7, at: moment)) == [])
        for second in 0..<3 { _ = hub.publish(.everyone, at: moment + .seconds(second * 10)) { _ in 0 } }
        let later = moment + .seconds(30)
        func foreign(_ seconds: Int) -> EventID { EventID(epoch: 9, number: 4, at: moment + .seconds(seconds)) }
        // Five seconds are told again: they may have been missed.
        #expect(ids(hub.join(2, all, after: foreign(14), isResumed: true, epoch: 0, at: later)) == [2, 3])
        #expect(ids(hub.join(3, all, after: foreign(26), isResumed: true, epoch: 0, at: later)) == [])
        #expect(ids(hub.join(4, all, after: foreign(-54), isResumed: true, epoch: 0, at: later)) == [1, 2, 3])
        // Before the epoch began.
        #expect(ids(hub.join(5, all, after: foreign(-56), isResumed: true, epoch: 0, at: later)) == nil)
        _ = hub.publish(.everyone, at: later) { _ in 0 }
        // The first is not kept any more.
        #expect(ids(hub.join(6, all, after: foreign(4), isResumed: true, epoch: 0, at: later)) == nil)
        // What cannot be read, and a number that was never given.
        #expect(ids(hub.join(7, all, after: nil, isResumed: true, epoch: 0, at: later)) == nil)
        let future = EventID(epoch: 7, number: 99, at: moment)
        #expect(ids(hub.join(8, all, after: future, isResumed: true, epoch: 0, at: later)) == nil)
    }

    @Test func `it sleeps when nobody has listened for a while`() {
        var hub = Hub()
        let rests1 = hub.rests(at: Self.start)
        #expect(rests1)
        _ = hub.join(1, all, after: nil, isResumed: false, epoch: 7, at: Self.start)
        let rests2 = hub.rests(at: Self.start + .seconds(3600))
        #expect(!rests2)
        hub.leave(1, at: Self.start + .seconds(3600))
        let rests3 = hub.rests(at: Self.start + .seconds(3659))
        #expect(!rests3)
        let rests4 = hub.rests(at: Self.start + .seconds(3660))
        #expect(rests4)
        let last = hub.position
        // A new epoch does not know what happened in between.
        #expect(ids(hub.join(2, all, after: last, isResumed: true, epoch: 8, at: Self.start + .seconds(9000))) == nil)
        #expect(hub.epoch == 8)
    }

    // MARK: - The log

    private func call(_ number: Int, at moment: Timestamp) -> EndedCall {
        EndedCall(
            callID: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(number >> 8), UInt8(number & 255))),
            teamID: 1,
            team: "design",
            receivedAt: moment,
            settledAt: moment,
            status: .succeeded,
            model: .ideogram4,
            provider: nil,
            cost: nil,
            images: 1,
            latencyMs: 1,
            failover: false,
            hasNSFW: false,
            hasCopyright: false
        )
    }

    @Test(arguments: 0..<20) func `a call is told once, however late it is written down`(_ round: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        var log = LogFollowing(floor: Self.start)
        var written: [(call: EndedCall, visible: Timestamp)] = []
        var now = Self.start
        var told: [UUID] = []
        let page = Int.random(in: 1...10, using: &random)
        for number in 0..<300 {
            let ended = Self.start + .milliseconds(Int64(number) * 200)
            // Up to four seconds late, by the clock of another gateway or by the commit.
            written.append((call(number, at: ended), ended + .milliseconds(Int64.random(in: 0...4000, using: &random))))
        }
        while now < Self.start + .seconds(80) {
            var isBehind = true
            while isBehind {
                let known = Set(log.known)
                let found = written.filter {
                    $0.visible <= now && $0.call.settledAt >= log.since && !known.contains($0.call.callID)
                }
                .map(\.call).sorted { ($0.settledAt, $0.callID.text) < ($1.settledAt, $1.callID.text) }.prefix(page)
                isBehind = found.count == page
                told += log.take(Array(found), isAll: !isBehind, at: now).map(\.callID)
            }
            now = now + .milliseconds(Int64.random(in: 500...1500, using: &random))
        }
        #expect(told.count == 300 && Set(told).count == 300, "seed \(seed)")
    }

    @Test func `times ahead of the clock hold nothing up`() {
        var log = LogFollowing(floor: Self.start)
        let ahead = call(1, at: Self.start + .seconds(3600))
        #expect(log.take([ahead], isAll: true, at: Self.start + .seconds(1)) == [ahead])
        #expect(log.since == Self.start)
        #expect(log.take([ahead], isAll: true, at: Self.start + .seconds(2)) == [])
        var changed = ahead
        changed.settledAt = ahead.settledAt + .microseconds(1)
        #expect(log.take([changed], isAll: true, at: Self.start + .seconds(2)) == [changed])
    }
}
