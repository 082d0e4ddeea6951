import EaselBase
import EaselCore
import Foundation
import TestKit
import Testing

@testable import EaselLedger

/// What a simulation reads, from PostgreSQL and from the ledger in memory alike.
@Suite struct SimulationLedgerTests {
    private let base = Timestamp(microseconds: 1_795_253_400_000_000)
    private let outcomes: [AttemptOutcome] = [.succeeded, .refused, .failed, .unknown, .partial, .succeeded]

    private func inputs(_ index: Int) -> PlanInputs {
        PlanInputs(
            request: PlanInputs.Request(count: 2),
            policy: Policy(name: "failover", ordering: .order(["runware", "ideogram"])),
            path: ["failover"],
            offers: ["runware", "ideogram"].map { name in
                ProviderOffer(
                    provider: name,
                    kind: .runware,
                    translation: ProviderTranslation(
                        providerModel: "model",
                        entries: [TranslationEntry(.seed, nil, .dropped)],
                        imagesPerRequest: 4
                    ),
                    pricePerImage: Money(nanodollars: 60_000_000)
                )
            },
            draw: UInt64(index)
        )
    }

    /// Settled calls, one a minute, and one that is in progress, in both ledgers.
    private func fill(_ ledgers: [any Ledger], count: Int, teamID: Int64) async throws {
        for index in 0..<count + 1 {
            let inputs = inputs(index)
            let admission = Sample.admission(
                teamID: teamID,
                at: base + .seconds(Int64(index) * 60),
                images: 2,
                plan: JSONDocument(PlanRecord(inputs: inputs, plan: Planner.plan(inputs))),
                parameters: index % 2 == 0 ? ["rendering_speed": "turbo"] : ["seed": 1]
            )
            for ledger in ledgers { try await ledger.take(admission) }
            guard index < count else { break }
            let outcome = outcomes[index % outcomes.count]
            let start = admission.attempts[0]
            let end = AttemptEnd(
                start: start,
                outcome: outcome,
                reason: "test",
                errorCode: nil,
                httpStatus: nil,
                sent: true,
                charge: Cost(
                    outcome == .unknown ? nil : Money(nanodollars: Int64(index) * 1000),
                    outcome == .unknown ? .unknown : .provider
                ),
                // Some only know when they ended.
                timings: PhaseTimings(total: index % 3 == 0 ? nil : .milliseconds(Int64(index) * 100)),
                endedAt: start.startedAt + .milliseconds(Int64(index) * 100),
                imagesReturned: outcome == .succeeded ? 1 : 0,
                providerTaskID: nil,
                providerRequestID: nil,
                extra: [:]
            )
            let settlement = Sample.settlement(
                admission,
                attempts: [end],
                images: [],
                status: outcome == .succeeded ? .succeeded : .failed,
                translation: [
                    TranslationEntry(.strength, "strength", .mapped), TranslationEntry(.seed, nil, .dropped),
                    TranslationEntry(.output, nil, .approximated),
                ],
                settledAfter: .seconds(30)
            )
            for ledger in ledgers { try await ledger.settle(settlement) }
        }
    }

    private func ends(_ record: ProviderRecord) -> [Int] {
        [record.succeeded, record.refused, record.failed, record.unknown]
    }

    private func query(_ limit: Int = 1000, teamID: Int64? = nil) -> SimulationQuery {
        SimulationQuery(teamID: teamID, since: base, until: base + .seconds(86_400), limit: limit)
    }

    private func pages(_ ledger: any Ledger, _ sample: SimulationSample, of size: Int) async throws -> [LoggedCall] {
        var calls: [LoggedCall] = []
        while true {
            let cursor = calls.last.map { SimulationSample.Cursor($0) }
            let page = try await ledger.simulationCalls(sample, after: cursor, limit: size)
            #expect(page.count <= size)
            if page.isEmpty { return calls }
            calls += page
        }
    }

