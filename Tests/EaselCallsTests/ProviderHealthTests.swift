import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselCalls

extension ProviderHealth {
    /// Opens the breaker of a provider's model with failures in a row, so long ago that it is half-open by now where told.
    func fail(_ provider: String, _ model: RemixModel = .ideogram4, ago: Duration = .zero) {
        let then = SteadyInstant.now + (.zero - ago)
        let kind = Kind(provider: provider, model: model, speed: .default)
        let failure = ProviderFailure(.unavailable, code: "x", message: "It failed.")
        for _ in 0..<5 {
            guard let permit = claim(provider, model, now: then) else { return }
            record(kind, failure, took: nil, permit, now: then)
            release(permit)
        }
    }

    /// Leaves a provider alone for longer than any test takes.
    func close(_ provider: String, _ model: RemixModel = .ideogram4) {
        guard let permit = claim(provider, model) else { return }
        let busy = ProviderFailure(.unavailable, code: "x", message: "Later.", retryAfter: .seconds(900))
        record(Kind(provider: provider, model: model, speed: .default), busy, took: nil, permit)
    }

    /// A breaker whose probe is free.
    func halfOpen(_ provider: String) { fail(provider, ago: .seconds(10)) }
}

/// What the gateway learns of its providers, and whom it tells.
struct ProviderHealthTests {
    private let kind = ProviderHealth.Kind(provider: "runware", model: .ideogram4, speed: .default)

    private func permit(_ health: ProviderHealth) throws -> ProviderHealth.Permit {
        try #require(health.claim("runware", .ideogram4))
    }

    @Test func `an empty account is an error in the log, once for each time it is found out`() throws {
        let lines = Locked<[String]>([])
        let health = ProviderHealth(log: Log(minimum: .info) { line in lines.withLock { $0.append(line) } })
        let permits = try (0..<5).map { _ in try permit(health) }
        let failure = ProviderFailure(.creditExhausted, code: "x", message: "x")
        for permit in permits { health.record(kind, failure, took: nil, permit) }
        let errors = lines.withLock { $0.filter { $0.contains("\"level\":\"error\"") } }
        #expect(errors.count == 1)
        #expect(errors.first?.contains("\"cause\":\"credit_exhausted\"") == true)
        #expect(health.openings == [ProviderHealth.Opening(provider: "runware", cause: .creditExhausted): 1])
        #expect(health.standing(of: "runware", model: .ideogram1).unavailability != nil)
    }

    @Test func `a provider that is back is told`() throws {
        let lines = Locked<[String]>([])
        let health = ProviderHealth(log: Log(minimum: .info) { line in lines.withLock { $0.append(line) } })
        health.halfOpen("runware")
        let probe = try permit(health)
        #expect(probe.isProbe)
        health.record(kind, nil, took: .seconds(1), probe)
        #expect(lines.withLock { $0.last }?.contains("a provider is back") == true)
        #expect(health.standing(of: "runware", model: .ideogram4) == .ready)
    }

    @Test func `durations are of the kind that was recorded`() throws {
        let health = ProviderHealth()
        #expect(health.view(kind).pace?.p50 == nil)
        health.prime(kind, (1...20).map { .seconds($0) })
        #expect(health.view(kind).pace?.p50 == .seconds(11))
        #expect(health.earlyDuration(kind) == .seconds(5))
        #expect(health.view(kind).pace?.fast == .seconds(5))
        #expect(health.view(kind).pace?.p95 == .seconds(20))
        let other = ProviderHealth.Kind(provider: "runware", model: .ideogram4, speed: .turbo)
        #expect(health.view(other).pace?.p50 == nil)
        health.record(other, nil, took: .seconds(40), learnt: .seconds(21), try permit(health))
        #expect(health.view(other).pace?.p50 == .seconds(21), "the pace learns what is nearer to the truth")
    }

    @Test func `a gateway begins with what the log knows, or with nothing`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(
            answers: [
                .result(
                    {
                        var result = ScriptedProvider.delivered(1, cost: sixCents)
                        result.timings.total = .seconds(3)
                        return result
                    }()
                )
            ],
            ledger: ledger
        )
        let bench = try await Bench(ledger, [provider])
        for _ in 0..<3 { #expect(await bench.remix().reply != nil) }
        let health = ProviderHealth()
        await health.prime(from: ledger, now: TimeSource.system.now)
        #expect(health.view(kind).pace?.p50 == .seconds(3))
        ledger.fail("recentDurations")
        let alone = ProviderHealth()
        await alone.prime(from: ledger, now: TimeSource.system.now)
        #expect(alone.view(kind).pace?.p50 == nil)
    }
}
