import EaselBase
import EaselCore
import Testing

private typealias Machine = AttemptMachine
private typealias Result = AttemptMachine.RequestResult

private func failed(
    _ kind: ProviderFailure.Kind,
    billing: ProviderFailure.Billing? = nil,
    retryAfter: Duration? = nil,
    delivered: Int = 0
) -> AttemptMachine.RequestResult {
    AttemptMachine.RequestResult(
        delivered: delivered,
        failure: ProviderFailure(kind, code: kind.rawValue, message: "test", billing: billing, retryAfter: retryAfter)
    )
}

private func send(_ candidate: Int, _ counts: [Int] = [1], risk: Bool = false) -> AttemptMachine.Action {
    .send(candidate: candidate, counts: counts, duplicateRisk: risk)
}

private func finish(
    _ status: CallStatus,
    _ cause: AttemptMachine.Verdict.Cause,
    retryAfter: Duration? = nil
) -> AttemptMachine.Action {
    .finish(AttemptMachine.Verdict(status: status, cause: cause, retryAfter: retryAfter))
}

/// Kinds after which a provider is not asked again in the same call, although nothing was paid.
private let lasting: [ProviderFailure.Kind] = [.invalidRequest, .unauthorized, .creditExhausted, .modelUnavailable]
private let passing: [ProviderFailure.Kind] = [.notSent, .rateLimited, .unavailable, .failed]
private let unclear: [ProviderFailure.Kind] = [.timeout, .connectionLost, .garbled, .foreign, .conflict, .empty]
private let lost: [ProviderFailure.Kind] = [.resultLost]

@Suite("Failures")
struct ProviderFailureTests {
    private func failure(
        _ kind: ProviderFailure.Kind,
        billing: ProviderFailure.Billing? = nil
    ) -> ProviderFailure {
        ProviderFailure(kind, code: "x", message: "x", billing: billing)
    }

    @Test func `each kind is either passing, lasting, unclear, lost or a refusal`() {
        let all = passing + lasting + unclear + lost + [.refused]
        #expect(all.count == ProviderFailure.Kind.allCases.count && Set(all) == Set(ProviderFailure.Kind.allCases))
        #expect(
            ProviderFailure.Kind.allCases.filter(\.isTransient)
                == ProviderFailure.Kind.allCases.filter(passing.contains)
        )
        #expect(ProviderFailure.Kind.allCases.filter { failure($0).wantsRecovery } == unclear)
        #expect(ProviderFailure.Kind.allCases.filter { $0.usualBilling == .unknown } == unclear + lost)
    }

    @Test func `the billing is the kind's unless it is told`() {
        #expect(failure(.timeout).billing == .unknown)
        #expect(failure(.timeout, billing: .notCharged).billing == .notCharged)
        #expect(failure(.failed, billing: .unknown).billing == .unknown)
    }

    /// R4: what decides is whether the cost is known, not which kind of failure it was.
    @Test(arguments: ProviderFailure.Kind.allCases)
    func `a failure of unknown cost is asked about, unless the provider delivered already`(kind: ProviderFailure.Kind) {
        #expect(failure(kind, billing: .unknown).wantsRecovery == (kind != .resultLost))
        #expect(!failure(kind, billing: .notCharged).wantsRecovery)
    }
}

