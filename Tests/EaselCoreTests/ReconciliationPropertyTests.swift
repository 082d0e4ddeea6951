import EaselBase
import EaselCore
import Foundation
import Testing
import TestTools

/// Whatever a provider may rightly charge is equal or explained; what it may not is found.
struct ReconciliationPropertyTests {
    private static let prices: [Int64] = [20_000_000, 30_000_000, 60_000_000, 100_000_000]

    /// An attempt, and what the provider has in its books for it.
    private struct Truth {
        let attempt: LoggedAttempt
        let day: CivilDay
        let cost: Int64
    }

    private func truth(_ day: CivilDay, _ model: String, nearMidnight: Bool, _ random: inout SeededRandom) -> Truth {
        let second: Int64 =
            if nearMidnight {
                Bool.random(using: &random) ? Int64.random(in: 0..<290, using: &random) : 86_399
            } else {
                Int64.random(in: 7200..<79_000, using: &random)
            }
        let start = day.start + .seconds(second)
        let price = Self.prices.randomElement(using: &random) ?? 60_000_000
        let basis = [CostBasis.provider, .provider, .priceBook, .unknown].randomElement(using: &random) ?? .provider
        var cost: Int64? = price
        if basis == .unknown, Bool.random(using: &random) { cost = nil }
        if basis == .priceBook, Bool.random(using: &random) { cost = 0 }
        let attempt = LoggedAttempt(
            attemptID: UUIDv7.mint(at: start, using: &random),
            callID: UUIDv7.mint(at: start, using: &random),
            model: model,
            startedAt: start,
            endedAt: start + .seconds(Int64.random(in: 1...20, using: &random)),
            images: 1,
            charge: Cost.Recorded(cost.map { Money(nanodollars: $0) }, basis),
            bound: Money(nanodollars: price)
        )
        let charged: Int64 =
            switch attempt.doubt {
            case nil: price
            case .some: Int64.random(in: 0...price, using: &random)
            }
        let moves = Bool.random(using: &random)
        return Truth(attempt: attempt, day: moves ? attempt.neighbour ?? day : day, cost: charged)
    }

    @Test func `rightful charges are explained, and an overcharge is not`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("reconciliation property: seed \(seed)")
        var random = SeededRandom(seed: seed)
        for round in 0..<300 {
            let first = CivilDay(number: 20_000)
            let span = ReconciliationSpan(
                provider: "p",
                first: first,
                last: first.adding(Int.random(in: 0...4, using: &random))
            )
            let models = ["a", "b"]
            var truths: [Truth] = []
            for offset in -1...span.days {
                for model in models {
                    for _ in 0..<Int.random(in: 0...3, using: &random) {
                        truths.append(truth(first.adding(offset), model, nearMidnight: false, &random))
                    }
                    if Bool.random(using: &random) {
                        truths.append(truth(first.adding(offset), model, nearMidnight: true, &random))
                    }
                }
            }
            let attempts = truths.map(\.attempt)
            let comparison = ReconciliationComparison(
                span: span,
                names: BillingNames(billed: models),
                sums: ReconciliationSum.sums(of: attempts),
                nearMidnight: attempts.filter { $0.neighbour != nil }
            )
            var usage = ProviderUsageTable(
                rows: truths.filter { span.contains($0.day) }.map {
                    .init(day: $0.day, model: $0.attempt.model, cost: Money(nanodollars: $0.cost))
                }
            )
            let rightful = comparison.compare(usage)
            for row in rightful.rows {
                #expect(row.status != .unexplained, "seed \(seed) round \(round): \(row)")
                check(row, "seed \(seed) round \(round)")
            }
            // More than all that is open together.
            let much = Money(nanodollars: 1_000_000_000)
            let day = first.adding(Int.random(in: 0..<span.days, using: &random))
            usage.rows.append(.init(day: day, model: "a", cost: much))
            let row = try #require(comparison.compare(usage).rows.first { $0.day == day && $0.model == "a" })
            #expect(row.status == .unexplained, "seed \(seed) round \(round)")
            #expect(row.unexplained.map { $0 > .zero && $0 <= much + much } == true, "seed \(seed) round \(round)")
        }
    }

    /// The listed reasons can make up the difference.
    private func check(_ row: ReconciliationRow, _ hint: String) {
        guard row.status == .explained, let difference = row.difference else { return }
        let room = row.explanations.reduce(CostRoom.none) {
            $0 + CostRoom(lowest: $1.lowest, highest: $1.highest)
        }
        #expect(!row.explanations.isEmpty, "\(hint)")
        #expect(difference >= room.lowest && room.highest.map { difference <= $0 } != false, "\(hint): \(row)")
    }

    @Test func `sums are those of the attempts, whatever their order`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("reconciliation sums: seed \(seed)")
        var random = SeededRandom(seed: seed)
        let day = CivilDay(number: 20_000)
        var attempts = (0..<200).map { _ in truth(day, "a", nearMidnight: false, &random).attempt }
        let sums = ReconciliationSum.sums(of: attempts)
        attempts.shuffle(using: &random)
        #expect(ReconciliationSum.sums(of: attempts) == sums && sums.count == 1, "seed \(seed)")
        #expect(sums.first?.requests == 200)
        let open = attempts.filter { $0.doubt != nil }.count
        #expect(sums.first?.open.reduce(0) { $0 + $1.attempts } == open, "seed \(seed)")
    }
}
