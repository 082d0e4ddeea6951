import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

@testable import EaselReporting

/// Who works under a lease, against random histories of several who want it, a store that fails, and time.
@Suite struct LeaseTermTests {
    @Test func `one works at a time, by the store's word, and stops before another can begin`() {
        for seed in 0..<UInt64(Effort.cases(2000)) {
            var world = LeaseWorld(seed: seed, isCalm: false)
            for _ in 0..<600 where world.faults.isEmpty { world.step() }
            world.stopAll()
            #expect(world.faults == [], "seed \(seed)")
            guard world.faults.isEmpty else { return }
        }
    }

    @Test func `where nothing fails a lease is never lost, and another takes over in time`() {
        for seed in 0..<UInt64(Effort.cases(2000)) {
            var world = LeaseWorld(seed: seed, isCalm: true)
            for _ in 0..<600 where world.faults.isEmpty { world.step() }
            world.crashHolder()
            for _ in 0..<600 where world.faults.isEmpty { world.step() }
            world.stopAll()
            #expect(world.faults == [], "seed \(seed)")
            guard world.faults.isEmpty else { return }
        }
    }

    private static let pacing = LeaseTerm.Pacing(length: .seconds(4), interval: .seconds(1), pause: .seconds(2))

    private static func lease(_ epoch: Int64) -> Lease { Lease(name: "work", holder: UUID(), epoch: epoch) }

    @Test func `a lease is asked for, worked under, kept after a quarter of its length, and released`() {
        let start = SteadyInstant(nanoseconds: 1_000_000_000_000)
        var term = LeaseTerm(Self.pacing, at: start)
        let lease = Self.lease(7)
        #expect(term.next(at: start) == .ask)
        #expect(term.answered(nil, asked: start, at: start) == [])
        #expect(term.next(at: start) == .wait(until: start + .seconds(1)))
        let second = start + .seconds(1)
        #expect(term.next(at: second) == .ask)
        #expect(term.answered(lease, asked: second, at: second + .milliseconds(10)) == [.taken(lease)])
        #expect(term.next(at: second + .milliseconds(10)) == .work(lease))
        #expect(term.keeping(at: second + .milliseconds(20)) == .wait(until: second + .seconds(1)))
        let end = second + .milliseconds(30)
        #expect(term.ended(lease, .done(hasMore: false, isKept: false), began: second, at: end) == [])
        #expect(term.next(at: end) == .wait(until: second + .seconds(1)))
        #expect(term.next(at: second + .seconds(1)) == .ask)
        #expect(term.answered(lease, asked: second + .seconds(1), at: second + .seconds(1)) == [])
        #expect(term.next(at: second + .seconds(1)) == .wait(until: end + .seconds(1)))
        #expect(term.next(at: end + .seconds(1)) == .work(lease))
        #expect(term.lease(at: second + .milliseconds(4999)) == lease && term.lease(at: second + .seconds(5)) == nil)
        term.stop()
        #expect(term.next(at: end + .seconds(1)) == .release(lease))
        #expect(term.next(at: end + .seconds(1)) == .end)
    }

    @Test func `a failure is told once, and so is its end`() {
        let start = SteadyInstant(nanoseconds: 1_000_000_000_000)
        var term = LeaseTerm(Self.pacing, at: start)
        let lease = Self.lease(7)
        #expect(term.failed(at: start) == [.failing] && term.failed(at: start) == [])
        #expect(term.next(at: start) == .wait(until: start + .seconds(2)))
        let later = start + .seconds(2)
        #expect(term.answered(lease, asked: later, at: later) == [.taken(lease)])
        // What holds the lease and cannot work is failing still.
        #expect(term.failed(at: later) == [])
        let done = LeaseTerm.End.done(hasMore: true, isKept: true)
        #expect(term.ended(lease, done, began: later, at: later) == [.runningAgain])
        #expect(term.next(at: later) == .work(lease))
        #expect(term.ended(lease, .lost, began: later, at: later) == [.lost(lease)])
        #expect(term.next(at: later) == .wait(until: later + .seconds(1)))
    }