@Suite("AttemptMachine: rounds")
struct AttemptRoundTests {
    @Test(
        arguments: [
            (1, 20, [1]), (20, 20, [20]), (8, 8, [8]), (20, 8, [8, 8, 4]), (3, 1, [1, 1, 1]), (9, 8, [8, 1]),
            (2, 0, [1, 1]),
        ] as [(Int, Int, [Int])]
    )
    func `a count is split by what one request can ask for`(count: Int, most: Int, counts: [Int]) {
        var machine = Machine(plan: Samples.plan(count: count, imagesPerRequest: [most]))
        #expect(machine.start() == send(0, counts))
        #expect(
            machine.roundEnded(counts.map { Result(delivered: $0) }, elapsed: .zero) == finish(.succeeded, .complete)
        )
    }

    @Test func `the count is split anew for each candidate`() {
        var machine = Machine(plan: Samples.plan(count: 4, imagesPerRequest: [20, 1]))
        #expect(machine.start() == send(0, [4]))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == send(1, [1, 1, 1, 1]))
    }

    @Test("R7: what came is kept and only the rest asked for", arguments: [20, 2])
    func partial(most: Int) {
        var machine = Machine(plan: Samples.plan(count: 5, imagesPerRequest: [20, most]))
        _ = machine.start()
        let rest = most == 2 ? [2, 1] : [3]
        #expect(machine.roundEnded([failed(.failed, delivered: 2)], elapsed: .zero) == send(1, rest))
        #expect(machine.roundEnded(rest.map { Result(delivered: $0) }, elapsed: .zero) == finish(.succeeded, .complete))
    }

    @Test func `R7: fewer than asked without a failure is completed by the next candidate, then at once by the same`() {
        var machine = Machine(plan: Samples.plan(count: 4, attempts: 4))
        _ = machine.start()
        #expect(machine.roundEnded([Result(delivered: 1)], elapsed: .zero) == send(1, [3]))
        #expect(machine.roundEnded([Result(delivered: 1)], elapsed: .zero) == send(0, [2]))
        #expect(machine.roundEnded([Result(delivered: 1)], elapsed: .zero) == send(1, [1]))
        #expect(machine.roundEnded([Result(delivered: 0)], elapsed: .zero) == finish(.partial, .providersFailed))
    }

    @Test func `R7: a call that runs out of candidates keeps what it has`() {
        var machine = Machine(plan: Samples.plan(count: 4, imagesPerRequest: [2]))
        #expect(machine.start() == send(0, [2, 2]))
        let action = machine.roundEnded([Result(delivered: 2), failed(.unauthorized)], elapsed: .zero)
        #expect(action == finish(.partial, .providersFailed))
    }

    @Test func `more than asked is a success too`() {
        var machine = Machine(plan: Samples.plan(count: 2))
        _ = machine.start()
        #expect(machine.roundEnded([Result(delivered: 3)], elapsed: .zero) == finish(.succeeded, .complete))
    }
}

@Suite("AttemptMachine: refusals (R2)")
struct AttemptRefusalTests {
    @Test func `a refusal ends the call, and nobody else is asked`() {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        #expect(machine.roundEnded([failed(.refused)], elapsed: .zero) == finish(.refused, .refused))
    }

    @Test func `a refusal in part of a split round ends the call with what came`() {
        var machine = Machine(plan: Samples.plan(count: 3, imagesPerRequest: [1, 1]))
        _ = machine.start()
        let action = machine.roundEnded([Result(delivered: 1), failed(.refused), failed(.unavailable)], elapsed: .zero)
        #expect(action == finish(.partial, .refused))
    }

    @Test func `the next is asked where the policy names it, the refusing one never again`() {
        var machine = Machine(plan: Samples.plan(attempts: 20, onRefusal: .next))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.refused)], elapsed: .zero) == send(1))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == .wait(Machine.firstBackoff))
        #expect(machine.waited(elapsed: .seconds(1)) == send(1))
        #expect(machine.roundEnded([failed(.refused)], elapsed: .seconds(1)) == finish(.refused, .refused))
    }

    @Test func `a call that was refused first and failed then is refused`() {
        var machine = Machine(plan: Samples.plan(onRefusal: .next))
        _ = machine.start()
        _ = machine.roundEnded([failed(.refused)], elapsed: .zero)
        #expect(machine.roundEnded([failed(.invalidRequest)], elapsed: .zero) == finish(.refused, .refused))
    }

    @Test(arguments: [Policy.OnRefusal.stop, .next])
    func `withheld images are used up: a safety verdict is not shopped around`(onRefusal: Policy.OnRefusal) {
        var machine = Machine(plan: Samples.plan(count: 3, onRefusal: onRefusal))
        _ = machine.start()
        let action = machine.roundEnded([Result(delivered: 2, withheld: 1)], elapsed: .zero)
        #expect(action == finish(.partial, .complete))
    }

    @Test func `a call with every image withheld is refused`() {
        var machine = Machine(plan: Samples.plan(count: 2))
        _ = machine.start()
        #expect(machine.roundEnded([Result(delivered: 0, withheld: 2)], elapsed: .zero) == finish(.refused, .complete))
    }

    @Test func `only what is neither delivered nor withheld is asked for again`() {
        var machine = Machine(plan: Samples.plan(count: 4, imagesPerRequest: [1, 20]))
        _ = machine.start()
        let results = [Result(delivered: 1), Result(delivered: 0, withheld: 1), failed(.failed), failed(.rateLimited)]
        #expect(machine.roundEnded(results, elapsed: .zero) == send(1, [2]))
    }
}

