import EaselBase
import EaselCore
import Testing

private func moment(_ seconds: Double) -> SteadyInstant {
    SteadyInstant(nanoseconds: 1_000_000_000_000) + .milliseconds(Int64(seconds * 1000))
}

private func failure(
    _ kind: ProviderFailure.Kind,
    code: String = "x",
    retryAfter: Duration? = nil
) -> HealthSignal {
    HealthSignal(ProviderFailure(kind, code: code, message: "x", retryAfter: retryAfter), took: nil)
}

private func took(_ seconds: Double) -> HealthSignal { .succeeded(took: .milliseconds(Int64(seconds * 1000))) }

private func unused() -> AccountHealth { AccountHealth(name: "runware", probeExpiry: .seconds(150)) }

extension AccountHealth {
    /// One request that is let through and ends at once.
    @discardableResult
    fileprivate mutating func pass(
        _ signal: HealthSignal,
        _ model: RemixModel = .ideogram3,
        speed: RenderingSpeed = .default,
        at now: SteadyInstant
    ) -> [Change] {
        guard let permit = claim(model, at: now) else {
            Issue.record("nothing is let through at \(now)")
            return []
        }
        defer { release(permit) }
        return record(signal, speed: speed, permit, at: now)
    }

    fileprivate func isAway(_ model: RemixModel = .ideogram3, at now: SteadyInstant) -> Bool {
        standing(of: model, at: now).unavailability != nil
    }

    fileprivate func left(_ model: RemixModel = .ideogram3, at now: SteadyInstant) -> Duration? {
        standing(of: model, at: now).unavailability?.retryAfter
    }
}

@Suite("Health signals")
struct HealthSignalTests {
    @Test(arguments: ["no_capacity", "stopped_after_refusal", "stopped_after_answer", "breaker_open", "ledger_away"])
    func `what never reached the provider for a reason of ours says nothing of it`(code: String) {
        #expect(failure(.notSent, code: code) == .notAsked)
        #expect(failure(.notSent, code: "dns") == .failed(.notSent))
    }

