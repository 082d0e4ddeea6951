import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// Calls and breakers: who is not asked, who is the probe, and that a probe of which nothing comes is given back.
struct CallRunHealthTests {
    private typealias Answer = ScriptedProvider.Answer

    private func standing(_ bench: Bench, _ provider: String = "runware") -> ProviderStanding {
        bench.health.standing(of: provider, model: .ideogram4)
    }

    // MARK: Who is not asked

    @Test func `whose breaker is open is not asked, and with all of them open nothing is written`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        bench.health.close("runware")
        #expect(await bench.remix().reply?.provider == "ideogram")
        #expect(first.tasks.isEmpty)
        bench.health.close("ideogram")
        let failure = await bench.remix().failure
        #expect(failure?.code == .unavailable)
        #expect(failure?.retryAfter.map { $0 > .seconds(300) && $0 <= .seconds(900) } == true)
        #expect(ledger.admissions.count == 1)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `who fails again and again is not asked any more`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [CallRunTests.failure(.connectionLost)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        for _ in 0..<8 { #expect(await bench.remix().reply?.provider == "ideogram") }
        // A slow machine may come to the first probe.
        #expect((5...6).contains(first.tasks.count))
        #expect(ledger.violations.isEmpty)
    }

    @Test func `one that opens during the call is passed over without a row (R3)`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let failing = Answer.held(latch, CallRunTests.failure(.unavailable, status: 503))
        let first = ScriptedProvider(.runware, answers: [failing], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let third = ScriptedProvider(.ideogram, name: "ideogram-2", ledger: ledger)
        let bench = try await Bench(ledger, [first, second, third])
        async let call = bench.remix()
        #expect(await eventually { first.tasks.count == 1 })
        bench.health.close("ideogram")
        latch.open()
        let reply = try await call.get()
        #expect(reply.provider == "ideogram-2")
        #expect(reply.attempts.map(\.start.provider) == ["runware", "ideogram-2"])
        #expect(second.tasks.isEmpty)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `what waits for a place is not sent once the breaker has opened`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(.runware, answers: [.held(latch, .images())], maxInFlight: 1, ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        async let one = bench.remix()
        #expect(await eventually { first.tasks.count == 1 })
        async let two = bench.remix()
        #expect(await eventually { bench.tools.gates["runware"]?.waiting == 1 })
        bench.health.close("runware")
        latch.open()
        #expect(await one.reply?.provider == "runware")
        let reply = try await two.get()
        #expect(reply.provider == "ideogram")
        #expect(reply.attempts.map(\.cost) == [.zero, sixCents])
        #expect(first.tasks.count == 1)
        #expect(standing(bench).unavailability != nil, "the late success did not close it")
        #expect(ledger.violations.isEmpty)
    }

    // MARK: Probes

    @Test func `one call is the probe, the others go elsewhere until it is back`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(.runware, answers: [.held(latch, .images()), .images()], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        bench.health.halfOpen("runware")
        async let probe = bench.remix()
        #expect(await eventually { first.tasks.count == 1 })
        for _ in 0..<5 { #expect(await bench.remix().reply?.provider == "ideogram") }
        #expect(first.tasks.count == 1)
        latch.open()
        #expect(await probe.reply?.provider == "runware")
        #expect(standing(bench) == .ready)
        #expect(await bench.remix().reply?.provider == "runware")
    }

    @Test func `many at once are one probe`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(
            .runware,
            answers: [.held(latch, CallRunTests.failure(.unavailable))],
            ledger: ledger
        )
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        bench.health.halfOpen("runware")
        await withTaskGroup(of: String?.self) { group in
            for _ in 0..<30 { group.addTask { await bench.remix().reply?.provider } }
            #expect(await eventually { second.tasks.count == 29 })
            latch.open()
            for await provider in group { #expect(provider == "ideogram") }
        }
        #expect(first.tasks.count == 1)
        #expect(standing(bench) != .ready)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a probe whose call is not admitted is given back`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        bench.health.halfOpen("runware")
        ledger.fail("admit")
        #expect(await bench.remix().failure?.code == .unavailable)
        #expect(standing(bench).isProbe)
        ledger.fail("admit", with: nil)
        bench.registry.close()
        #expect(await bench.remix().failure?.code == .unavailable)
        #expect(standing(bench).isProbe)
        #expect(provider.tasks.isEmpty)
    }

    @Test func `a probe that finds no place is given back`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, maxInFlight: 1, timeout: .milliseconds(100), ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        let gate = try #require(bench.tools.gates["runware"])
        #expect(await gate.enter(team: 2, timeout: .seconds(1)))
        bench.health.halfOpen("runware")
        #expect(await bench.remix().reply?.provider == "ideogram")
        #expect(first.tasks.isEmpty)
        #expect(standing(bench).isProbe)
        gate.leave()
    }

    @Test func `a probe whose row cannot be written is given back`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(
            .runware,
            answers: [.held(latch, CallRunTests.failure(.unavailable))],
            ledger: ledger
        )
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        bench.health.halfOpen("ideogram")
        async let call = bench.remix()
        #expect(await eventually { first.tasks.count == 1 })
        ledger.fail("startAttempts")
        latch.open()
        #expect(await call.failure?.code == .unavailable)
        #expect(second.tasks.isEmpty)
        #expect(standing(bench, "ideogram").isProbe)
    }

    @Test func `a client that leaves takes no probe with it`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(
            .runware,
            answers: [.held(latch, CallRunTests.failure(.unavailable))],
            ledger: ledger
        )
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        bench.health.halfOpen("ideogram")
        let call = Task { await bench.remix() }
        #expect(await eventually { first.tasks.count == 1 })
        call.cancel()
        latch.open()
        _ = await call.value
        #expect(second.tasks.isEmpty)
        #expect(standing(bench, "ideogram").isProbe)
    }

    @Test func `the probe of a client that left is finished and counts`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let provider = ScriptedProvider(answers: [.held(latch, .images())], ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        bench.health.halfOpen("runware")
        let call = Task { await bench.remix() }
        #expect(await eventually { provider.tasks.count == 1 })
        call.cancel()
        latch.open()
        _ = await call.value
        #expect(standing(bench) == .ready)
    }

    // MARK: What is learnt

    /// Every attempt's end reaches the health exactly once, whatever became of it.
    @Test(
        arguments: [
            (.images(), .untraceable, 1, 0), (CallRunTests.failure(.unavailable), .untraceable, 1, 1),
            (CallRunTests.failure(.timeout), .unknown(), 1, 1),
            (CallRunTests.failure(.garbled), .ended(ScriptedProvider.delivered(1)), 1, 0),
            (CallRunTests.failure(.refused), .untraceable, 0, 0),
            (.accept(id: "g-1", polls: [.ended(ScriptedProvider.delivered(1))]), .untraceable, 1, 0),
        ] as [(ScriptedProvider.Answer, Recovery, Int, Int)]
    )
    func `each end is counted once`(answer: ScriptedProvider.Answer, recovery: Recovery, all: Int, failed: Int)
        async throws
    {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [answer], recoveries: [recovery], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        _ = await bench.remix()
        let outcomes = bench.health.account("runware")?.report(of: .ideogram4, at: .now).outcomes
        #expect(outcomes == OutcomeWindow.Counts(all: all, failed: failed))
    }

    @Test func `a pause that the provider asks for keeps the next call away (R6)`() async throws {
        let ledger = MemoryLedger()
        let busy = CallRunTests.failure(.rateLimited, status: 429, retryAfter: .seconds(30))
        let first = ScriptedProvider(.runware, answers: [busy], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        #expect(await bench.remix().reply?.provider == "ideogram")
        #expect(await bench.remix().reply?.provider == "ideogram")
        #expect(first.tasks.count == 1)
        #expect(bench.health.account("runware")?.report(at: .now).state == .coolingDown)
    }

    // MARK: Offers

    @Test func `an offer tells the wait, the standing and whether there is room`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(maxInFlight: 2, ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        func offer() throws -> ProviderOffer {
            try #require(
                bench.service.planner.desk.offers(
                    for: SampleTrade.request(),
                    team: 1,
                    prices: PriceBook([]),
                    at: SampleTrade.moment
                ).first
            )
        }
        #expect(try offer().expectedWait == .zero)
        #expect(try offer().fastestFinish == nil)
        let gate = try #require(bench.tools.gates["runware"])
        for _ in 0..<2 { #expect(await gate.enter(team: 1, timeout: .seconds(1))) }
        #expect(try offer().expectedWait == nil, "nobody knows how long an attempt takes")
        let kind = ProviderHealth.Kind(provider: "runware", model: .ideogram4, speed: .default)
        bench.health.prime(kind, Array(repeating: .seconds(4), count: 8))
        let waiting = (0..<3).map { _ in Task { await gate.enter(team: 1, timeout: .seconds(60)) } }
        #expect(await eventually { gate.waiting == 3 })
        #expect(try offer().expectedWait == .seconds(6))
        #expect(try offer().fastestFinish == .seconds(10))
        #expect(try !offer().queueFull)
        for _ in 0..<5 { gate.leave() }
        for task in waiting { #expect(await task.value) }
        bench.health.halfOpen("runware")
        #expect(try offer().isProbe)
        #expect(try offer().unavailable == nil)
    }
}