@Suite("AttemptMachine: failures (R3, R6)")
struct AttemptFailureTests {
    @Test("R3: the next candidate at once, with no risk of paying twice", arguments: passing + lasting)
    private func nextAtOnce(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        #expect(machine.roundEnded([failed(kind)], elapsed: .seconds(1)) == send(1))
    }

    @Test("a lasting failure is not tried again", arguments: lasting)
    private func notAgain(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [20], attempts: 20))
        _ = machine.start()
        #expect(machine.roundEnded([failed(kind)], elapsed: .zero) == finish(.failed, .providersFailed))
    }

    @Test("a passing failure is tried again after a pause that doubles up to the longest", arguments: passing)
    private func backoff(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [20], attempts: 20))
        _ = machine.start()
        for milliseconds in [250, 500, 1000, 2000, 4000, 8000, 8000, 8000] {
            #expect(machine.roundEnded([failed(kind)], elapsed: .zero) == .wait(.milliseconds(milliseconds)))
            #expect(machine.waited(elapsed: .zero) == send(0))
        }
    }

    @Test func `each candidate is asked once before the first is asked again`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1, 1, 1], attempts: 6))
        #expect(machine.start() == send(0))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == send(1))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == send(2))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == .wait(Machine.firstBackoff))
        #expect(machine.waited(elapsed: .seconds(1)) == send(0))
    }

    @Test func `Retry-After is honoured, and the one that is free sooner goes first`() {
        var machine = Machine(plan: Samples.plan(attempts: 6))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.rateLimited, retryAfter: .seconds(30))], elapsed: .zero) == send(1))
        let second = machine.roundEnded([failed(.rateLimited, retryAfter: .seconds(10))], elapsed: .zero)
        #expect(second == .wait(.seconds(10)))
        #expect(machine.waited(elapsed: .seconds(10)) == send(1))
        let third = machine.roundEnded([failed(.rateLimited, retryAfter: .seconds(40))], elapsed: .seconds(10))
        #expect(third == .wait(.seconds(30)))
        #expect(machine.waited(elapsed: .seconds(40)) == send(0))
    }

    @Test func `a Retry-After that is shorter than the pause does not shorten it`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1]))
        _ = machine.start()
        let action = machine.roundEnded([failed(.rateLimited, retryAfter: .milliseconds(1))], elapsed: .zero)
        #expect(action == .wait(Machine.firstBackoff))
    }

    @Test func `several failures of one round are one failure of the provider`() {
        var machine = Machine(plan: Samples.plan(count: 4, imagesPerRequest: [1]))
        _ = machine.start()
        let action = machine.roundEnded(Array(repeating: failed(.unavailable), count: 4), elapsed: .zero)
        #expect(action == .wait(Machine.firstBackoff))
    }

    @Test func `the pause doubles with each round, not with each request`() {
        var machine = Machine(plan: Samples.plan(count: 8, imagesPerRequest: [1], attempts: 20))
        _ = machine.start()
        var left = 8
        for milliseconds in [250, 500, 1000] {
            left -= 1
            let results = [Result(delivered: 1)] + Array(repeating: failed(.rateLimited), count: left)
            #expect(machine.roundEnded(results, elapsed: .zero) == .wait(.milliseconds(milliseconds)))
            #expect(machine.waited(elapsed: .zero) == send(0, Array(repeating: 1, count: left)))
        }
    }

    @Test func `one budget of rounds for the whole call`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1, 1, 1], attempts: 2))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.notSent)], elapsed: .zero) == send(1))
        #expect(machine.roundEnded([failed(.notSent)], elapsed: .zero) == finish(.failed, .providersFailed))
    }

    @Test func `a single attempt is a single attempt`() {
        var machine = Machine(plan: Samples.plan(attempts: 1))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.notSent)], elapsed: .zero) == finish(.failed, .providersFailed))
    }

    @Test func `past the deadline nothing is sent`() {
        var machine = Machine(plan: Samples.plan(deadline: .seconds(90)))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .seconds(90)) == finish(.failed, .deadlineExceeded))
        var other = Machine(plan: Samples.plan(deadline: .seconds(90)))
        _ = other.start()
        #expect(other.roundEnded([failed(.unavailable)], elapsed: .milliseconds(89_999)) == send(1))
    }

    @Test func `a result that comes after the deadline still counts`() {
        var machine = Machine(plan: Samples.plan(deadline: .seconds(90)))
        _ = machine.start()
        #expect(machine.roundEnded([Result(delivered: 1)], elapsed: .seconds(200)) == finish(.succeeded, .complete))
    }

    @Test func `a wait that would end after the deadline is not begun`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1], deadline: .seconds(90)))
        _ = machine.start()
        let action = machine.roundEnded([failed(.rateLimited, retryAfter: .seconds(60))], elapsed: .seconds(30))
        #expect(action == finish(.failed, .providersFailed, retryAfter: .seconds(60)))
    }

    @Test func `a wait that took too long ends at the deadline`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1], deadline: .seconds(90)))
        _ = machine.start()
        _ = machine.roundEnded([failed(.unavailable)], elapsed: .seconds(1))
        #expect(machine.waited(elapsed: .seconds(90)) == finish(.failed, .deadlineExceeded))
    }

    @Test func `a time to come back is told only when every provider named one`() {
        var both = Machine(plan: Samples.plan(attempts: 2))
        _ = both.start()
        _ = both.roundEnded([failed(.rateLimited, retryAfter: .seconds(9))], elapsed: .zero)
        let told = both.roundEnded([failed(.rateLimited, retryAfter: .seconds(5))], elapsed: .zero)
        #expect(told == finish(.failed, .providersFailed, retryAfter: .seconds(5)))

        var one = Machine(plan: Samples.plan(attempts: 2))
        _ = one.start()
        _ = one.roundEnded([failed(.rateLimited, retryAfter: .seconds(9))], elapsed: .zero)
        #expect(one.roundEnded([failed(.unavailable)], elapsed: .zero) == finish(.failed, .providersFailed))
    }
}

