import EaselBase
import EaselCore
import Foundation
import Testing
import TestKit
import TestTools

@testable import EaselLedger

/// The log's side of a comparison, read from and kept in PostgreSQL.
@Suite struct ReconciliationLedgerTests {
    private let day = CivilDay(number: 20_500)
    private var span: ReconciliationSpan { ReconciliationSpan(provider: "runware", first: day, last: day.next) }

    /// A settled call with one attempt.
    @discardableResult
    private func settle(
        _ ledgers: [any Ledger],
        _ moment: Timestamp,
        cost: Int64? = 60_000_000,
        basis: CostBasis = .provider,
        outcome: AttemptOutcome = .succeeded,
        sent: Bool = true,
        lasting: Duration = .seconds(2),
        provider: String = "runware"
    ) async throws -> AttemptStart {
        let admission = Sample.admission(at: Sample.milliseconds(moment), provider: provider)
        let start = admission.attempts[0]
        let end = AttemptEnd(
            start: start,
            outcome: outcome,
            reason: "test",
            errorCode: nil,
            httpStatus: nil,
            sent: sent,
            charge: Cost(cost.map { Money(nanodollars: $0) }, cost == nil ? .unknown : basis),
            timings: PhaseTimings(),
            endedAt: start.startedAt + lasting,
            imagesReturned: outcome == .succeeded ? 1 : 0,
            providerTaskID: nil,
            providerRequestID: nil,
            extra: [:]
        )
        for ledger in ledgers {
            try await ledger.take(admission)
            try await ledger.settle(
                Sample.settlement(
                    admission,
                    attempts: [end],
                    images: [],
                    status: outcome == .succeeded ? .succeeded : .failed,
                    settledAfter: lasting + .seconds(1)
                )
            )
        }
        return start
    }

    private func reconciliation(
        _ rows: [ReconciliationRow],
        at moment: Timestamp = Sample.now,
        provider: String = "runware"
    ) -> Reconciliation {
        Reconciliation(
            id: UUIDv7.mint(at: moment),
            provider: provider,
            from: span.first,
            to: span.last,
            source: "test",
            createdAt: Sample.milliseconds(moment),
            rows: rows,
            foreign: [ForeignUsage(name: "bfl:2@1", requests: 2, cost: nil)],
            remarks: ["A remark."]
        )
    }

    private func row(
        _ sum: ReconciliationSum,
        _ status: ReconciliationRow.Status,
        log: Money? = nil
    ) -> ReconciliationRow {
        ReconciliationRow(
            day: sum.day,
            model: sum.model,
            logModels: [sum.model],
            log: log ?? sum.known,
            estimated: sum.estimated,
            provider: status == .equal ? sum.known : nil,
            logRequests: sum.requests,
            logImages: sum.images,
            providerRequests: nil,
            providerImages: 3,
            status: status,
            unexplained: nil,
            explanations: [.init(kind: .unknown, count: 1, lowest: .zero, highest: nil, attempts: [])]
        )
    }