    @Test func `a round that outlives its lease ends nothing of the next one`() {
        let start = SteadyInstant(nanoseconds: 1_000_000_000_000)
        var term = LeaseTerm(Self.pacing, at: start)
        let (first, second) = (Self.lease(7), Self.lease(9))
        _ = term.answered(first, asked: start, at: start)
        #expect(term.next(at: start) == .work(first))
        let later = start + .seconds(6)
        #expect(term.keeping(at: later) == .ask && term.lease(at: later) == nil)
        #expect(term.answered(second, asked: later, at: later) == [.lost(first), .taken(second)])
        #expect(term.ended(first, .lost, began: start, at: later) == [])
        #expect(term.lease(at: later) == second && term.next(at: later) == .work(second))
    }
}

/// Those who want a lease and the store that gives it, at one moment after the other.
private struct LeaseWorld {
    private enum Asking {
        case between, beside
    }

    private struct Question {
        let asking: Asking
        let asked: SteadyInstant
        /// When the store has it, and when its answer is there.
        let servedAt: SteadyInstant
        let answeredAt: SteadyInstant
        var isServed = false
        var answer: Lease?
        var isLost = false
    }

    private struct Round {
        let lease: Lease
        let began: SteadyInstant
        let endsAt: SteadyInstant
        let keeps: Bool
    }

    private struct Party {
        let id: UUID
        var term: LeaseTerm
        var question: Question?
        var round: Round?
        var isCrashed = false
        var isKeeping: Bool
        /// Of the lease that it was said to have.
        var told: Lease?
    }

    private static let pacing = LeaseTerm.Pacing(
        length: .milliseconds(1000),
        interval: .milliseconds(100),
        pause: .milliseconds(300)
    )
    private static let longestDelay = Duration.milliseconds(100)
    private static let tick = Duration.milliseconds(20)

    private var random: SeededRandom
    private let isCalm: Bool
    private var now = SteadyInstant(nanoseconds: 1_000_000_000_000)
    private var parties: [Party] = []
    private(set) var faults: [String] = []

    // The store: one row.
    private var holder: UUID?
    private var epoch: Int64 = 0
    private var expiresAt: SteadyInstant?
    /// Since when nobody works who is alive.
    private var crashedAt: SteadyInstant?

    init(seed: UInt64, isCalm: Bool) {
        random = SeededRandom(seed: seed)
        self.isCalm = isCalm
        for _ in 0..<3 {
            let id = UUID()
            parties.append(
                Party(id: id, term: LeaseTerm(Self.pacing, at: now), isKeeping: Bool.random(using: &random))
            )
        }
    }

    mutating func step() {
        now = now + .milliseconds(Int64.random(in: 1...20, using: &random))
        for index in parties.indices.shuffled(using: &random) where !parties[index].isCrashed { act(index) }
        if !isCalm, Int.random(in: 0..<400, using: &random) == 0 {
            // A process that stands still: its answers are late, and it believes what it believed.
            now = now + .milliseconds(Int64.random(in: 100...2500, using: &random))
        }
        check()
    }

    /// The one who works dies; the others go on.
    mutating func crashHolder() {
        guard let index = parties.firstIndex(where: { $0.id == holder }) else { return }
        parties[index].isCrashed = true
        crashedAt = now
    }

    mutating func stopAll() {
        for index in parties.indices where !parties[index].isCrashed {
            parties[index].question = nil
            parties[index].round = nil
            parties[index].term.stop()
            var steps: [LeaseTerm.Step] = []
            while steps.last != .end, steps.count < 3 { steps.append(parties[index].term.next(at: now)) }
            if steps.count > 2 || steps.last != .end { fault("\(index) does not end: \(steps)") }
            if case .release(let lease)? = steps.first {
                if lease != parties[index].told { fault("\(index) releases what it has not") }
                if holder == lease.holder, epoch == lease.epoch { (holder, expiresAt) = (nil, nil) }
            }
        }
    }

    // MARK: - The parties

