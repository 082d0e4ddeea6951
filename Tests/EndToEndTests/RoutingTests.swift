import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing
import TestTools

/// Policies through the whole house: cases, inline policies, explanations that are stored, and hedges with their money.
struct RoutingTests {
    @Test func `a hedge gives the caller the faster answer, and both are in the figures to the cent`() async throws {
        var policy = Policy(name: "quick", ordering: .order(["runware", "ideogram"]))
        policy.hedge = Policy.Hedge(after: .duration(.milliseconds(100)), budget: .all)
        var plan = House.Plan()
        plan.policies = [policy]
        plan.sandbox.faults = [FaultRule(provider: .runware, timing: .always, kind: .latency(.seconds(3)))]
        try await House.with(plan) { house in
            let design = try await house.key(team: "design")
            let budget: [String: JSONValue] = [
                "scope": "team:design", "period": "day", "limit_usd": "1", "hard": true,
            ]
            let json = [("Content-Type", "application/json")]
            #expect(
                try await house.send("PUT", "/v1/budgets", fields: json, body: try JSON.encode(budget)).status == 200
            )
            let answer = try await house.remix(["policy": "quick"], key: design.key)
            #expect(answer.provider == "ideogram" && answer["status"] == "succeeded")
            #expect(try await house.call(answer.id)["failover"] == false)
            #expect(
                try await eventually {
                    try await house.call(answer.id)["attempts"]?.arrayValue?.first?["outcome"] == "succeeded"
                }
            )
            let billed = house.sandbox.billing.entries.reduce(Money.zero) { $0 + $1.cost }
            #expect(billed == Money(usd: "0.12"))
            let call = try await house.call(answer.id)
            #expect(call["cost_usd"]?.stringValue == billed.usd)
            let totals = try await house.get("/v1/reports/usage")["totals"]
            #expect(totals?["hedges"] == 1 && totals?["hedge_cost_usd"] == "0.06" && totals?["failovers"] == 0)
            #expect(totals?["cost_usd"]?.stringValue == billed.usd && totals?["images"] == 1)
            let standing = try await house.get("/v1/budgets")["budgets"]?.arrayValue?.first
            #expect(standing?["spent_usd"] == "0.12" && standing?["reserved_usd"] == "0")
        }
    }

    @Test func `cases choose, a key with the right brings its own policy, and the plan is stored with its inputs`()
        async throws
    {
        var match = PolicyMatch()
        match.count = PolicyMatch.NumberTest(.more, 1)
        let cases = CasePolicy(
            name: "by-case",
            cases: [.init(match: match, target: .named("only-ideogram"))],
            otherwise: .named("only-runware")
        )
        var plan = House.Plan()
        plan.routing = [("by-case", .cases(cases))]
        try await House.with(plan) { house in
            let design = try await house.key(team: "design")
            #expect(try await house.remix(["policy": "by-case"], key: design.key).provider == "runware")
            let two = try await house.remix(["policy": "by-case", "count": 2], key: design.key)
            #expect(two.provider == "ideogram")
            let stored = try await house.call(two.id)["plan"]
            #expect(stored?["inputs"]?["path"] == ["by-case", "when[0]", "only-ideogram"])
            let inputs = try #require(stored?["inputs"].flatMap { PlanInputs(json: JSONText.bytes(of: $0)) })
            #expect(Planner.plan(inputs).candidates.map(\.provider) == ["ideogram"])

            let own: JSONValue = ["order": ["ideogram"], "max_cost_usd": "0.10"]
            #expect(try await house.remix(["policy": own], key: design.key).status == 403)
            #expect(try await house.remix(["policy": own]).provider == "ideogram")
            let free = try await house.key(team: "free", ["inline_policies": true])
            #expect(try await house.remix(["policy": own], key: free.key).provider == "ideogram")
            let wrong = try await house.remix(["policy": ["order": ["openai"], "attempts": 0]])
            #expect(wrong.status == 400)
            #expect(
                Set(wrong["errors"]?.arrayValue?.compactMap { $0["parameter"]?.stringValue } ?? [])
                    == ["policy.order[0]", "policy.attempts"]
            )
            #expect(try await house.remix(["policy": "ghost"], key: design.key).status == 400)
        }
    }
}