    @Test func `each kind says what it says`() {
        let expected: [ProviderFailure.Kind: HealthSignal] = [
            .notSent: .failed(.notSent), .rateLimited: .failed(.rateLimited), .unavailable: .failed(.unavailable),
            .refused: .alive, .invalidRequest: .alive, .unauthorized: .unauthorized,
            .creditExhausted: .creditExhausted, .modelUnavailable: .modelUnavailable, .timeout: .failed(.timeout),
            .connectionLost: .failed(.connectionLost), .garbled: .failed(.garbled),
            .foreign: .failed(.foreign), .conflict: .silent,
            .failed: .failed(.failed), .empty: .failed(.empty), .resultLost: .silent,
        ]
        for kind in ProviderFailure.Kind.allCases { #expect(failure(kind) == expected[kind], "\(kind)") }
    }

    /// A page from the way is nobody's word of the account, and a firewall's may be about one prompt.
    @Test func `a page from the way says no more than a missing answer, and nothing where it refuses`() {
        func page(_ status: Int) -> HealthSignal {
            HealthSignal(
                ProviderFailure(.foreign, code: "x", message: "x", httpStatus: status, retryAfter: .seconds(60)),
                took: nil
            )
        }
        for status in [400, 401, 402, 403, 404, 413, 422, 451] { #expect(page(status) == .silent, "\(status)") }
        for status in [302, 408, 429, 499, 500, 502, 503, 504, 520, 524, 530] {
            #expect(page(status) == .failed(.foreign), "\(status)")
        }
    }

    @Test func `a named time counts where the provider is busy or away, and zero is none`() {
        #expect(failure(.rateLimited, retryAfter: .seconds(3)) == .stayAway(.seconds(3), .rateLimited))
        #expect(failure(.unavailable, retryAfter: .seconds(3)) == .stayAway(.seconds(3), .unavailable))
        #expect(failure(.rateLimited, retryAfter: .zero) == .failed(.rateLimited))
        #expect(failure(.failed, retryAfter: .seconds(3)) == .failed(.failed))
    }
}

@Suite("Account health")
struct AccountHealthTests {
    @Test func `five failures of a model leave the others alone, ten over all models open the account`() {
        var account = unused()
        for _ in 0..<5 { account.pass(failure(.timeout), .ideogram3, at: moment(0)) }
        #expect(account.isAway(.ideogram3, at: moment(0)))
        #expect(account.standing(of: .ideogram4, at: moment(0)) == .ready)
        for _ in 0..<4 { account.pass(failure(.timeout), .ideogram4, at: moment(0)) }
        #expect(account.standing(of: .ideogram1, at: moment(0)) == .ready)
        account.pass(failure(.timeout), .ideogram1, at: moment(0))
        #expect(RemixModel.allCases.allSatisfy { account.isAway($0, at: moment(0)) })
        #expect(account.accountPhase(at: moment(0)) == .open)
    }

    @Test func `a success, a refusal and an invalid request show that the provider lives`() {
        for sign in [took(1), failure(.refused), failure(.invalidRequest)] {
            var account = unused()
            // Far enough apart that no share of them is counted.
            for turn in 0..<20 {
                for _ in 0..<4 { account.pass(failure(.connectionLost), at: moment(Double(turn) * 31)) }
                account.pass(sign, at: moment(Double(turn) * 31))
            }
            #expect(account.standing(of: .ideogram3, at: moment(620)) == .ready)
        }
    }

    @Test(arguments: [failure(.conflict), failure(.resultLost), failure(.notSent, code: "no_capacity")])
    func `what says nothing neither counts nor ends a row of failures`(signal: HealthSignal) {
        var account = unused()
        for _ in 0..<30 { account.pass(signal, at: moment(0)) }
        #expect(account.standing(of: .ideogram3, at: moment(0)) == .ready)
        for _ in 0..<4 { account.pass(failure(.timeout), at: moment(0)) }
        account.pass(signal, at: moment(0))
        account.pass(failure(.timeout), at: moment(0))
        #expect(account.isAway(at: moment(0)))
    }

    @Test func `a provider that names a time is left alone until then, for all models (R6)`() {
        var account = unused()
        account.pass(failure(.rateLimited, retryAfter: .seconds(7)), at: moment(0))
        #expect(account.left(.ideogram1, at: moment(1)) == .seconds(6))
        #expect(account.standing(of: .ideogram1, at: moment(7)).isProbe)
    }

    @Test(
        arguments: [(.unauthorized, 60, .unauthorized), (.creditExhausted, 600, .creditExhausted)]
            as [(ProviderFailure.Kind, Int, TripReason.Cause)]
    )
    func `a bad key and an empty account open the account at once`(
        kind: ProviderFailure.Kind,
        seconds: Int,
        cause: TripReason.Cause
    ) {
        var account = unused()
        let changes = account.pass(failure(kind), at: moment(0))
        guard changes.count == 1, case .opened(let reason, for: .seconds(seconds)) = changes[0].change else {
            Issue.record("\(changes)")
            return
        }
        #expect(reason.cause == cause)
        #expect(changes[0].model == nil)
        #expect(account.left(.ideogram4, at: moment(0)) == .seconds(seconds))
    }

    @Test func `a model that is not there is no fault of the account`() {
        var account = unused()
        account.pass(failure(.modelUnavailable), .ideogram4, at: moment(0))
        #expect(account.left(.ideogram4, at: moment(0)) == .seconds(600))
        #expect(account.standing(of: .ideogram3, at: moment(0)) == .ready)
    }

    @Test func `one probe at a time; what it needs of the account is given back when the model does not take it`()
        throws
    {
        var account = unused()
        account.pass(failure(.rateLimited, retryAfter: .seconds(5)), at: moment(0))
        account.pass(failure(.modelUnavailable), .ideogram3, at: moment(6))
        // The account is closed by the answer, the model is open: nothing is held.
        #expect(account.claim(.ideogram3, at: moment(7)) == nil)
        #expect(account.standing(of: .ideogram4, at: moment(7)) == .ready)
        account.pass(failure(.rateLimited, retryAfter: .seconds(5)), .ideogram4, at: moment(7))
        #expect(account.claim(.ideogram3, at: moment(13)) == nil)
        #expect(account.standing(of: .ideogram4, at: moment(13)).isProbe, "the account's probe was given back")
        let probe = try #require({ account.claim(.ideogram4, at: moment(13)) }())
        #expect(account.isAway(.ideogram1, at: moment(13)))
        #expect(account.claim(.ideogram1, at: moment(13)) == nil)
        account.release(probe)
        #expect(account.claim(.ideogram1, at: moment(13)) != nil)
    }

    @Test func `a probe that says nothing is free for the next one`() throws {
        var account = unused()
        for _ in 0..<5 { account.pass(failure(.timeout), at: moment(0)) }
        for signal in [failure(.conflict), failure(.notSent, code: "no_capacity"), failure(.resultLost)] {
            account.pass(signal, at: moment(10))
            #expect(account.standing(of: .ideogram3, at: moment(10)).isProbe, "\(signal)")
        }
        account.pass(took(1), at: moment(10))
        #expect(account.standing(of: .ideogram3, at: moment(10)) == .ready)
    }

    // MARK: Slow

    private func paced(_ seconds: Double, count: Int = 8) -> AccountHealth {
        var account = unused()
        for _ in 0..<count { account.pass(took(seconds), at: moment(0)) }
        return account
    }

    @Test func `five slow answers in a row demote, and the baseline does not learn from them`() {
        var account = paced(3)
        for _ in 0..<4 { account.pass(took(16), at: moment(10)) }
        #expect(account.standing(of: .ideogram3, at: moment(10)) == .ready)
        account.pass(took(16), at: moment(10))
        #expect(
            account.standing(of: .ideogram3, at: moment(10)).demotion
                == "slow: 5 slow answers in a row, the last one: took 16 s"
        )
        #expect(account.standing(of: .ideogram4, at: moment(10)) == .ready)
        // Asked all the same, and as slow as ever: still slow by the old measure.
        for _ in 0..<40 { account.pass(took(16), at: moment(11)) }
        #expect(account.standing(of: .ideogram3, at: moment(12)).demotion != nil)
        #expect(account.report(at: moment(12)).state == .slow)
    }

    @Test func `what is not five times as long, or short in itself, is not slow`() {
        var quick = paced(1)
        for _ in 0..<20 { quick.pass(took(9.9), at: moment(1)) }
        #expect(quick.standing(of: .ideogram3, at: moment(1)) == .ready)
        var usual = paced(4)
        for _ in 0..<20 { usual.pass(took(19), at: moment(1)) }
        #expect(usual.standing(of: .ideogram3, at: moment(1)) == .ready)
    }

    @Test func `nothing is slow before it is known what is usual, nor by the measure of another speed`() {
        var account = unused()
        for _ in 0..<20 { account.pass(took(60), at: moment(0)) }
        #expect(account.standing(of: .ideogram3, at: moment(0)) == .ready)
        var turbo = unused()
        for _ in 0..<20 { turbo.pass(took(2), speed: .turbo, at: moment(0)) }
        for _ in 0..<20 { turbo.pass(took(30), speed: .quality, at: moment(0)) }
        #expect(turbo.standing(of: .ideogram3, at: moment(0)) == .ready)
    }

    @Test func `half of ten slow ones demote`() {
        var account = paced(2, count: 5)
        for _ in 0..<5 {
            account.pass(took(30), at: moment(1))
            account.pass(took(2), at: moment(1))
        }
        #expect(account.standing(of: .ideogram3, at: moment(1)) == .ready, "5 of 15")
        for _ in 0..<4 { account.pass(took(30), at: moment(1)) }
        account.pass(took(2), at: moment(1))
        #expect(account.standing(of: .ideogram3, at: moment(1)) == .ready, "9 of 20")
        account.pass(took(30), at: moment(1))
        account.pass(took(30), at: moment(1))
        #expect(account.standing(of: .ideogram3, at: moment(1)).demotion != nil, "11 of 22")
    }

    @Test func `a probe leads out of slowness, others are let through meanwhile`() throws {
        var account = paced(3)
        for _ in 0..<5 { account.pass(took(16), at: moment(0)) }
        let other = try #require({ account.claim(.ideogram3, at: moment(1)) }())
        #expect(!other.isProbe)
        #expect(account.standing(of: .ideogram3, at: moment(6)).isProbe)
        let probe = try #require({ account.claim(.ideogram3, at: moment(6)) }())
        #expect(probe.isProbe)
        #expect(account.standing(of: .ideogram3, at: moment(6)).demotion != nil)
        _ = account.record(took(3), speed: .default, other, at: moment(7))
        #expect(account.standing(of: .ideogram3, at: moment(7)).demotion != nil, "only the probe counts")
        let changes = account.record(took(3), speed: .default, probe, at: moment(8))
        #expect(changes.map(\.isPace) == [true])
        #expect(account.standing(of: .ideogram3, at: moment(8)) == .ready)
    }

    @Test func `a slow provider that fails is open like any other`() {
        var account = paced(3)
        for _ in 0..<5 { account.pass(took(16), at: moment(0)) }
        for _ in 0..<5 { account.pass(failure(.timeout), at: moment(1)) }
        #expect(account.isAway(at: moment(1)))
        #expect(account.report(at: moment(1)).state == .down)
    }

    // MARK: Figures

    @Test func `rates are of five minutes and need five results`() {
        var account = unused()
        for _ in 0..<4 { account.pass(took(1), at: moment(0)) }
        account.pass(failure(.refused), at: moment(0))
        #expect(account.successRate(.ideogram3, at: moment(0)) == nil)
        account.pass(failure(.timeout), at: moment(1))
        #expect(account.successRate(.ideogram3, at: moment(1)) == 0.8)
        #expect(account.successRate(.ideogram3, at: moment(280)) == 0.8)
        #expect(account.successRate(.ideogram3, at: moment(320)) == nil)
    }

    @Test func `quantiles are of the last attempts and forgotten after ten minutes`() throws {
        var account = unused()
        for index in 1...7 { account.pass(took(Double(index)), at: moment(0)) }
        let few = try #require(account.quantiles(.ideogram3, .default, at: moment(0)))
        #expect(few.p50 == .seconds(4))
        #expect(few.fast == nil)
        for index in 8...20 { account.pass(took(Double(index)), at: moment(0)) }
        let many = try #require(account.quantiles(.ideogram3, .default, at: moment(600)))
        #expect(many.fast == .seconds(5))
        #expect(many.p50 == .seconds(11))
        #expect(many.p95 == .seconds(20))
        #expect(account.quantiles(.ideogram3, .default, at: moment(601)) == nil)
        #expect(account.quantiles(.ideogram3, .turbo, at: moment(0)) == nil)
        account.pass(took(100), at: moment(700))
        #expect(account.quantiles(.ideogram3, .default, at: moment(700))?.p20 == .seconds(100), "of today only")
    }

    @Test func `the account's report is its own, or the best of its models`() {
        var account = unused()
        #expect(account.report(at: moment(0)).state == .ok)
        account.pass(failure(.modelUnavailable), .ideogram4, at: moment(0))
        #expect(account.report(at: moment(0)).state == .coolingDown)
        #expect(account.report(at: moment(0)).isUnavailable)
        account.pass(took(1), .ideogram3, at: moment(0))
        #expect(account.report(at: moment(0)).state == .ok)
        for _ in 0..<5 { account.pass(failure(.timeout), .ideogram3, at: moment(1)) }
        #expect(account.report(at: moment(1)).state == .down)
        #expect(account.report(at: moment(8)).state == .probing)
        #expect(!account.report(at: moment(8)).isUnavailable)
        #expect(account.report(of: .ideogram4, at: moment(8)).state == .coolingDown)
    }
}
