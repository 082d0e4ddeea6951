import EaselBase
import EaselCore
import EaselMemory
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// Shadows beside calls: what they may not do, and what becomes of them.
struct ShadowDeskTests {
    /// A bench whose policy asks `first` and shadows every call at `second`.
    private static func bench(
        _ ledger: MemoryLedger,
        _ first: ScriptedProvider,
        _ second: ScriptedProvider,
        budget: Money = sixCents * 100
    ) async throws -> Bench {
        try await Bench(ledger, [first, second]) { policy in
            policy.ordering = .order([first.name])
            policy.shadow = Policy.Shadow(provider: second.name, sample: .all, dailyBudget: budget)
        }
    }

    private static func idle(_ bench: Bench) async -> Bool {
        await eventually { bench.shadows.running == 0 }
    }

    @Test func `a shadow gets the same request and leaves the call as it is`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [.images(cost: sixCents)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents * 2)], ledger: ledger)
        let bench = try await Self.bench(ledger, first, second)
        let reply = try #require(await bench.remix(count: 2).reply)
        #expect(reply.provider == "runware")
        #expect(reply.cost == sixCents)
        #expect(await Self.idle(bench))
        #expect(second.tasks.map(\.count) == [2])
        #expect(second.tasks.map(\.request.prompt) == first.tasks.map(\.request.prompt))
        let shadow = try #require(ledger.shadows.first)
        #expect(shadow.end?.end.outcome == .succeeded)
        #expect(shadow.end?.end.cost == sixCents * 2)
        #expect(shadow.start.bound == sixCents * 2)
        #expect(second.tasks.map(\.attemptID) == [shadow.start.shadowID])
        #expect(ledger.settlements.first?.attempts.count == 1)
        #expect(bench.tools.gates["ideogram"]?.running == 0)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `one that never answers holds nobody up`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let second = ScriptedProvider(.ideogram, answers: [.held(latch, .images(cost: sixCents))], ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        #expect(await bench.remix().reply?.provider == "runware")
        #expect(ledger.settlements.map(\.status) == [.succeeded], "the call is over while its shadow is not")
        #expect(await eventually { second.tasks.count == 1 })
        #expect(ledger.shadows.map(\.end?.end.outcome) == [nil])
        latch.open()
        #expect(await Self.idle(bench))
        #expect(ledger.shadows.map(\.end?.end.outcome) == [.succeeded])
    }

    @Test func `a count that one request cannot take is not split`() async throws {
        let ledger = MemoryLedger()
        let second = ScriptedProvider(.ideogram, imagesPerRequest: 1, ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        _ = await bench.remix(count: 4)
        #expect(await Self.idle(bench))
        #expect(second.tasks.map(\.count) == [1])
        #expect(ledger.shadows.map(\.start.imagesAsked) == [1])
        #expect(ledger.shadows.map(\.start.bound) == [sixCents])
    }

    @Test func `nothing is sent beyond the day's budget`() async throws {
        let ledger = MemoryLedger()
        let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents)], ledger: ledger)
        let bench = try await Self.bench(
            ledger,
            ScriptedProvider(.runware, ledger: ledger),
            second,
            budget: sixCents * 2
        )
        for _ in 0..<5 {
            #expect(await bench.remix().reply?.provider == "runware")
            #expect(await Self.idle(bench))
        }
        #expect(second.tasks.count == 2)
        #expect(bench.tools.metrics.shadows.skipped(.budget, at: "ideogram") == 3)
        #expect(bench.tools.gates["ideogram"]?.running == 0)
    }

    @Test func `no shadow takes a place that somebody may want`() async throws {
        let ledger = MemoryLedger()
        let second = ScriptedProvider(.ideogram, maxInFlight: 2, ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        let gate = try #require(bench.tools.gates["ideogram"])
        for _ in 0..<2 { #expect(await gate.enter(team: 1, timeout: .seconds(1))) }
        #expect(await bench.remix().reply?.provider == "runware")
        #expect(await Self.idle(bench))
        #expect(second.tasks.isEmpty)
        #expect(ledger.shadows.isEmpty)
        #expect(bench.tools.metrics.shadows.skipped(.capacity, at: "ideogram") == 1)
    }

    @Test func `shadows have a quarter of an account's places`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let second = ScriptedProvider(.ideogram, answers: [.held(latch, .images())], maxInFlight: 8, ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        for _ in 0..<5 { #expect(await bench.remix().reply != nil) }
        #expect(await eventually { second.tasks.count == 2 })
        #expect(bench.shadows.running == 2)
        #expect(bench.tools.metrics.shadows.skipped(.limit, at: "ideogram") == 3)
        latch.open()
        #expect(await Self.idle(bench))
        #expect(ShadowDesk.places(of: 1) == 1)
        #expect(ShadowDesk.places(of: 100) == 25)
    }

    @Test func `an asynchronous task is followed and its name kept`() async throws {
        let ledger = MemoryLedger()
        let polls: [Recovery] = [.ended(ScriptedProvider.delivered(1, cost: sixCents))]
        let second = ScriptedProvider(.ideogram, answers: [.accept(id: "g-1", polls: polls)], ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        _ = await bench.remix()
        #expect(await Self.idle(bench))
        #expect(ledger.shadows.map(\.note) == ["g-1"])
        #expect(ledger.shadows.map(\.end?.end.outcome) == [.succeeded])
        let kind = ProviderHealth.Kind(provider: "ideogram", model: .ideogram4, speed: .default)
        #expect(bench.health.view(kind).pace?.p50 == nil, "routing does not learn from it")
    }

    @Test func `without a ledger nothing is sent, and the row that may stand there ends`() async throws {
        let ledger = MemoryLedger()
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        ledger.fail("startShadow")
        #expect(await bench.remix().reply != nil)
        #expect(await Self.idle(bench))
        #expect(second.tasks.isEmpty)
        #expect(bench.tools.metrics.shadows.skipped(.ledger, at: "ideogram") == 1)
    }

    @Test func `a closed desk begins nothing and waits for what it has`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let second = ScriptedProvider(.ideogram, answers: [.held(latch, .images())], ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        _ = await bench.remix()
        #expect(await eventually { second.tasks.count == 1 })
        bench.shadows.close()
        _ = await bench.remix()
        #expect(bench.tools.metrics.shadows.skipped(.shutdown, at: "ideogram") == 1)
        await bench.shadows.waitUntilIdle(atMost: .milliseconds(30))
        #expect(bench.shadows.running == 1, "the grace is the end of waiting")
        latch.open()
        await bench.shadows.waitUntilIdle(atMost: .seconds(20))
        #expect(ledger.shadows.map(\.end?.end.outcome) == [.succeeded])
    }

    @Test func `it counts by provider and outcome`() async throws {
        let ledger = MemoryLedger()
        let second = ScriptedProvider(.ideogram, answers: [.failure(ScriptedProvider.timeout)], ledger: ledger)
        let bench = try await Self.bench(ledger, ScriptedProvider(.runware, ledger: ledger), second)
        _ = await bench.remix()
        #expect(await Self.idle(bench))
        #expect(ledger.shadows.map(\.end?.end.cost) == [nil], "what it cost is not known")
        let ends = bench.tools.metrics.shadows.counts.ends
        #expect(ends == [ShadowMetrics.Key(provider: "ideogram", word: "unknown"): 1])
    }
}
