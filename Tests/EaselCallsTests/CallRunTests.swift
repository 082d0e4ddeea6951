import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// One call from admission to settlement: who is asked after what (R2, R3, R4), and what is on record when.
struct CallRunTests {
    static func failure(
        _ kind: ProviderFailure.Kind,
        status: Int? = nil,
        retryAfter: Duration? = nil
    ) -> ScriptedProvider.Answer {
        .failure(
            ProviderFailure(
                kind,
                code: kind.rawValue,
                message: "It failed.",
                httpStatus: status,
                retryAfter: retryAfter
            )
        )
    }

    @Test func `a call that goes well`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(answers: [.images(cost: sixCents)], ledger: ledger)
        let reply = try await Bench(ledger, [provider]).remix().get()
        #expect(reply.status == .succeeded)
        #expect(reply.cost == sixCents)
        #expect(reply.costBasis == .provider)
        #expect(reply.images.count == 1)
        #expect(ledger.events == ["admit", "send", "settle"], "two round trips (M5)")
        #expect(ledger.violations.isEmpty)
    }

    @Test func `the reservation is that of the dearest candidate times the count (M3)`() async throws {
        let ledger = MemoryLedger()
        let bench = try await Bench(ledger, [ScriptedProvider(ledger: ledger)])
        _ = await bench.remix(count: 3)
        #expect(ledger.admissions.map(\.bound) == [sixCents * 3])
        #expect(ledger.admissions.first?.gatewayID == bench.gatewayID)
    }

    @Test func `what was not sent costs nothing and the next one is asked at once (R3)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(.notSent)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix().get()
        #expect(reply.provider == "ideogram")
        #expect(reply.attempts.map(\.cost) == [.zero, sixCents])
        #expect(ledger.events == ["admit", "send", "start", "send", "settle"])
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.failover)
        #expect(settlement.attempts.map(\.sent) == [false, true])
        #expect(first.recovered.isEmpty, "there is nothing to ask for")
        #expect(ledger.violations.isEmpty)
    }

    @Test(arguments: [
        ProviderFailure.Kind.unavailable, .rateLimited, .unauthorized, .creditExhausted, .modelUnavailable, .failed,
        .invalidRequest,
    ])
    func `after a failure the next one is asked`(_ kind: ProviderFailure.Kind) async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(kind, status: 500)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix().get()
        #expect(reply.provider == "ideogram")
        #expect(first.tasks.count == 1)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a refusal ends the call with one request (R2)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(.refused, status: 422)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let failure = try await Bench(ledger, [first, second]).remix().failure
        #expect(failure?.code == .refused)
        #expect(failure?.attempts.count == 1)
        #expect(first.tasks.count == 1)
        #expect(second.tasks.isEmpty)
        #expect(ledger.settlements.map(\.status) == [.refused])
        #expect(ledger.settlements.map(\.cost) == [.zero])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a policy may take a refusal to the next one`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(.refused, status: 422)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await Bench(ledger, [first, second]) { $0.onRefusal = .next }
        #expect(await bench.remix().reply?.provider == "ideogram")
    }

    @Test func `withheld images are an answer and never asked for again (R2)`() async throws {
        let ledger = MemoryLedger()
        var result = ScriptedProvider.delivered(0)
        result.images = [ProviderImage(content: .withheld, nsfw: true)]
        let first = ScriptedProvider(.runware, answers: [.result(result)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix().get()
        #expect(reply.status == .refused)
        #expect(reply.images.map(\.withheld) == [true])
        #expect(reply.images.map(\.nsfw) == [true])
        #expect(second.tasks.isEmpty)
        #expect(ledger.violations.isEmpty)
    }

    @Test(arguments: [ProviderFailure.Kind.timeout, .connectionLost, .garbled, .conflict, .empty])
    func `a missing answer is recovered before anybody is paid twice (R4)`(_ kind: ProviderFailure.Kind) async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(
            .runware,
            answers: [Self.failure(kind)],
            recoveries: [.ended(ScriptedProvider.delivered(1, cost: sixCents))],
            ledger: ledger
        )
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix().get()
        #expect(reply.provider == "runware")
        #expect(reply.cost == sixCents)
        #expect(second.tasks.isEmpty)
        #expect(first.recovered.count == 1)
        #expect(ledger.settlements.first?.attempts.map(\.outcome) == [.succeeded])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `when nothing can be told, the second payment is on record as a risk (R4)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(.timeout)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let reply = try await Bench(ledger, [first, second]).remix().get()
        #expect(reply.provider == "ideogram")
        #expect(reply.attempts.map(\.outcome) == [.unknown, .succeeded])
        #expect(reply.attempts.map(\.start.duplicateRisk) == [false, true])
        #expect(reply.attempts[0].cost == nil, "not known is not nothing")
        #expect(reply.costBasis == .unknown)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a policy may end the call instead (R4)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(.timeout)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let failure = try await Bench(ledger, [first, second]) { $0.onUnknown = .recover }.remix().failure
        #expect(failure?.code == .providersFailed)
        #expect(second.tasks.isEmpty)
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.cost == nil)
        #expect(settlement.attempts.map(\.outcome) == [.unknown])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `without a price the cost is not known, never zero (M1)`() async throws {
        let ledger = MemoryLedger(prices: [])
        let reply = try await Bench(ledger, [ScriptedProvider(ledger: ledger)]).remix().get()
        #expect(reply.cost == nil)
        #expect(reply.costBasis == .unknown)
        #expect(ledger.admissions.map(\.bound) == [nil])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a ledger that is away lets nothing be sent (L2)`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        ledger.fail("admit")
        let failure = await bench.remix().failure
        #expect(failure?.code == .unavailable)
        #expect(failure?.retryAfter != nil)
        #expect(provider.tasks.isEmpty)
        #expect(bench.registry.running == 0)
        ledger.fail("admit", with: nil)
        #expect(await bench.remix().reply?.status == .succeeded)
    }

    @Test func `a ledger that goes away in between stops further spending (L2)`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [Self.failure(.unavailable, status: 503)], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        ledger.fail("startAttempts")
        let failure = try await Bench(ledger, [first, second]).remix().failure
        #expect(failure?.code == .unavailable)
        #expect(second.tasks.isEmpty)
        #expect(ledger.settlements.map(\.errorCode) == ["unavailable"])
        #expect(ledger.violations.isEmpty)
    }
}