    private mutating func act(_ index: Int) {
        serve(index)
        if let round = parties[index].round {
            if parties[index].isKeeping, parties[index].question == nil {
                switch parties[index].term.keeping(at: now) {
                case .ask: ask(index, .beside)
                case .wait(let moment): if moment <= now { fault("\(index) waits for what is past") }
                case nil: break
                default: fault("\(index) is to do something else beside its round")
                }
            }
            if now >= round.endsAt, parties[index].question == nil { end(index, round) }
            return
        }
        guard parties[index].question == nil else { return }
        switch parties[index].term.next(at: now) {
        case .ask: ask(index, .between)
        case .work(let lease):
            if parties[index].term.lease(at: now) != lease { fault("\(index) works under a lease that may be over") }
            let long = isCalm && !parties[index].isKeeping ? 200 : 3000
            parties[index].round = Round(
                lease: lease,
                began: now,
                endsAt: now + .milliseconds(Int64.random(in: 1...Int64(long), using: &random)),
                keeps: !parties[index].isKeeping || Bool.random(using: &random)
            )
        case .wait(let moment):
            if moment <= now { fault("\(index) waits for what is past") }
            if moment > now + max(Self.pacing.pause, Self.pacing.interval) { fault("\(index) waits for long") }
        case .release, .end: fault("\(index) ends by itself")
        }
    }

    private mutating func ask(_ index: Int, _ asking: Asking) {
        let total = Int64.random(in: 1...Self.longestDelay.milliseconds * (isCalm ? 1 : 8), using: &random)
        let served = Int64.random(in: 0...total, using: &random)
        parties[index].question = Question(
            asking: asking,
            asked: now,
            servedAt: now + .milliseconds(served),
            answeredAt: now + .milliseconds(total)
        )
    }

    /// The store takes a question, and its answer comes, or something goes wrong on one of both ways.
    private mutating func serve(_ index: Int) {
        guard var question = parties[index].question else { return }
        if !question.isServed, now >= question.servedAt {
            question.isServed = true
            let chance = isCalm ? 9 : Int.random(in: 0..<10, using: &random)
            question.isLost = chance < 2
            if chance != 0 { question.answer = acquire(parties[index].id) }
            parties[index].question = question
        }
        guard now >= question.answeredAt, question.isServed else { return }
        parties[index].question = nil
        switch (question.isLost, question.asking) {
        case (true, .between): hear(index, parties[index].term.failed(at: now))
        case (true, .beside): parties[index].term.keepingFailed(at: now)
        case (false, _):
            hear(index, parties[index].term.answered(question.answer, asked: question.asked, at: now))
        }
    }

    private mutating func end(_ index: Int, _ round: Round) {
        parties[index].round = nil
        if !isCalm, Int.random(in: 0..<6, using: &random) == 0 {
            return hear(index, parties[index].term.failed(at: now))
        }
        // What it writes last is fenced by holder and epoch, and keeps the lease.
        let isMine = holder == round.lease.holder && epoch == round.lease.epoch
        if isMine, round.keeps { expiresAt = now + Self.pacing.length }
        let end: LeaseTerm.End =
            isMine ? .done(hasMore: Bool.random(using: &random), isKept: round.keeps) : .lost
        hear(index, parties[index].term.ended(round.lease, end, began: round.began, at: now))
    }

    private mutating func hear(_ index: Int, _ news: [LeaseTerm.News]) {
        for one in news {
            switch one {
            case .taken(let lease):
                if parties[index].told != nil { fault("\(index) takes a lease beside another") }
                parties[index].told = lease
                if let since = crashedAt {
                    let patience = Self.pacing.length + Self.pacing.interval + Self.longestDelay * 2 + Self.tick * 4
                    if now.since(since) > patience { fault("nobody took over for \(now.since(since))") }
                    crashedAt = nil
                }
            case .lost(let lease):
                if parties[index].told != lease { fault("\(index) loses what it has not") }
                parties[index].told = nil
                if isCalm { fault("\(index) lost its lease") }
            case .failing, .runningAgain: if isCalm { fault("\(index) failed") }
            }
        }
    }

    // MARK: - The store

    private mutating func acquire(_ id: UUID) -> Lease? {
        guard holder == id || expiresAt.map({ $0 < now }) ?? true else { return nil }
        if holder != id { epoch += 1 }
        holder = id
        expiresAt = now + Self.pacing.length
        return Lease(name: "work", holder: id, epoch: epoch)
    }

    // MARK: - What must hold

    private mutating func check() {
        for (index, party) in parties.enumerated() where !party.isCrashed {
            guard let lease = party.term.lease(at: now) else { continue }
            let isTrue = holder == party.id && epoch == lease.epoch && expiresAt.map { $0 >= now } == true
            if !isTrue { fault("\(index) believes in a lease that is over") }
        }
    }

    private mutating func fault(_ text: String) { faults.append(text) }
}
