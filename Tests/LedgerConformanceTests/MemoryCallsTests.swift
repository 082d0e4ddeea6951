import EaselBase
import EaselCore
import EaselMemory
import Foundation
import TestKit
import Testing

/// The ledger in memory as the library has it.
struct MemoryCallsTests {
    private static let team = TeamRecord(id: 1, name: "design", createdAt: SampleTrade.moment)

    private static func admission(_ number: Int, terms: SpendingTerms) -> Admission {
        let moment = SampleTrade.moment + .seconds(number)
        let callID = UUIDv7.mint(at: moment)
        return SampleTrade.admission(
            attempts: [SampleTrade.start(callID: callID, at: moment)],
            termsVersion: terms.version,
            budgets: terms.budgets(teamID: 1, project: nil, keyID: UUID())
                .map { AppliedBudget(teamID: $0.teamID, budgetID: $0.id, window: $0.window(at: moment)) }
        )
    }

    @Test func `old calls are forgotten, what they cost is not, and one that is open stays`() async throws {
        let ledger = MemoryCalls(team: Self.team, budget: sixCents * 50, remembered: 8)
        let terms = try await ledger.spendingTerms()
        let open = Self.admission(0, terms: terms)
        #expect(try await ledger.admit(open) == .admitted)
        var admitted = 1
        for number in 1..<60 {
            let admission = Self.admission(number, terms: terms)
            guard case .admitted = try await ledger.admit(admission) else { continue }
            admitted += 1
            try await ledger.settle(Self.settlement(of: admission))
        }
        #expect(admitted == 50)
        #expect(ledger.count <= 10)
        let standing = try #require(ledger.standing(at: SampleTrade.moment))
        #expect(standing.posted == sixCents * 49 && standing.reserved == sixCents)
        let orphans = try await ledger.orphans(of: [open.gatewayID], silentSince: nil, after: nil, limit: 10)
        #expect(orphans.map(\.callID) == [open.callID])
    }

    /// A part came and the rest broke off: its cost is only bounded, and it is asked about for two days.
    @Test func `a call that broke off is remembered as long as somebody asks about it`() async throws {
        for (age, isRemembered) in [(Duration.seconds(3600), true), (.seconds(3 * 86_400), false)] {
            let ledger = MemoryCalls(team: Self.team, remembered: 8)
            let terms = try await ledger.spendingTerms()
            let broken = Self.admission(0, terms: terms)
            #expect(try await ledger.admit(broken) == .admitted)
            try await ledger.settle(Self.settlement(of: broken, brokeOff: true))
            #expect(try await ledger.unknownAttempts(since: broken.receivedAt, limit: 5).count == 1)
            for number in 1..<20 {
                let admission = Self.admission(Int(age.milliseconds / 1000) + number, terms: terms)
                #expect(try await ledger.admit(admission) == .admitted)
                try await ledger.settle(Self.settlement(of: admission))
            }
            #expect(try await ledger.unknownAttempts(since: broken.receivedAt, limit: 5).isEmpty == !isRemembered)
            #expect(ledger.count <= 11)
        }
    }

    @Test func `without a budget everything is admitted`() async throws {
        let ledger = MemoryCalls(team: Self.team)
        let terms = try await ledger.spendingTerms()
        #expect(terms.budgets.isEmpty && ledger.standing(at: SampleTrade.moment) == nil)
        #expect(try await ledger.admit(Self.admission(0, terms: terms)) == .admitted)
    }

    private static func settlement(of admission: Admission, brokeOff: Bool = false) -> Settlement {
        let start = admission.attempts[0]
        let end = AttemptEnd(
            start: start,
            outcome: brokeOff ? .partial : .succeeded,
            reason: brokeOff ? "connection_lost" : "ok",
            errorCode: nil,
            httpStatus: 200,
            sent: true,
            charge: Cost(start.bound, brokeOff ? .unknown : .provider),
            timings: PhaseTimings(),
            endedAt: start.startedAt + .seconds(1),
            imagesReturned: 1,
            providerTaskID: nil,
            providerRequestID: nil,
            extra: [:]
        )
        return Settlement(
            key: admission.key,
            settledAt: admission.receivedAt + .seconds(1),
            status: .succeeded,
            errorCode: nil,
            provider: start.provider,
            imagesDelivered: 1,
            charge: Cost(start.bound, .provider),
            estimated: .zero,
            latency: .seconds(1),
            failover: false,
            failoverCost: .zero,
            attempts: [end],
            images: [],
            translation: nil,
            clientGone: false
        )
    }
}
