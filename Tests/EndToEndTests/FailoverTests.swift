import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing

/// The first provider fails in every way there is; the second one answers, and the record tells it all.
struct FailoverTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kind: FaultKind
        /// The outcome of the first attempt.
        let outcome: String
    }

    static let cases: [Case] = [
        Case(testDescription: "500", kind: .status(500), outcome: "failed"),
        // A page of some proxy between us does not tell whether the work was done.
        Case(testDescription: "502 with a page", kind: .status(502), outcome: "unknown"),
        Case(testDescription: "503", kind: .status(503), outcome: "failed"),
        Case(testDescription: "429", kind: .status(429), outcome: "failed"),
        Case(testDescription: "429 with Retry-After", kind: .status(429, retryAfter: 30), outcome: "failed"),
        Case(testDescription: "401", kind: .status(401), outcome: "failed"),
        Case(
            testDescription: "its own upstream has no credit",
            kind: .code("thirdPartyInsufficientCredits"),
            outcome: "failed"
        ),
        Case(testDescription: "its own upstream timed out", kind: .code("timeoutProvider"), outcome: "failed"),
        Case(testDescription: "reset before executing", kind: .resetBeforeExecuting, outcome: "unknown"),
        Case(testDescription: "no answer", kind: .hang(afterExecuting: false), outcome: "unknown"),
    ]

    @Test(arguments: cases)
    func `the second provider takes over`(_ entry: Case) async throws {
        var plan = House.Plan()
        if entry.kind == .hang(afterExecuting: false) { plan.runware.timeout = .milliseconds(700) }
        plan.sandbox.faults = [FaultRule(provider: .runware, kind: entry.kind)]
        try await House.with(plan) { house in
            let began = SteadyInstant.now
            let answer = try await house.remix()
            let took = SteadyInstant.now.since(began)
            #expect(answer.status == 200, "\(String(decoding: answer.body.prefix(600), as: UTF8.self))")
            #expect(answer.provider == "ideogram")
            // Generous: the machine is busy. A second try at the first provider, or its timeout twice, would show.
            #expect(took < .seconds(40))
            #expect(house.submissions(.runware) <= 2, "at most one retry")
            #expect(house.submissions(.ideogram) == 1)
            let first = try #require(answer.attempts.first)
            #expect(first["provider"] == "runware")
            #expect(first["outcome"]?.stringValue == entry.outcome)
            #expect(first["cost_usd"] == (entry.outcome == "unknown" ? .null : "0"), "unknown is not free")
            #expect(answer.attempts.last?["outcome"] == "succeeded")
            let kept = try await house.call(answer.id)
            #expect(kept.attemptFacts == answer.attemptFacts, "the attempts are rows")
            #expect(kept["failover"] == true)
        }
    }

    @Test func `nobody listens at the first provider`() async throws {
        var plan = House.Plan()
        plan.runware.baseURL = "http://127.0.0.1:1/v1"
        try await House.with(plan) { house in
            _ = try await house.remix(["policy": "only-ideogram"])
            let alone = SteadyInstant.now
            _ = try await house.remix(["policy": "only-ideogram"])
            let own = SteadyInstant.now.since(alone)
            let began = SteadyInstant.now
            let answer = try await house.remix()
            let took = SteadyInstant.now.since(began)
            #expect(answer.provider == "ideogram")
            #expect(took < own + .seconds(20), "promised are 250 ms on a quiet machine")
            #expect(answer.attempts.map { $0["reason"] } == ["not_sent", "ok"])
            #expect(answer.attempts.map { $0["cost_usd"] } == ["0", "0.06"])
            #expect(answer["cost_usd"] == "0.06")
        }
    }

    @Test(arguments: [FaultKind.resetAfterExecuting, .garbage, .truncatedJSON, .cutOff])
    func `an answer that is lost after the work was done is fetched, not paid for twice`(_ kind: FaultKind) async throws
    {
        var plan = House.Plan()
        plan.runware.delivery = .sync
        plan.sandbox.faults = [FaultRule(provider: .runware, kind: kind)]
        try await House.with(plan) { house in
            let answer = try await house.remix()
            #expect(answer.status == 200, "\(String(decoding: answer.body.prefix(600), as: UTF8.self))")
            #expect(answer.provider == "runware")
            #expect(house.submissions() == 1)
            #expect(answer["cost_usd"]?.stringValue == house.sandbox.billing.total.usd)
            #expect(house.sandbox.billing.entries.count == 1)
        }
    }

    @Test func `an answer that never comes is asked for once, and never called free`() async throws {
        var plan = House.Plan()
        plan.runware.delivery = .sync
        plan.runware.timeout = .seconds(2)
        plan.sandbox.faults = [FaultRule(provider: .runware, kind: .hang(afterExecuting: true))]
        try await House.with(plan) { house in
            let answer = try await house.remix()
            #expect(answer.status == 200)
            #expect(house.submissions(.runware) == 1)
            // After a silence there is little patience: a busy machine may use it up.
            guard answer.provider == "ideogram" else {
                #expect(answer["cost_usd"]?.stringValue == house.sandbox.billing.total.usd)
                return
            }
            #expect(answer.attempts.map { $0["outcome"] } == ["unknown", "succeeded"])
            #expect(answer.attempts.map { $0["cost_usd"] } == [.null, "0.06"])
            #expect(answer.attempts.last?["duplicate_risk"] == true)
        }
    }

    @Test(arguments: ["runware", "ideogram"])
    func `a content refusal is 422 with exactly one request`(_ provider: String) async throws {
        var plan = House.Plan()
        plan.order = provider == "runware" ? ["runware", "ideogram"] : ["ideogram", "runware"]
        plan.sandbox.faults = [FaultRule(kind: .refuseContent)]
        try await House.with(plan) { house in
            let answer = try await house.remix()
            #expect(answer.status == 422)
            #expect(answer.code == "refused")
            #expect(answer.attempts.map { $0["outcome"] } == ["refused"])
            #expect(house.submissions() == 1)
            #expect(house.sandbox.billing.entries.isEmpty)
            let kept = try await house.call(answer.id)
            #expect(kept["status"] == "refused")
            #expect(kept["cost_usd"] == "0")
            #expect(kept.attempts.count == 1)
        }
    }

    @Test func `when everybody fails the attempts are listed`() async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [FaultRule(kind: .status(503))]
        try await House.with(plan) { house in
            let answer = try await house.remix()
            #expect(answer.status == 502)
            #expect(answer.code == "providers_failed")
            #expect(answer.attempts.count == Policy.defaultAttempts)
            #expect(Set(answer.attempts.compactMap { $0["provider"]?.stringValue }) == ["runware", "ideogram"])
            #expect(house.submissions() == answer.attempts.count)
            #expect(house.sandbox.billing.entries.isEmpty)
            let kept = try await house.call(answer.id)
            #expect(kept["status"] == "failed")
            #expect(kept["error_code"] == "providers_failed")
            #expect(kept.attemptFacts == answer.attemptFacts)
        }
    }

    @Test func `missing images are asked for again, and only those`() async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [FaultRule(provider: .runware, timing: .first(1), kind: .fewerImages(1))]
        try await House.with(plan) { house in
            let answer = try await house.remix(["count": 3])
            #expect(answer.status == 200)
            #expect(answer.images.count == 3)
            #expect(answer["cost_usd"]?.stringValue == house.sandbox.billing.total.usd)
            #expect(house.sandbox.billing.entries.reduce(0) { $0 + $1.images } == 3)
        }
    }

    @Test func `the deadline of a call is kept`() async throws {
        var plan = House.Plan()
        plan.sandbox.faults = [FaultRule(kind: .hang(afterExecuting: false))]
        try await House.with(plan) { house in
            let began = SteadyInstant.now
            let answer = try await house.remix(["deadline": "800ms"])
            #expect(answer.status == 504)
            #expect(answer.code == "deadline_exceeded")
            #expect(SteadyInstant.now.since(began) >= .milliseconds(700))
        }
    }
}