    @Test func `calls come in pages with what their plans were computed from`() async throws {
        try await withLedger { ledger, _ in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let memory = MemoryLedger()
            try #require(team.id == 1, "the same team in both")
            try await fill([ledger, memory], count: 25, teamID: team.id)
            let sample = try await ledger.simulationSample(query())
            #expect(sample.total == 25 && sample.threshold == nil, "what is in progress is none")
            let calls = try await pages(ledger, sample, of: 7)
            #expect(calls.count == 25)
            #expect(calls == calls.sorted { $0.receivedAt < $1.receivedAt })
            #expect(calls.map(\.inputs) == (0..<25).map { inputs($0) })
            #expect(calls.allSatisfy { $0.candidates == ["runware", "ideogram"] && $0.team == "design" })
            #expect(calls.allSatisfy { $0.outcome.losses == ["seed", "output"] })
            #expect(calls[2].parameters == ["rendering_speed": "turbo"])
            #expect(calls[7].outcome.cost == Money(nanodollars: 7000) && calls[3].outcome.cost == nil)
            let known = try await memory.simulationSample(query())
            #expect(try await pages(memory, known, of: 7) == calls, "as the ledger in memory")
        }
    }

    @Test func `records tell how attempts went`() async throws {
        try await withLedger { ledger, _ in
            let team = try await ledger.createTeam(name: "design", at: Sample.now)
            let memory = MemoryLedger()
            try await fill([ledger, memory], count: 24, teamID: team.id)
            let records = try await ledger.providerRecords(try await ledger.simulationSample(query()))
            #expect(records.map(\.renderingSpeed) == [nil, .turbo])
            #expect(records.allSatisfy { $0.provider == "runware" && $0.model == .ideogram4 })
            // Of odd calls: 1 refused, 3 unknown, 5 succeeded of each six; of even ones 0 succeeded, 2 failed, 4 partial.
            let odd = try #require(records.first)
            #expect(ends(odd) == [4, 4, 0, 4])
            #expect(odd.imagesAsked == 4 && odd.imagesReturned == 4)
            // Calls 5, 11, 17 and 23.
            #expect(odd.billed == Money(nanodollars: 56_000) && odd.billedPerImage == Money(nanodollars: 14_000))
            #expect(odd.deliveredMs == ProviderRecord.Latency(mean: 1400, p50: 1400, p95: 2210))
            let even = try #require(records.last)
            #expect(ends(even) == [8, 0, 4, 0])
            let known = try await memory.providerRecords(try await memory.simulationSample(query()))
            #expect(known == records, "as the ledger in memory")
        }
    }

    @Test func `a window that holds too much is sampled`() async throws {
        try await withLedger { ledger, _ in
            let one = try await ledger.createTeam(name: "one", at: Sample.now)
            let two = try await ledger.createTeam(name: "two", at: Sample.now)
            try await fill([ledger], count: 40, teamID: one.id)
            try await fill([ledger], count: 5, teamID: two.id)
            let sample = try await ledger.simulationSample(query(12))
            #expect(sample.total == 45 && sample.threshold != nil)
            let calls = try await pages(ledger, sample, of: 5)
            #expect(calls.count == 12)
            #expect(calls.map(\.callID) == (try await pages(ledger, sample, of: 12)).map(\.callID))
            let wider = try await pages(ledger, try await ledger.simulationSample(query(30)), of: 30)
            #expect(Set(calls.map(\.callID)).isSubset(of: wider.map(\.callID)) && wider.count == 30)
            let attempts = try await ledger.providerRecords(sample).reduce(0) { $0 + $1.attempts }
            #expect(attempts == 12, "records are of the same calls")
            let own = try await ledger.simulationSample(query(12, teamID: two.id))
            #expect(own.total == 5 && own.threshold == nil)
            #expect(try await pages(ledger, own, of: 100).allSatisfy { $0.team == "two" })
            let later = SimulationQuery(teamID: nil, since: base + .seconds(120), until: base + .seconds(240))
            let window = try await ledger.simulationSample(later)
            #expect(window.total == 4)
            #expect(try await ledger.simulationCalls(window, after: nil, limit: 0).count == 1, "one at least")
        }
    }

    @Test func `a query asks for a bounded number of calls`() {
        #expect(query(0).limit == 1)
        #expect(query(10_000_000).limit == SimulationQuery.mostCalls)
    }
}
