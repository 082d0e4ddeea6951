import EaselBase
import EaselCore
import EaselSandbox
import Foundation
import Testing

/// Answers that get lost on a connection that was used before, which is how nearly every request of a gateway travels.
struct KeptConnectionTests {
    @Test(arguments: [DeliveryMethod.sync, .async])
    func `work that was done and whose answer was lost is never recorded as not sent`(
        _ delivery: DeliveryMethod
    ) async throws {
        var plan = House.Plan()
        plan.runware.delivery = delivery
        try await House.with(plan) { house in
            // Enough that every loop has a connection to take again.
            for _ in 0..<6 { #expect(try await house.remix().provider == "runware") }
            try await house.sandbox.setFaults([FaultRule(provider: .runware, kind: .resetAfterExecuting)])
            for _ in 0..<4 {
                let answer = try await house.remix()
                let first = try #require(answer.attempts.first)
                #expect(first["reason"] != "not_sent", "the provider has done the work")
                #expect(first["cost_usd"] != "0", "and has charged for it (M4)")
                #expect(answer.provider == "runware", "so it is fetched, not paid for twice (R4)")
            }
            let report = try await house.get("/v1/reports/usage")
            #expect(report["totals"]?["cost_usd"]?.stringValue == house.sandbox.billing.total.usd)
        }
    }
}
