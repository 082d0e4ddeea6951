import EaselBase
import EaselCore
import Testing
import TestTools

/// A random call against the machine, and a plain account of it that says what the machine may do next.
private struct AttemptRun {
    struct Tally {
        var sends = 0
        var waits = 0
        var recoveries = 0
        var risks = 0
        var splits = 0
        var skips = 0
        var endings: [AttemptMachine.Verdict.Cause: Int] = [:]
    }

    let plan: Plan
    private var random: SeededRandom
    private var machine: AttemptMachine
    private var missing: Int
    private var delivered = 0
    private var withheld = 0
    private var rounds = 0
    private var elapsed = Duration.zero
    private var refused = false
    private var sawUnknown = false
    private var clientGone = false
    /// Candidates that may not be asked again: their last answer was lasting, or nobody knows what it cost.
    private var out: Set<Int> = []
    private var asked: Set<Int> = []
    /// Rounds that failed, by candidate.
    private var failures: [Int: Int] = [:]
    private var retryAfter: [Int: Duration] = [:]
    /// Candidates that the call was kept from asking: how often, and until when since its start.
    private var skips: [Int: Int] = [:]
    private var notBefore: [Int: Duration] = [:]
    private var waited: Duration?
    private var wasAsked = false
    private(set) var tally = Tally()

    init(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        plan = Samples.plan(
            count: Int.random(in: 1...20, using: &random),
            imagesPerRequest: (0..<Int.random(in: 1...4, using: &random)).map { _ in
                [0, 1, 2, 8, 20].randomElement(using: &random)!
            },
            attempts: Int.random(in: 1...8, using: &random),
            deadline: .seconds(Int64.random(in: 1...120, using: &random)),
            onRefusal: Bool.random(using: &random) ? .stop : .next,
            onUnknown: Bool.random(using: &random) ? .recover : .recoverThenNext
        )
        self.random = random
        machine = AttemptMachine(plan: plan)
        missing = plan.count
    }

    /// Runs to the end; the first rule that was broken, or nil.
    mutating func violation() -> String? {
        var action = machine.start()
        // Every round is a send, perhaps a recovery, perhaps a wait.
        for _ in 0...(plan.attempts + plan.candidates.count * 3) * 3 {
            switch action {
            case .finish(let verdict):
                tally.endings[verdict.cause, default: 0] += 1
                return fault(of: verdict)
            case .send(let candidate, let counts, let risk):
                if let fault = fault(candidate, counts, risk) { return fault }
                if one(in: 8) {
                    elapse()
                    action = keepFromAsking(candidate)
                    continue
                }
                var results = round(to: counts)
                elapse()
                action = machine.roundEnded(results, elapsed: elapsed)
                let unclear = results.indices.filter { results[$0].failure?.wantsRecovery == true }
                if case .recover(let requests) = action {
                    tally.recoveries += 1
                    if requests != unclear { return "asks about \(requests) instead of \(unclear)" }
                    let told = recovery(of: requests, counts: counts)
                    for (index, result) in told { results[index] = result }
                    elapse()
                    action = machine.recovered(told, elapsed: elapsed)
                    if case .recover = action { return "asks about one round twice" }
                } else if !unclear.isEmpty {
                    return "does not ask about \(unclear)"
                }
                account(results, of: candidate)
            case .recover:
                return "asks about a round that is over"
            case .wait(let pause):
                if let fault = fault(ofWait: pause) { return fault }
                waited = pause
                elapsed += pause
                elapse()
                action = machine.waited(elapsed: elapsed)
                if case .wait = action { return "waits after a wait" }
            }
        }
        return "does not end"
    }

    // MARK: What happens

    private mutating func one(in chances: Int) -> Bool { Int.random(in: 1...chances, using: &random) == 1 }

    private mutating func elapse() {
        elapsed += .milliseconds(Int64.random(in: 0...(one(in: 10) ? 60_000 : 3000), using: &random))
        if one(in: 25) {
            machine.clientLeft()
            clientGone = true
        }
    }

