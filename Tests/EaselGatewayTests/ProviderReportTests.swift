import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselCalls
@testable import EaselGateway

/// What `GET /v1/providers` tells of one provider.
struct ProviderReportTests {
    @Test func `the report carries everything that people ask for`() throws {
        let health = ProviderHealth()
        let kind = ProviderHealth.Kind(provider: "runware", model: .ideogram4, speed: .default)
        health.prime(kind, (1...20).map { .seconds($0) })
        let failure = ProviderFailure(.unavailable, code: "x", message: "It failed.")
        for _ in 0..<5 {
            let permit = try #require(health.claim("runware", .ideogram4))
            health.record(kind, failure, took: nil, permit)
            health.release(permit)
        }
        let gate = ProviderGate(limit: 3)
        let report = ProviderReport(
            ScriptedProvider(maxInFlight: 3),
            health: health.account("runware"),
            last: (.failed, SampleTrade.moment),
            gate: gate,
            spend: sixCents,
            now: .now
        )
        let document = try JSON.decode(JSONValue.self, from: try JSON.encode(report))
        #expect(document["name"] == "runware")
        #expect(document["state"] == "down")
        #expect(document["breaker"] == "open")
        #expect(document["reason"] == "5 failures in a row, the last one: unavailable")
        #expect((document["retry_after_ms"]?.intValue ?? 0) > 4000)
        #expect(document["error_rate"] == 1)
        #expect(document["in_flight"] == 0)
        #expect(document["max_in_flight"] == 3)
        #expect(document["waiting"] == 0)
        #expect(document["latency_ms"]?["ideogram-4.0"] == 11_000)
        #expect(document["last_outcome"] == "failed")
        #expect(document["spend_today_usd"] == "0.06")
        let model = try #require(document["models"]?.arrayValue?.first)
        #expect(model["model"] == "ideogram-4.0")
        #expect(model["state"] == "down")
        #expect(model["attempts"] == 5)
        #expect(model["latency_ms"] == ["p50": 11_000, "p95": 20_000])
    }

    @Test func `a provider that nobody asked yet is well`() throws {
        let report = ProviderReport(
            ScriptedProvider(),
            health: nil,
            last: nil,
            gate: nil,
            spend: .zero,
            now: .now
        )
        let document = try JSON.decode(JSONValue.self, from: try JSON.encode(report))
        #expect(document["state"] == "ok")
        #expect(document["breaker"] == "closed")
        #expect(document["models"] == .array([]))
    }
}
