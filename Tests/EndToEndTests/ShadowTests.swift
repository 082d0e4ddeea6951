import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing
import TestTools

/// Shadows through the whole house: the second provider is asked, and the caller, the team and its figures know nothing
/// of it.
struct ShadowTests {
    private static func plan(budget: String) throws -> House.Plan {
        var policy = Policy(name: "watched", ordering: .order(["runware"]))
        policy.shadow = Policy.Shadow(
            provider: "ideogram",
            sample: .all,
            dailyBudget: try #require(Money(usd: budget))
        )
        var plan = House.Plan()
        plan.policies = [policy]
        return plan
    }

    private func row(_ house: House, _ query: String = "") async throws -> JSONValue? {
        try await house.get("/v1/reports/shadow" + query)["rows"]?.arrayValue?.first
    }

    @Test func `the same request is compared, apart from the call's own figures`() async throws {
        try await House.with(try Self.plan(budget: "50")) { house in
            let design = try await house.key(team: "design")
            for _ in 0..<3 {
                let answer = try await house.remix(["policy": "watched"], key: design.key)
                #expect(answer.provider == "runware")
                #expect(answer.attempts.count == 1)
                #expect(try await eventually { try await house.call(answer.id)["shadow"]?["outcome"] == "succeeded" })
                let call = try await house.call(answer.id)
                #expect(call["shadow"]?["provider"] == "ideogram")
                #expect(call["cost_usd"] == answer["cost_usd"])
            }
            #expect(house.submissions(.ideogram) == 3)
            let found = try #require(try await row(house))
            #expect(found["compared"] == 3)
            #expect(found["primary_provider"] == "runware")
            #expect(found["shadow_provider"] == "ideogram")
            let books = house.sandbox.billing.entries
            for (side, provider) in [("primary", ProviderKind.runware), ("shadow", .ideogram)] {
                let billed = books.filter { $0.provider == provider }.reduce(Money.zero) { $0 + $1.cost }
                #expect(found[side]?["cost_usd"]?.stringValue == billed.usd, "\(side)")
                #expect(found[side]?["succeeded"] == 3)
                #expect(found[side]?["images"] == 3)
                #expect(found[side]?["latency_ms"]?["p50"]?.intValue != nil)
            }
            let usage = try await house.get("/v1/reports/usage?group_by=provider")
            let providers = (usage["rows"]?.arrayValue ?? []).compactMap { $0["provider"]?.stringValue }
            #expect(providers == ["runware"])
            // Who may see it.
            #expect(try await house.get("/v1/reports/shadow", key: design.key)["rows"]?.arrayValue?.count == 1)
            #expect(try await house.get("/v1/reports/shadow?team=operators", key: design.key).status == 403)
            #expect(try await house.get("/v1/reports/shadow?group_by=day").status == 400)
            #expect(try await row(house, "?policy=standard") == nil)
            let metrics = String(decoding: try await house.get("/metrics").body, as: UTF8.self)
            #expect(metrics.contains("easel_shadows_total{provider=\"ideogram\",outcome=\"succeeded\"} 3"))
        }
    }

    @Test func `a provider that hangs holds no caller up, and its budget ends it`() async throws {
        // Room for one image at the price book's six cents, whatever comes of it.
        var plan = try Self.plan(budget: "0.10")
        plan.sandbox.faults = [FaultRule(provider: .ideogram, timing: .always, kind: .hang(afterExecuting: true))]
        plan.ideogram.timeout = .seconds(5)
        try await House.with(plan) { house in
            for _ in 0..<4 {
                let answer = try await house.remix(["policy": "watched"])
                #expect(answer.provider == "runware")
                #expect(answer["status"] == "succeeded")
            }
            #expect(try await eventually(within: .seconds(60)) { try await self.row(house)?["pending"] == 0 })
            #expect(house.submissions(.ideogram) == 1, "what it may have cost is held back (M7)")
            let side = try await row(house)?["shadow"]
            #expect(side?["unknown"] == 1)
            #expect(side?["unpriced"] == 1)
            #expect(side?["cost_usd"] == .null, "nobody knows what it cost")
            let metrics = String(decoding: try await house.get("/metrics").body, as: UTF8.self)
            #expect(metrics.contains("easel_shadows_skipped_total{provider=\"ideogram\",reason=\"budget\"} 3"))
        }
    }
}