    /// A breaker is in the way: no attempt is used up.
    private mutating func keepFromAsking(_ candidate: Int) -> AttemptMachine.Action {
        let pause = Duration.milliseconds(Int64.random(in: 1...12_000, using: &random))
        tally.skips += 1
        rounds -= 1
        skips[candidate, default: 0] += 1
        notBefore[candidate] = elapsed + pause
        retryAfter[candidate] = max(pause, retryAfter[candidate] ?? .zero)
        return machine.notAsked(retryAfter: pause, elapsed: elapsed)
    }

    private mutating func failure(_ kinds: [ProviderFailure.Kind]) -> ProviderFailure {
        ProviderFailure(
            kinds.randomElement(using: &random)!,
            code: "random",
            message: "random",
            billing: one(in: 8) ? [.unknown, .notCharged].randomElement(using: &random) : nil,
            retryAfter: one(in: 4) ? .milliseconds(Int64.random(in: 0...20_000, using: &random)) : nil
        )
    }

    private mutating func round(to counts: [Int]) -> [AttemptMachine.RequestResult] {
        counts.map { count in
            let came = one(in: 2) ? count : Int.random(in: 0...count, using: &random)
            let back = one(in: 6) ? Int.random(in: 0...came, using: &random) : 0
            var result = AttemptMachine.RequestResult(delivered: came - back, withheld: back)
            if came < count, !one(in: 4) {
                let refusals: [ProviderFailure.Kind] = one(in: 4) ? [.refused] : []
                result.failure = failure(refusals + ProviderFailure.Kind.allCases.filter { $0 != .refused })
            }
            return result
        }
    }

    private mutating func recovery(of requests: [Int], counts: [Int]) -> [Int: AttemptMachine.RequestResult] {
        var told: [Int: AttemptMachine.RequestResult] = [:]
        for request in requests where !one(in: 3) {
            if one(in: 2) {
                told[request] = AttemptMachine.RequestResult(
                    delivered: Int.random(in: 0...counts[request], using: &random)
                )
            } else {
                told[request] = AttemptMachine.RequestResult(
                    delivered: 0,
                    failure: failure([.failed, .refused, .timeout])
                )
            }
        }
        return told
    }

    private mutating func account(_ results: [AttemptMachine.RequestResult], of candidate: Int) {
        wasAsked = true
        notBefore[candidate] = nil
        if results.contains(where: { $0.failure != nil }) { failures[candidate, default: 0] += 1 }
        for result in results {
            delivered += result.delivered
            withheld += result.withheld
            missing -= result.delivered + result.withheld
            guard let failure = result.failure else { continue }
            if let pause = failure.retryAfter { retryAfter[candidate] = max(pause, retryAfter[candidate] ?? .zero) }
            if failure.kind == .refused { refused = true }
            if failure.billing == .unknown { sawUnknown = true }
            if failure.billing == .unknown || !failure.kind.isTransient { out.insert(candidate) }
        }
    }

    // MARK: What may not be

    private mutating func fault(_ candidate: Int, _ counts: [Int], _ risk: Bool) -> String? {
        defer { waited = nil }
        rounds += 1
        tally.sends += 1
        if risk { tally.risks += 1 }
        if counts.count > 1 { tally.splits += 1 }
        if rounds > plan.attempts { return "round \(rounds) of \(plan.attempts)" }
        if clientGone { return "sends although the client left" }
        if skips[candidate, default: 0] > AttemptMachine.mostSkips, notBefore[candidate] != nil {
            return "tries \(candidate) again and again"
        }
        if tally.sends > 1, elapsed >= plan.deadline { return "sends after the deadline" }
        if refused, plan.onRefusal == .stop { return "sends after a refusal" }
        if sawUnknown, plan.onUnknown == .recover { return "pays again against the policy" }
        if out.contains(candidate) { return "asks \(candidate) again" }
        if counts.reduce(0, +) != missing { return "asks for \(counts) instead of \(missing)" }
        let most = max(1, plan.candidates[candidate].translation.imagesPerRequest)
        if counts.contains(where: { !(1...most).contains($0) }) {
            return "a request for one of \(counts), \(most) at most"
        }
        if counts.count != (missing + most - 1) / most { return "more requests than needed: \(counts)" }
        if risk != sawUnknown { return "a risk of paying twice that is \(risk) instead of \(sawUnknown)" }
        if tally.sends == 1, candidate != 0 { return "begins with candidate \(candidate)" }
        if let notBefore = notBefore[candidate] {
            if elapsed < notBefore { return "asks \(candidate) before its time" }
        } else if failures[candidate, default: 0] > 0 {
            guard let waited else { return "asks \(candidate) again without a pause" }
            if waited != pause(before: candidate) { return "a pause of \(waited) before \(candidate)" }
        }
        asked.insert(candidate)
        return nil
    }

