import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselCalls

/// A second provider beside a late one: who wins, what is reserved and posted, and when nobody else is asked.
struct HedgeTests {
    private typealias Answer = ScriptedProvider.Answer

    private func bench(
        _ ledger: MemoryLedger,
        _ providers: [ScriptedProvider],
        after: Duration = .milliseconds(30),
        _ change: (inout Policy) -> Void = { _ in }
    ) async throws -> Bench {
        try await Bench(ledger, providers) { policy in
            policy.hedge = Policy.Hedge(after: .duration(after), budget: .all)
            change(&policy)
        }
    }

    @Test func `the second answers first: the caller has its images, and what lost is posted when it has ended`()
        async throws
    {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(.runware, answers: [.held(latch, .images(cost: sixCents))], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents)], ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        let reply = try await bench.remix().get()
        #expect(reply.provider == "ideogram" && reply.status == .succeeded)
        #expect(reply.attempts.map(\.outcome) == [.unknown, .succeeded])
        let open = try #require(try await ledger.call(reply.id, teamID: nil))
        #expect(!open.failover && open.cost == sixCents && open.costBasis == .unknown)
        #expect(bench.registry.running == 1, "the attempt that lost runs on")
        latch.open()
        #expect(await eventually { bench.registry.running == 0 })
        let call = try #require(try await ledger.call(reply.id, teamID: nil))
        #expect(call.attempts.map(\.outcome) == [.succeeded, .succeeded])
        #expect(call.cost == Money(usd: "0.12"))
        #expect(call.imagesDelivered == 1 && call.images.count == 1)
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.attempts.map(\.start.race) == [.first, .second] && settlement.failoverCost == nil)
        #expect(settlement.attempts.allSatisfy { $0.extra.isEmpty }, "nothing of ours among the provider's members")
        #expect(ledger.resolutions.flatMap(\.ends).map(\.start.race) == [.first])
        #expect(ledger.violations.isEmpty)
    }

    @Test func `the first answers first after all: the second is posted as well, and its images are nobody's`()
        async throws
    {
        let ledger = MemoryLedger()
        let (one, two) = (Latch(), Latch())
        let first = ScriptedProvider(.runware, answers: [.held(one, .images(cost: sixCents))], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.held(two, .images(cost: sixCents))], ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        async let answer = bench.remix()
        #expect(await eventually { second.tasks.count == 1 })
        one.open()
        let reply = try await answer.get()
        #expect(reply.provider == "runware" && reply.attempts.map(\.outcome) == [.succeeded, .unknown])
        two.open()
        #expect(await eventually { bench.registry.running == 0 })
        let call = try #require(try await ledger.call(reply.id, teamID: nil))
        #expect(call.cost == Money(usd: "0.12") && call.images.count == 1)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `who answers in time is not hedged`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await bench(ledger, [first, second], after: .seconds(10))
        #expect(await bench.remix().reply?.provider == "runware")
        #expect(second.tasks.isEmpty && bench.registry.running == 0)
    }

    @Test func `one that fails before the other has answered leaves the call to it`() async throws {
        let ledger = MemoryLedger()
        let (latch, rest) = (Latch(), Latch())
        let failing = Answer.held(latch, CallRunTests.failure(.unavailable, status: 503))
        let first = ScriptedProvider(.runware, answers: [failing], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.held(rest, .images())], ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        async let answer = bench.remix()
        #expect(await eventually { second.tasks.count == 1 })
        latch.open()
        #expect(await eventually { (bench.health.account("runware")?.report(at: .now).outcomes.all ?? 0) > 0 })
        rest.open()
        let reply = try await answer.get()
        #expect(reply.provider == "ideogram" && reply.attempts.map(\.outcome) == [.failed, .succeeded])
        let call = try #require(try await ledger.call(reply.id, teamID: nil))
        #expect(call.failover && call.cost == sixCents)
        #expect(first.tasks.count == 1 && second.tasks.count == 1)
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a refusal that comes first ends the call, whatever the other would say (R2)`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(.runware, answers: [.held(latch, .images())], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [CallRunTests.failure(.refused, status: 422)], ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        let failure = await bench.remix().failure
        #expect(failure?.code == .refused)
        latch.open()
        #expect(await eventually { bench.registry.running == 0 })
        #expect(ledger.violations.isEmpty)
    }

    @Test func `a first that still waits for its place is not sent any more, and cost nothing`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, maxInFlight: 1, ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.images(cost: sixCents)], ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        let gate = try #require(bench.tools.gates["runware"])
        #expect(await gate.enter(team: 99, timeout: .seconds(1)))
        let reply = try await bench.remix().get()
        #expect(reply.provider == "ideogram")
        gate.leave()
        #expect(await eventually { bench.registry.running == 0 })
        let call = try #require(try await ledger.call(reply.id, teamID: nil))
        #expect(call.attempts.map(\.errorCode) == ["stopped_after_answer", nil])
        #expect(call.attempts[0].sent == false && call.cost == sixCents)
        #expect(first.tasks.isEmpty && ledger.violations.isEmpty)
    }

    @Test func `a second whose row cannot be written keeps its number`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let failing = Answer.held(latch, CallRunTests.failure(.unavailable, status: 503))
        let first = ScriptedProvider(.runware, answers: [failing], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        ledger.fail("startAttempts")
        async let answer = bench.remix()
        #expect(await eventually { first.tasks.count == 1 && ledger.failed.contains("startAttempts") })
        ledger.fail("startAttempts", with: nil)
        latch.open()
        #expect(await answer.reply?.provider == "ideogram")
        let settlement = try #require(ledger.settlements.first)
        #expect(settlement.attempts.map(\.start.ordinal).sorted() == [1, 2, 3])
        #expect(second.tasks.count == 1)
    }

    @Test func `without a place at the second, or beyond the budget, nobody else is asked`() async throws {
        let ledger = MemoryLedger()
        let latch = Latch()
        let first = ScriptedProvider(.runware, answers: [.after(.milliseconds(150), .images())], ledger: ledger)
        let second = ScriptedProvider(.ideogram, answers: [.held(latch, .images())], maxInFlight: 1, ledger: ledger)
        let bench = try await bench(ledger, [first, second])
        let gate = try #require(bench.tools.gates["ideogram"])
        #expect(await gate.enter(team: 99, timeout: .seconds(1)))
        #expect(await bench.remix().reply?.provider == "runware")
        gate.leave()
        #expect(second.tasks.isEmpty)
        let small = try await self.bench(ledger, [first, second]) { $0.hedge?.budget = Share("10%")! }
        for _ in 0..<9 { #expect(await small.remix().reply?.provider == "runware") }
        #expect(second.tasks.isEmpty, "the first of ten calls is the tenth")
        latch.open()
        #expect(await small.remix().reply?.provider == "ideogram")
        #expect(await eventually { small.registry.running == 0 })
        #expect(second.tasks.count == 1)
    }

    @Test func `a call's own ceiling keeps the second away`() async throws {
        let ledger = MemoryLedger()
        let first = ScriptedProvider(.runware, answers: [.after(.milliseconds(150), .images())], ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        let bench = try await bench(ledger, [first, second]) { $0.maxCost = Money(usd: "0.11") }
        #expect(await bench.remix().reply?.provider == "runware")
        #expect(second.tasks.isEmpty)
    }

    @Test func `a budget that does not take both keeps the second away, and one that does holds both (M3)`()
        async throws
    {
        for (limit, asked) in [("0.11", 0), ("0.12", 1)] {
            let ledger = MemoryLedger()
            let latch = Latch()
            let first = ScriptedProvider(.runware, answers: [.held(latch, .images(cost: sixCents))], ledger: ledger)
            let second = ScriptedProvider(.ideogram, answers: [.held(latch, .images(cost: sixCents))], ledger: ledger)
            let wish = BudgetWish(
                scope: .team("design"),
                period: .total,
                limit: .money(try #require(Money(usd: limit)))
            )
            _ = try await ledger.setBudget(wish, by: "test", at: SampleTrade.moment)
            let bench = try await bench(ledger, [first, second])
            async let answer = bench.remix()
            if asked == 1 {
                #expect(await eventually { second.tasks.count == 1 })
                let standing = try await ledger.budgets(teamID: nil, at: SampleTrade.moment)
                #expect(standing.first?.reserved == Money(usd: "0.12"))
            } else {
                try await Task.sleep(for: .milliseconds(200))
            }
            latch.open()
            #expect(await answer.reply != nil)
            #expect(await eventually { bench.registry.running == 0 })
            #expect(second.tasks.count == asked)
            let standing = try await ledger.budgets(teamID: nil, at: SampleTrade.moment)
            #expect(standing.first?.reserved == .zero)
        }
    }
}