@Suite("AttemptMachine: unknown ends (R4)")
struct AttemptUnknownTests {
    @Test("first the provider is asked for the task", arguments: unclear)
    private func recoverFirst(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        #expect(machine.roundEnded([failed(kind)], elapsed: .zero) == .recover(requests: [0]))
        #expect(machine.recovered([0: Result(delivered: 1)], elapsed: .zero) == finish(.succeeded, .complete))
    }

    @Test("nothing told: the next candidate, with the risk on record, and never the same again", arguments: unclear)
    private func nextWithRisk(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan(attempts: 20))
        _ = machine.start()
        _ = machine.roundEnded([failed(kind)], elapsed: .zero)
        #expect(machine.recovered([:], elapsed: .zero) == send(1, risk: true))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == .wait(Machine.firstBackoff))
        #expect(machine.waited(elapsed: .seconds(1)) == send(1, risk: true), "the risk stays, whoever is asked")
        #expect(machine.roundEnded([failed(.unauthorized)], elapsed: .seconds(1)) == finish(.failed, .providersFailed))
    }

    @Test("nothing told, and the policy pays only once: the call ends", arguments: unclear)
    private func endsUnknown(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan(onUnknown: .recover))
        _ = machine.start()
        _ = machine.roundEnded([failed(kind)], elapsed: .zero)
        #expect(machine.recovered([0: failed(kind)], elapsed: .zero) == finish(.failed, .providersFailed))
    }

    @Test func `recovery that tells a failure at no cost leads to the next without a risk`() {
        var machine = Machine(plan: Samples.plan(onUnknown: .recover))
        _ = machine.start()
        _ = machine.roundEnded([failed(.timeout)], elapsed: .zero)
        #expect(machine.recovered([0: failed(.failed)], elapsed: .zero) == send(1, risk: false))
    }

    @Test func `recovery that tells a refusal ends the call`() {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        _ = machine.roundEnded([failed(.timeout)], elapsed: .zero)
        #expect(machine.recovered([0: failed(.refused)], elapsed: .zero) == finish(.refused, .refused))
    }

    @Test func `only the unclear requests of a round are asked about, and the rest is counted once`() {
        var machine = Machine(plan: Samples.plan(count: 5, imagesPerRequest: [1, 20]))
        _ = machine.start()
        let results = [
            Result(delivered: 1), failed(.timeout), failed(.unavailable), failed(.connectionLost), Result(delivered: 1),
        ]
        #expect(machine.roundEnded(results, elapsed: .zero) == .recover(requests: [1, 3]))
        #expect(machine.recovered([3: Result(delivered: 1)], elapsed: .zero) == send(1, [2], risk: true))
        #expect(machine.roundEnded([Result(delivered: 2)], elapsed: .zero) == finish(.succeeded, .complete))
    }

    @Test func `images that came beside an unclear end are kept`() {
        var machine = Machine(plan: Samples.plan(count: 3, onUnknown: .recover))
        _ = machine.start()
        _ = machine.roundEnded([failed(.connectionLost, delivered: 2)], elapsed: .zero)
        #expect(machine.recovered([:], elapsed: .zero) == finish(.partial, .providersFailed))
    }

    @Test("whatever the kind: where nobody knows the cost, the provider is asked, and never sent to again")
    func unknownBilling() {
        for kind in ProviderFailure.Kind.allCases where kind != .refused && kind != .resultLost {
            var machine = Machine(plan: Samples.plan(imagesPerRequest: [1], attempts: 5))
            _ = machine.start()
            let failure = failed(kind, billing: .unknown)
            #expect(machine.roundEnded([failure], elapsed: .zero) == .recover(requests: [0]), "\(kind)")
            #expect(machine.recovered([:], elapsed: .zero) == finish(.failed, .providersFailed), "\(kind)")

            var other = Machine(plan: Samples.plan(attempts: 20))
            _ = other.start()
            _ = other.roundEnded([failure], elapsed: .zero)
            #expect(other.recovered([:], elapsed: .zero) == send(1, risk: true), "\(kind)")
            // The one that is out does not come back, however often the other one fails.
            #expect(other.roundEnded([failed(.unavailable)], elapsed: .zero) == .wait(Machine.firstBackoff))
            #expect(other.waited(elapsed: .seconds(1)) == send(1, risk: true), "\(kind)")
        }
    }

    @Test("an unclear kind that is known to have cost nothing is not asked about", arguments: unclear)
    private func knownBilling(kind: ProviderFailure.Kind) {
        var machine = Machine(plan: Samples.plan(onUnknown: .recover))
        _ = machine.start()
        #expect(machine.roundEnded([failed(kind, billing: .notCharged)], elapsed: .zero) == send(1))
    }

    @Test func `a paid result that was lost is not asked for at the same provider again`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1], attempts: 5))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.resultLost)], elapsed: .zero) == finish(.failed, .providersFailed))
    }

    @Test func `a paid result that was lost puts the risk on record for the next`() {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        #expect(machine.roundEnded([failed(.resultLost)], elapsed: .zero) == send(1, risk: true))
    }

    @Test func `a paid result that was lost is not paid for again where the policy says so`() {
        var machine = Machine(plan: Samples.plan(onUnknown: .recover))
        _ = machine.start()
        #expect(machine.roundEnded([failed(.resultLost)], elapsed: .zero) == finish(.failed, .providersFailed))
    }
}