    @Test func `sums and attempts are those of the definition, in PostgreSQL and in memory`() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("reconciliation ledger: seed \(seed)")
        var random = SeededRandom(seed: seed)
        var plan: [(moment: Timestamp, cost: Int64?, basis: CostBasis, sent: Bool, lasting: Duration)] = []
        for _ in 0..<60 {
            let near = Bool.random(using: &random)
            let second =
                near
                ? [0, 200, 299, 300, 86_090, 86_099, 86_100, 86_399].randomElement(using: &random) ?? 0
                : Int64.random(in: 400..<80_000, using: &random)
            let offset = Int.random(in: -1...2, using: &random)
            plan.append(
                (
                    day.adding(offset).start + .seconds(second),
                    [nil, 0, 60_000_000, 30_000_000].randomElement(using: &random) ?? nil,
                    [.provider, .priceBook, .unknown].randomElement(using: &random) ?? .provider,
                    Int.random(in: 0..<8, using: &random) > 0,
                    .seconds([1, 400, 90_000].randomElement(using: &random) ?? 1)
                )
            )
        }
        try await withLedger { ledger, _ in
            let memory = MemoryLedger()
            for (moment, cost, basis, sent, lasting) in plan {
                try await settle(
                    [ledger, memory],
                    moment,
                    cost: sent ? cost : 0,
                    basis: basis,
                    outcome: cost == nil && sent ? .unknown : .succeeded,
                    sent: sent,
                    lasting: lasting
                )
            }
            // Another provider's, and one on its way.
            try await settle([ledger, memory], day.start + .seconds(7200), provider: "ideogram")
            let pending = Sample.admission(at: day.start + .seconds(7300))
            try await ledger.take(pending)
            try await memory.take(pending)
            let sums = try await ledger.reconciliationSums(span)
            #expect(sums == (try await memory.reconciliationSums(span)), "seed \(seed)")
            #expect(sums.first?.open.contains { $0.doubt == .unknown } == true, "one is on its way")
            let near = try await ledger.reconciliationAttempts(.nearMidnight(span), limit: 1000)
            let expected = try await memory.reconciliationAttempts(.nearMidnight(span), limit: 1000)
            #expect(near == expected, "seed \(seed)")
            #expect(near.allSatisfy { $0.neighbour != nil }, "seed \(seed)")
            for doubt in Doubt.allCases {
                let selection = ReconciliationSelection.open(
                    provider: "runware",
                    day: day,
                    models: ["ideogram:4@remix"],
                    doubt: doubt
                )
                let found = try await ledger.reconciliationAttempts(selection, limit: 5)
                #expect(found == (try await memory.reconciliationAttempts(selection, limit: 5)), "seed \(seed)")
                #expect(found.allSatisfy { $0.doubt == doubt && $0.day == day })
            }
        }
    }

    @Test func `a comparison is kept, listed and read back, and keeping it twice is once`() async throws {
        try await withLedger { ledger, database in
            try await settle([ledger], day.start + .seconds(3600))
            let sums = try await ledger.reconciliationSums(span)
            let first = reconciliation([row(sums[0], .equal)], at: Sample.now - .seconds(5))
            let second = reconciliation([row(sums[0], .explained)])
            let other = reconciliation([], at: Sample.now - .seconds(9), provider: "ideogram")
            for kept in [first, second, other, first] { try await ledger.keep(kept) }
            #expect(try await ledger.reconciliation(first.id) == first)
            #expect(try await ledger.reconciliation(UUID()) == nil)
            #expect(try await ledger.reconciliations(provider: "runware", limit: 9).map(\.id) == [second.id, first.id])
            let all = try await ledger.reconciliations(provider: nil, limit: 9)
            #expect(all.map(\.id) == [second.id, first.id, other.id] && all.first == ReconciliationHead(second))
            #expect(try await ledger.reconciliations(provider: nil, limit: 1).count == 1)
            #expect(try await Database.number(database, "SELECT count(*) FROM reconciliation_rows") == 2)
        }
    }

    @Test func `attempts of equal and explained rows carry the comparison, and reports show it`() async throws {
        try await withLedger { ledger, database in
            let memory = MemoryLedger()
            let both: [any Ledger] = [ledger, memory]
            let equal = try await settle(both, day.start + .seconds(3600))
            let unknown = try await settle(both, day.start + .seconds(3700), cost: nil, outcome: .unknown)
            let atBound = try await settle(both, day.start + .seconds(3800), basis: .unknown, outcome: .unknown)
            let estimated = try await settle(both, day.next.start + .seconds(3600), cost: 30_000_000, basis: .priceBook)
            let sums = try await ledger.reconciliationSums(span)
            #expect(sums.count == 2)
            func marks() async throws -> [UUID: UUID] {
                let rows = try await Database.query(
                    database,
                    "SELECT attempt_id, reconciliation_id FROM attempts WHERE reconciliation_id IS NOT NULL"
                )
                return Dictionary(
                    uniqueKeysWithValues: rows.compactMap { cells in
                        guard case .uuid(let attempt?) = cells[0], case .uuid(let id?) = cells[1] else { return nil }
                        return (attempt, id)
                    }
                )
            }
            func reconciled() async throws -> [Money] {
                let query = UsageQuery(
                    from: span.start,
                    to: span.end,
                    timezone: "UTC",
                    groupBy: [.day],
                    teamID: nil
                )
                let reports = [try await ledger.usage(query), try await memory.usage(query)]
                for report in reports {
                    for figures in report.rows.map(\.figures) + [report.totals] {
                        #expect(figures.cost == figures.provider + figures.estimated)
                        #expect(figures.reconciled <= figures.cost)
                    }
                }
                #expect(reports[0].totals.reconciled == reports[1].totals.reconciled)
                #expect(reports[0].rows.map(\.figures.reconciled) == reports[1].rows.map(\.figures.reconciled))
                return reports[0].rows.map(\.figures.reconciled)
            }
            #expect(try await reconciled() == [.zero, .zero])
            let first = reconciliation([row(sums[0], .explained), row(sums[1], .equal)])
            for ledger in both { try await ledger.keep(first) }
            #expect(try await marks() == [equal.attemptID: first.id, estimated.attemptID: first.id])
            #expect(memory.reconciliationID(of: unknown.attemptID) == nil, "its cost is not known")
            #expect(memory.reconciliationID(of: atBound.attemptID) == nil, "its bound explains the difference")
            #expect(try await reconciled().map(\.usd) == ["0.06", "0.03"])
            // A later comparison that disagrees takes it away; one of a log that has changed since leaves it alone.
            let second = reconciliation([row(sums[0], .unexplained), row(sums[1], .equal, log: .zero)])
            for ledger in both { try await ledger.keep(second) }
            #expect(try await marks() == [estimated.attemptID: first.id])
            #expect(try await reconciled().map(\.usd) == ["0", "0.03"])
        }
    }
}
