import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// One budget of attempts, one deadline, partial deliveries and counts that are split (R5, R6, R7).
struct CallRunLimitTests {
    private typealias Answer = ScriptedProvider.Answer

    // MARK: R6

    @Test(arguments: 1...4)
    func `attempts are counted over all providers (R6)`(_ attempts: Int) async throws {
        let ledger = MemoryLedger()
        let providers = ["a", "b", "c"].map { name in
            ScriptedProvider(
                .runware,
                name: name,
                answers: [CallRunTests.failure(.unavailable, status: 503)],
                ledger: ledger
            )
        }
        let failure = try await Bench(ledger, providers) { $0.attempts = attempts }.remix().failure
        #expect(failure?.code == .providersFailed)
        #expect(failure?.attempts.count == attempts)
        #expect(providers.reduce(0) { $0 + $1.tasks.count } == attempts)
        #expect(ledger.settlements.map(\.cost) == [.zero])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `Retry-After is waited for (R6)`() async throws {
        let ledger = MemoryLedger()
        let busy = CallRunTests.failure(.rateLimited, status: 429, retryAfter: .milliseconds(600))
        let provider = ScriptedProvider(answers: [busy, .images()], ledger: ledger)
        let began = SteadyInstant.now
        let reply = try await Bench(ledger, [provider]).remix().get()
        #expect(SteadyInstant.now.since(began) >= .milliseconds(600))
        #expect(reply.attempts.map(\.outcome) == [.failed, .succeeded])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a pause longer than the deadline is passed on to the caller`() async throws {
        let ledger = MemoryLedger()
        let busy = CallRunTests.failure(.rateLimited, status: 429, retryAfter: .seconds(3600))
        let provider = ScriptedProvider(answers: [busy], ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        let failure = await bench.remix().failure
        #expect(failure?.code == .providersFailed)
        #expect(failure?.retryAfter == .seconds(3600))
        // Until then nobody is asked at all, and nothing is written.
        let next = await bench.remix().failure
        #expect(next?.code == .unavailable)
        #expect((next?.retryAfter ?? .zero) > .seconds(3500))
        #expect(provider.tasks.count == 1)
        #expect(ledger.admissions.count == 1)
    }

    @Test func `the deadline ends the call`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [.hang], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        var request = SampleTrade.request()
        request.deadline = .milliseconds(400)
        let failure = try await Bench(ledger, [first, second]).remix(request).failure
        #expect(failure?.code == .deadlineExceeded)
        #expect(second.tasks.isEmpty)
        #expect(ledger.settlements.map(\.errorCode) == ["deadline_exceeded"])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a provider's own time leaves time for the next one`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [.hang], timeout: .milliseconds(200), ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix().get()
        #expect(reply.attempts.map(\.outcome) == [.unknown, .succeeded])
    }

