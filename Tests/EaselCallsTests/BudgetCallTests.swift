import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// Calls under budgets: what is refused before it is sent, and what a second attempt has to hold back.
@Suite struct BudgetCallTests {
    private func budget(_ ledger: MemoryLedger, _ usd: String, at moment: Timestamp) async throws {
        _ = try await ledger.setBudget(
            BudgetWish(scope: .team("design"), period: .total, limit: .money(try #require(Money(usd: usd)))),
            by: "test",
            at: moment
        )
    }

    @Test func `a call that does not fit is refused, and nothing is sent`() async throws {
        let ledger = MemoryLedger()
        let provider = ScriptedProvider(ledger: ledger)
        let bench = try await Bench(ledger, [provider])
        // Set after the gateway read its terms: the first admission is stale, the second one knows.
        try await budget(ledger, "0.10", at: SampleTrade.moment)
        #expect(await bench.remix().reply != nil)
        let failure = try #require(await bench.remix().failure)
        let budget = try #require(failure.budget)
        #expect(failure.code == .budgetExceeded && budget.standing.remaining(at: budget.moment).text == "$0.04")
        #expect(failure.sentence.contains("has $0.04 of $0.10 left, and this needs up to $0.06"))
        #expect(provider.tasks.count == 1)
        #expect(bench.registry.running == 0)
        #expect(ledger.violations == [])
    }

    @Test func `beside an unknown attempt another one must fit too`() async throws {
        for (limit, isServed) in [("0.12", true), ("0.11", false)] {
            let ledger = MemoryLedger()
            let first = ScriptedProvider(
                .runware,
                answers: [.failure(ProviderFailure(.timeout, code: "timeout", message: "late"))],
                ledger: ledger
            )
            let second = ScriptedProvider(.ideogram, ledger: ledger)
            try await budget(ledger, limit, at: SampleTrade.moment)
            let bench = try await Bench(ledger, [first, second])
            let result = await bench.remix()
            #expect((result.reply != nil) == isServed, "\(limit)")
            #expect(second.tasks.count == (isServed ? 1 : 0))
            if !isServed {
                let failure = try #require(result.failure)
                #expect(failure.code == .budgetExceeded && failure.attempts.map(\.outcome) == [.unknown])
                #expect(failure.callID != nil)
            }
            let settlement = try #require(ledger.settlements.first)
            #expect(settlement.errorCode == (isServed ? nil : "budget_exceeded"))
            let standing = try #require(try await ledger.budgets(teamID: nil, at: SampleTrade.moment).first)
            #expect(standing.reserved == sixCents, "the unknown one stays held (M7)")
            #expect(ledger.violations == [], "\(limit)")
        }
    }

    @Test func `where a hard budget applies nobody without a price is asked`() async throws {
        let prices = SampleTrade.prices().filter { $0.provider == "ideogram" }
        let ledger = MemoryLedger(prices: prices)
        let first = ScriptedProvider(.runware, ledger: ledger)
        let second = ScriptedProvider(.ideogram, ledger: ledger)
        try await budget(ledger, "1", at: SampleTrade.moment)
        let bench = try await Bench(ledger, [first, second])
        #expect(await bench.remix().reply?.provider == "ideogram")
        #expect(first.tasks.isEmpty)
        _ = try await ledger.setTeam("design", allowsUnpriced: true)
        #expect(await bench.remix().reply?.provider == "runware", "the team may now")
    }
}