@Suite("AttemptMachine: the client left")
struct AttemptClientTests {
    @Test func `nothing new is sent after a round`() {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        machine.clientLeft()
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == finish(.failed, .clientGone))
    }

    @Test func `nothing new is sent after a wait`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [1]))
        _ = machine.start()
        _ = machine.roundEnded([failed(.unavailable)], elapsed: .zero)
        machine.clientLeft()
        #expect(machine.waited(elapsed: .seconds(1)) == finish(.failed, .clientGone))
    }

    @Test func `what is unclear is still asked for, then nothing is sent`() {
        var machine = Machine(plan: Samples.plan())
        _ = machine.start()
        machine.clientLeft()
        #expect(machine.roundEnded([failed(.timeout)], elapsed: .zero) == .recover(requests: [0]))
        #expect(machine.recovered([:], elapsed: .zero) == finish(.failed, .clientGone))
    }

    @Test func `what came is a success all the same`() {
        var machine = Machine(plan: Samples.plan(count: 2))
        _ = machine.start()
        machine.clientLeft()
        #expect(machine.roundEnded([Result(delivered: 2)], elapsed: .zero) == finish(.succeeded, .complete))
    }

    @Test func `a part of what was asked for is partial`() {
        var machine = Machine(plan: Samples.plan(count: 2))
        _ = machine.start()
        machine.clientLeft()
        #expect(machine.roundEnded([Result(delivered: 1)], elapsed: .zero) == finish(.partial, .clientGone))
    }
}

