import EaselBase
import EaselCore
import Testing
import TestTools

@Suite("Poll pacing")
struct PollPacingTests {
    /// How often a task that takes `length` is asked about, and how long after its end it is found.
    private func follow(_ length: Duration, _ pacing: PollPacing) -> (polls: Int, late: Duration) {
        var elapsed = Duration.zero
        var polls = 0
        while true {
            elapsed += pacing.delay(elapsed: elapsed, polls: polls)
            polls += 1
            if elapsed >= length || polls > 100_000 { return (polls, elapsed - length) }
        }
    }

    @Test func `the first question comes when most tasks are still at work, less the time that is gone`() {
        let pacing = PollPacing(early: .seconds(6))
        #expect(pacing.delay(elapsed: .zero, polls: 0) == .seconds(6))
        #expect(pacing.delay(elapsed: .seconds(2), polls: 0) == .seconds(4))
        #expect(pacing.delay(elapsed: .seconds(60), polls: 0) == .zero)
    }

    @Test func `without experience the first question comes after half a second`() {
        #expect(PollPacing(early: nil).delay(elapsed: .zero, polls: 0) == .milliseconds(500))
    }

    @Test(arguments: [Duration.zero, .microseconds(1), .milliseconds(20)])
    func `the first question is never sooner than the shortest pause`(early: Duration) {
        #expect(PollPacing(early: early).delay(elapsed: .zero, polls: 0) == PollPacing.shortest)
    }

    @Test(
        arguments: [
            (.seconds(1), .milliseconds(60), .milliseconds(20)), (.seconds(1), .seconds(12), .seconds(1)),
            (.seconds(1), .seconds(600), .seconds(5)), (nil, .seconds(1), .milliseconds(250)),
            (nil, .milliseconds(40), .milliseconds(20)), (nil, .seconds(600), .seconds(5)),
        ] as [(Duration?, Duration, Duration)]
    )
    func `later questions follow in a share of the time gone by, within bounds`(
        early: Duration?,
        elapsed: Duration,
        delay: Duration
    ) {
        #expect(PollPacing(early: early).delay(elapsed: elapsed, polls: 3) == delay)
    }

    @Test func `the time lost is a bounded share, whatever a task takes`() {
        let seed: UInt64 = 0x0E5E_C001
        var random = SeededRandom(seed: seed)
        for _ in 0..<3000 {
            let length = Duration.milliseconds(Int64.random(in: 1...300_000, using: &random))
            let early: Duration? = Bool.random(using: &random) ? length * 8 / 10 : nil
            let (_, late) = follow(length, PollPacing(early: early))
            let share = early == nil ? length / 4 : length / 12
            let least = early == nil ? PollPacing.firstDelayUnknown : PollPacing.shortest
            let bound = min(max(share, least), PollPacing.longest)
            #expect(late <= bound, "seed \(seed): a task of \(length) was found \(late) late")
        }
    }

    @Test func `the number of questions grows with the logarithm of the wait`() {
        // Up to where the longest pause sets in, each doubling costs the same few questions more.
        for (early, limit, doubling) in [(nil, 20, 4), (.milliseconds(500), 60, 9)] as [(Duration?, Int, Int)] {
            let pacing = PollPacing(early: early)
            var last = follow(.seconds(1), pacing).polls
            for seconds in [2, 4, 8, 16, 32] where seconds <= limit {
                let polls = follow(.seconds(seconds), pacing).polls
                #expect(polls - last <= doubling, "\(seconds) s took \(polls) questions, half of it \(last)")
                #expect(polls > last)
                last = polls
            }
        }
    }

    @Test(arguments: [2, 10, 30, 120])
    func `a task that takes as long as usual is found with few questions`(seconds: Int) {
        let length = Duration.seconds(seconds)
        #expect(follow(length, PollPacing(early: length * 8 / 10)).polls <= seconds / 5 + 4)
    }

    @Test func `no pause is so short that a loop would spin`() {
        for early in [nil, .zero, .seconds(10)] as [Duration?] {
            for milliseconds in stride(from: 0, through: 20_000, by: 7) {
                let delay = PollPacing(early: early).delay(elapsed: .milliseconds(milliseconds), polls: 1)
                #expect((PollPacing.shortest...PollPacing.longest).contains(delay))
            }
        }
    }
}

@Suite("Duration history")
struct DurationHistoryTests {
    @Test func `an empty one tells nothing`() {
        #expect(DurationHistory().quantile(0.5) == nil)
    }

    @Test(arguments: [0, 0.2, 0.5, 1])
    func `a single value is every quantile`(share: Double) {
        var history = DurationHistory()
        history.record(.seconds(3))
        #expect(history.quantile(share) == .seconds(3))
    }

    @Test func `quantiles of a known ring`() {
        var history = DurationHistory()
        for second in [7, 3, 10, 1, 9, 2, 8, 4, 6, 5] { history.record(.seconds(second)) }
        #expect(history.quantile(0) == .seconds(1))
        #expect(history.quantile(0.2) == .seconds(3))
        #expect(history.quantile(0.5) == .seconds(6))
        #expect(history.quantile(1) == .seconds(10))
    }

    @Test func `the oldest are forgotten, one for each new one`() {
        var history = DurationHistory()
        for second in 1...DurationHistory.capacity { history.record(.seconds(second)) }
        #expect(history.quantile(0) == .seconds(1))
        history.record(.seconds(1000))
        #expect(history.quantile(0) == .seconds(2))
        #expect(history.quantile(1) == .seconds(1000))
        for _ in 0..<DurationHistory.capacity { history.record(.seconds(5)) }
        #expect(history.quantile(0) == .seconds(5) && history.quantile(1) == .seconds(5))
    }

    @Test func `random rings: the share holds on both sides, and quantiles rise`() {
        for seed in UInt64(0x0E5E_D000)..<0x0E5E_D000 + 500 {
            var random = SeededRandom(seed: seed)
            var history = DurationHistory()
            var all: [Duration] = []
            for _ in 0..<Int.random(in: 1...100, using: &random) {
                let value = Duration.milliseconds(Int64.random(in: 0...1000, using: &random))
                history.record(value)
                all.append(value)
            }
            let ring = all.suffix(DurationHistory.capacity)
            var last = Duration.zero
            for share in [0, 0.1, 0.2, 0.5, 0.9, 0.99, 1] {
                guard let quantile = history.quantile(share) else {
                    Issue.record("seed \(seed): no quantile")
                    return
                }
                #expect(ring.contains(quantile) && quantile >= last, "seed \(seed), share \(share)")
                #expect(
                    Double(ring.count { $0 <= quantile }) >= share * Double(ring.count),
                    "seed \(seed), share \(share)"
                )
                #expect(
                    Double(ring.count { $0 < quantile }) <= share * Double(ring.count),
                    "seed \(seed), share \(share)"
                )
                last = quantile
            }
        }
    }
}