    @Test func `a client that leaves is not spent on any more`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let slow = Answer.held(latch, CallRunTests.failure(.unavailable, status: 503))
        let first = ScriptedProvider(.runware, answers: [slow], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second])
        let call = Task { await bench.remix() }
        #expect(await eventually { first.tasks.count == 1 })
        call.cancel()
        latch.open()
        _ = await call.value
        #expect(await eventually { ledger.settlements.count == 1 })
        #expect(second.tasks.isEmpty)
        #expect(ledger.settlements.map(\.clientGone) == [true])
        #expect(bench.registry.running == 0)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `what was paid for is settled though the client has left`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let slow = Answer.held(latch, .images(cost: sixCents))
        let provider = ScriptedProvider(answers: [slow], ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        let call = Task { await bench.remix() }
        #expect(await eventually { provider.tasks.count == 1 })
        call.cancel()
        latch.open()
        _ = await call.value
        #expect(ledger.settlements.map(\.cost) == [sixCents])
        #expect(ledger.settlements.map(\.status) == [.succeeded])
    }

    // MARK: R7

    @Test func `only what is missing is asked for again (R7)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [.images(3)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix(count: 5).get()
        #expect(reply.status == .succeeded)
        #expect(reply.images.count == 5)
        #expect(second.tasks.map(\.count) == [2])
        #expect(reply.attempts.map(\.outcome) == [.partial, .succeeded])
        #expect(reply.cost == sixCents * 5)
        #expect(ledger.settlements.first?.images.map(\.ordinal) == [1, 2, 3, 4, 5])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `what came is returned though the rest failed (R7)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [.images(2)], ledger: ledger)
        let second = ScriptedProvider(
            .ideogram,
            answers: [CallRunTests.failure(.unauthorized, status: 401)],
            ledger: ledger
        )
        let reply = try await Bench(ledger, [first, second]) { $0.attempts = 2 }.remix(count: 4).get()
        #expect(reply.status == .partial)
        #expect(reply.images.count == 2)
        #expect(reply.provider == "runware")
        #expect(reply.cost == sixCents * 2)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `more images than asked are not made into more`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(answers: [.images(5, cost: sixCents)], ledger: ledger)
        let reply = try await Bench(ledger, [provider]).remix(count: 2).get()
        #expect(reply.images.count == 2)
        #expect(ledger.violations.isEmpty)
    }

    // MARK: Counts

    @Test(arguments: [(4, 1, [1, 1, 1, 1]), (20, 8, [8, 8, 4]), (8, 8, [8]), (9, 4, [4, 4, 1])])
    func `a count is split into requests, each with a row`(_ count: Int, _ most: Int, _ parts: [Int]) async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(imagesPerRequest: most, maxInFlight: 2, ledger: ledger)
        let reply = try await Bench(ledger, [provider]).remix(count: count).get()
        #expect(provider.tasks.map(\.count).sorted(by: >) == parts)
        #expect(provider.mostRunning <= 2)
        #expect(reply.images.count == count)
        #expect(ledger.admissions.first?.attempts.map(\.imagesAsked) == parts)
        #expect(Set(provider.tasks.map(\.taskID)).count == parts.count)
        #expect(ledger.events.first == "admit")
        #expect(ledger.violations.isEmpty)
    }

    @Test func `of a split count only the failed part is asked for again`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(
            .runware,
            answers: [.images(), CallRunTests.failure(.unavailable, status: 503), .images()],
            imagesPerRequest: 1,
            ledger: ledger
        )
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix(count: 3).get()
        #expect(reply.status == .succeeded)
        #expect(second.tasks.map(\.count) == [1])
        #expect(reply.attempts.map(\.outcome).count { $0 == .failed } == 1)
        #expect(reply.cost == sixCents * 3)
        #expect(ledger.violations.isEmpty)
    }

    // MARK: R5

    @Test func `who would drop a parameter comes later, or not at all when strict (R5)`() async throws {
        let ledger = MemoryLedger()
        let lossy = ScriptedProvider(.runware, entries: [TranslationEntry(.seed, nil, .dropped)], ledger: ledger)
        let whole = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [lossy, whole])
        #expect(await bench.remix().reply?.provider == "ideogram")
        #expect(lossy.tasks.isEmpty)

        let alone = try await Bench(ledger, [lossy])
        #expect(await alone.remix().reply?.translation.map(\.action) == [.dropped])
        var strict = SampleTrade.request()
        strict.strict = true
        let failure = await alone.remix(strict).failure
        #expect(failure?.code == .invalidRequest)
        #expect(lossy.tasks.count == 1)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a ceiling below the price asks nobody`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        var request = SampleTrade.request(count: 2)
        request.maxCost = sixCents
        #expect(await bench.remix(request).failure?.code == .budgetExceeded)
        #expect(ledger.admissions.isEmpty)
        request.maxCost = sixCents * 2
        #expect(await bench.remix(request).reply?.status == .succeeded)
    }
}