@Suite("AttemptMachine: candidates that may not be asked (R3, R6)")
struct AttemptSkipTests {
    @Test func `the next one is asked at once, and no attempt is used up`() {
        var machine = Machine(plan: Samples.plan(attempts: 2))
        #expect(machine.start() == send(0))
        #expect(machine.notAsked(retryAfter: .seconds(5), elapsed: .zero) == send(1))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .seconds(1)) == .wait(.milliseconds(250)))
        #expect(machine.waited(elapsed: .seconds(2)) == send(1), "the second attempt of two")
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .seconds(2)) == finish(.failed, .providersFailed))
    }

    @Test func `when nobody may be asked the call ends at once and says when to come back`() {
        var machine = Machine(plan: Samples.plan())
        #expect(machine.start() == send(0))
        #expect(machine.notAsked(retryAfter: .seconds(5), elapsed: .zero) == send(1))
        #expect(
            machine.notAsked(retryAfter: .seconds(3), elapsed: .zero)
                == finish(.failed, .unavailable, retryAfter: .seconds(3))
        )
    }

    @Test func `one that was asked before may be waited for, as after a failure`() {
        var machine = Machine(plan: Samples.plan(imagesPerRequest: [20], attempts: 3))
        #expect(machine.start() == send(0))
        #expect(machine.roundEnded([failed(.unavailable)], elapsed: .zero) == .wait(.milliseconds(250)))
        #expect(machine.waited(elapsed: .milliseconds(250)) == send(0))
        #expect(machine.notAsked(retryAfter: .seconds(4), elapsed: .milliseconds(250)) == .wait(.seconds(4)))
        #expect(machine.waited(elapsed: .seconds(5)) == send(0))
        #expect(machine.roundEnded([.init(delivered: 1)], elapsed: .seconds(6)) == finish(.succeeded, .complete))
    }

    @Test func `a long pause is not waited for, nor one that comes again and again`() {
        var long = Machine(plan: Samples.plan(imagesPerRequest: [20], attempts: 3))
        _ = long.start()
        _ = long.roundEnded([failed(.unavailable)], elapsed: .zero)
        _ = long.waited(elapsed: .milliseconds(250))
        #expect(
            long.notAsked(retryAfter: .seconds(9), elapsed: .seconds(1))
                == finish(.failed, .providersFailed, retryAfter: .seconds(9))
        )
        var often = Machine(plan: Samples.plan(imagesPerRequest: [20], attempts: 3))
        _ = often.start()
        _ = often.roundEnded([failed(.unavailable)], elapsed: .zero)
        _ = often.waited(elapsed: .milliseconds(250))
        for turn in 1...2 {
            #expect(often.notAsked(retryAfter: .seconds(1), elapsed: .seconds(turn)) == .wait(.seconds(1)))
            #expect(often.waited(elapsed: .seconds(turn + 1)) == send(0))
        }
        #expect(
            often.notAsked(retryAfter: .seconds(1), elapsed: .seconds(3))
                == finish(.failed, .providersFailed, retryAfter: .seconds(1))
        )
    }

    @Test func `nothing goes on for a client that left, or beyond the deadline`() {
        var gone = Machine(plan: Samples.plan())
        _ = gone.start()
        gone.clientLeft()
        #expect(gone.notAsked(retryAfter: .seconds(1), elapsed: .zero) == finish(.failed, .clientGone))
        var late = Machine(plan: Samples.plan(deadline: .seconds(10)))
        _ = late.start()
        #expect(late.notAsked(retryAfter: .seconds(1), elapsed: .seconds(10)) == finish(.failed, .deadlineExceeded))
    }
}
