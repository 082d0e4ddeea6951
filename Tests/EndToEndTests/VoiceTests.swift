import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing

/// What a status means is said by who says it, and an error of a question is not a task's end.
struct VoiceTests {
    @Test(arguments: [401, 403, 429, 500, 503, 520, 524, 530])
    func `a page of somebody on the way is unknown, asked once, and shuts nobody out`(_ status: Int) async throws {
        try await House.with { house in
            let other = try await house.key(team: "other").key
            for policy in ["only-ideogram", "only-runware"] {
                let before = house.submissions()
                let answer = try await house.remix([
                    "policy": .string(policy), "prompt": .string("a harbour sandbox:page=\(status)"),
                ])
                #expect(answer.status == 502 && house.submissions() == before + 1, "\(policy)")
                let attempt = try #require(answer.attempts.first)
                #expect(answer.attempts.count == 1 && attempt["outcome"] == "unknown", "\(policy)")
                #expect(attempt["cost_usd"] == .null && attempt["reason"] == "foreign_answer")
                let theirs = try await house.remix(["policy": .string(policy)], key: other)
                #expect(theirs.status == 200, "another team is served: \(theirs.json)")
            }
        }
    }

    @Test(arguments: ["only-runware", "patient"])
    func `a poll that is told to wait is put again after the wait, and the task is not lost`(_ policy: String)
        async throws
    {
        for fault in [FaultKind.status(429, retryAfter: 1), .status(503, retryAfter: 1), .page(503, retryAfter: 1)] {
            var plan = House.Plan()
            plan.sandbox.faults = [FaultRule(provider: .runware, route: .poll, timing: .first(1), kind: fault)]
            plan.policies = [Policy(name: "patient", ordering: .order(["runware"]), onUnknown: .recover)]
            try await House.with(plan) { house in
                let began = SteadyInstant.now
                let answer = try await house.remix(["policy": .string(policy)])
                #expect(answer.status == 200 && answer["cost_usd"] == "0.06", "\(fault)")
                #expect(answer.attempts.map { $0["outcome"] } == ["succeeded"])
                #expect(SteadyInstant.now.since(began) >= .seconds(1))
            }
        }
    }

    @Test func `errors of a question with every status leave the attempt unknown, never failed at nothing`()
        async throws
    {
        for status in [401, 429, 500, 503, 504] {
            var plan = House.Plan()
            plan.runware.timeout = .milliseconds(900)
            plan.sandbox.faults = [FaultRule(provider: .runware, route: .poll, kind: .status(status))]
            plan.policies = [Policy(name: "patient", ordering: .order(["runware"]), onUnknown: .recover)]
            try await House.with(plan) { house in
                let answer = try await house.remix(["policy": "patient", "deadline": "3s"])
                #expect(answer.status != 200)
                #expect(answer.attempts.map { $0["outcome"] } == ["unknown"], "\(status): \(answer.json)")
                #expect(answer.attempts.map { $0["cost_usd"] } == [.null])
                #expect(house.sandbox.billing.total.usd == "0.06")
            }
        }
    }
}