    private mutating func fault(ofWait pause: Duration) -> String? {
        tally.waits += 1
        if pause <= .zero { return "a wait of \(pause)" }
        if clientGone { return "waits although the client left" }
        if rounds >= plan.attempts { return "waits without a round left" }
        if elapsed + pause >= plan.deadline { return "waits beyond the deadline" }
        if asked.count < plan.candidates.count { return "waits although somebody was not asked yet" }
        if !wasAsked { return "keeps a caller waiting of whom nobody has heard" }
        let free = plan.candidates.indices
            .filter { candidate in
                guard let notBefore = notBefore[candidate] else { return !out.contains(candidate) }
                return !out.contains(candidate) && notBefore - elapsed <= .seconds(8)
                    && skips[candidate, default: 0] <= AttemptMachine.mostSkips
            }
            .map { self.pause(before: $0) }.min()
        if pause != free { return "waits for \(pause) instead of \(String(describing: free))" }
        return nil
    }

    /// 250 ms, doubled by each failed round up to 8 s, and as long as the provider asked for.
    private func pause(before candidate: Int) -> Duration {
        if let notBefore = notBefore[candidate] { return max(notBefore - elapsed, .zero) }
        let rounds = failures[candidate, default: 0]
        guard rounds > 0 else { return .zero }
        let backoff = min(Duration.milliseconds(250) * (1 << min(rounds - 1, 10)), .seconds(8))
        return max(backoff, retryAfter[candidate] ?? .zero)
    }

    private func fault(of verdict: AttemptMachine.Verdict) -> String? {
        let status: CallStatus =
            delivered >= plan.count
            ? .succeeded
            : delivered > 0 ? .partial : withheld > 0 || refused ? .refused : .failed
        if verdict.status != status { return "ends as \(verdict.status) instead of \(status)" }
        if verdict.retryAfter != nil, retryAfter.count < plan.candidates.count { return "tells a time nobody named" }
        switch verdict.cause {
        case .complete: return missing <= 0 ? nil : "complete with \(missing) missing"
        case .clientGone: return clientGone && missing > 0 ? nil : "blames a client that is there"
        case .deadlineExceeded: return elapsed >= plan.deadline ? nil : "gives up before the deadline"
        case .refused: return refused || withheld > 0 ? nil : "blames a refusal that never was"
        case .unavailable:
            if wasAsked { return "says that nobody was asked" }
            return verdict.retryAfter == nil ? "does not say when to come back" : nil
        case .providersFailed where !wasAsked: return "blames providers that nobody asked"
        case .providersFailed: return missing > 0 ? nil : "failed with nothing missing"
        }
    }
}

@Suite("AttemptMachine, random calls (R2, R3, R4, R6, R7)")
struct AttemptMachinePropertyTests {
    @Test func `random calls keep every rule`() {
        let cases = Effort.cases(50_000)
        var sum = AttemptRun.Tally()
        for seed in UInt64(0x0E5E_B000)..<0x0E5E_B000 + UInt64(cases) {
            var run = AttemptRun(seed: seed)
            if let violation = run.violation() {
                Issue.record("seed \(seed): \(violation)\n\(run)")
                return
            }
            sum.sends += run.tally.sends
            sum.waits += run.tally.waits
            sum.recoveries += run.tally.recoveries
            sum.risks += run.tally.risks
            sum.splits += run.tally.splits
            sum.skips += run.tally.skips
            sum.endings.merge(run.tally.endings, uniquingKeysWith: +)
        }
        // The calls are worth something only if all of it happens often.
        for count in [sum.sends - cases, sum.waits, sum.recoveries, sum.risks, sum.splits, sum.skips] {
            #expect(count > cases / 25)
        }
        for cause in [
            AttemptMachine.Verdict.Cause.complete, .refused, .providersFailed, .unavailable, .deadlineExceeded,
            .clientGone,
        ] {
            #expect(sum.endings[cause, default: 0] > cases / 100, "\(cause)")
        }
    }
}
