import EaselBase
import EaselCore
import EaselLedger
import Foundation
import TestKit
import Testing

/// The ledgers that have to keep the rules of a call.
enum Book: String, CaseIterable, Sendable {
    case memory, postgres

    typealias Whole =
        CallLedger & CallLog & RecoveryLedger & TermsBook & PriceLedger & BudgetLedger & People & SessionBook
        & EventTail & AuditBook & Sendable

    /// Runs a test on a ledger of its own that has a team called `design`.
    func with(_ body: (Scene) async throws -> Void) async throws {
        switch self {
        case .memory:
            let ledger = MemoryLedger(time: .system)
            try await body(try await Scene(ledger))
            #expect(ledger.violations == [])
        case .postgres:
            let ledger = try await PostgresFixture.ledger()
            do {
                _ = try await ledger.createTeam(name: "design", at: Scene.now)
                try await body(try await Scene(ledger))
                #expect(try await DatabaseVerify(ledger).findings(since: Timestamp(microseconds: 0)) == [])
            } catch {
                await ledger.close()
                throw error
            }
            await ledger.close()
        }
    }
}

/// A team on a ledger, and the writes of a call as a gateway makes them.
struct Scene: Sendable {
    let ledger: any Book.Whole
    let teamID: Int64

    init(_ ledger: any Book.Whole) async throws {
        self.ledger = ledger
        teamID = try #require(try await ledger.team(named: "design")).id
    }

    /// Whole milliseconds of today: what is older or newer has no place in a log.
    static var now: Timestamp { Timestamp(microseconds: TimeSource.system.now.millisecondsSince1970 * 1000) }

    /// Sets a hard budget of the team for ever.
    func budget(_ limit: BudgetLimit) async throws {
        _ = try await ledger.setBudget(
            BudgetWish(scope: .team("design"), period: .total, limit: limit),
            by: "test",
            at: Self.now
        )
    }

    func standing() async throws -> BudgetStanding {
        try #require(try await ledger.budgets(teamID: nil, at: Self.now).first)
    }

    /// A call of attempts at six cents an image each, under the terms of now.
    func admission(
        asked: [Int] = [1],
        bound: Money? = nil,
        gatewayID: UUID = UUIDv7.mint(at: Scene.now),
        idempotency: IdempotencyKey? = nil,
        versionOff: Int64 = 0,
        age: Duration = .zero,
        lease: Duration = .seconds(900)
    ) async throws -> Admission {
        let terms = try await ledger.spendingTerms()
        let moment = Self.now - age
        let callID = UUIDv7.mint(at: moment)
        let starts = asked.enumerated().map { index, count in
            SampleTrade.start(callID: callID, ordinal: index + 1, asked: count, at: moment)
        }
        return Admission(
            key: CallKey(teamID: teamID, receivedAt: moment, callID: callID),
            keyID: UUIDv7.mint(at: moment),
            gatewayID: gatewayID,
            project: nil,
            tags: [:],
            policy: "test",
            model: .ideogram4,
            imagesRequested: asked.reduce(0, +),
            bound: bound ?? Money.sum(starts.map(\.bound)),
            prompt: nil,
            parameters: ["copyright_detection": false],
            plan: [:],
            attempts: starts,
            termsVersion: terms.version + versionOff,
            budgets: terms.budgets(teamID: teamID, project: nil, keyID: UUID())
                .map { AppliedBudget(teamID: $0.teamID, budgetID: $0.id, window: $0.window(at: moment)) },
            idempotency: idempotency,
            leaseEndsAt: moment + lease
        )
    }

    func admitted(asked: [Int] = [1], bound: Money? = nil, gatewayID: UUID? = nil) async throws -> Admission {
        let admission = try await admission(
            asked: asked,
            bound: bound,
            gatewayID: gatewayID ?? UUIDv7.mint(at: Self.now)
        )
        try #require(try await ledger.admit(admission) == .admitted)
        return admission
    }

    /// An end as a gateway writes it. `cost`: nil where it is not known.
    func end(
        _ start: AttemptStart,
        _ outcome: AttemptOutcome,
        cost: Money?,
        basis: CostBasis = .provider,
        errorCode: String? = nil,
        sent: Bool = true
    ) -> AttemptEnd {
        AttemptEnd(
            start: start,
            outcome: outcome,
            reason: outcome == .succeeded ? "ok" : "timeout",
            errorCode: errorCode ?? (outcome == .succeeded ? nil : "timeout"),
            httpStatus: nil,
            sent: sent,
            charge: Cost(cost, basis),
            timings: PhaseTimings(total: .milliseconds(100)),
            endedAt: start.startedAt + .milliseconds(100),
            imagesReturned: outcome == .succeeded ? start.imagesAsked : 0,
            providerTaskID: nil,
            providerRequestID: nil,
            extra: [:]
        )
    }

    /// What somebody found out about an attempt of a call that is over.
    func resolution(_ admission: Admission, _ ends: [AttemptEnd], after: Duration = .seconds(5)) -> LateResolution {
        LateResolution(
            key: admission.key,
            resolvedAt: admission.receivedAt + after,
            ends: ends
        )
    }

    func call(_ admission: Admission) async throws -> CallDetail {
        try #require(try await ledger.call(admission.callID, teamID: nil))
    }

    func settlement(
        _ admission: Admission,
        _ ends: [AttemptEnd],
        after: Duration = .seconds(1),
        recovered: Bool = false
    ) -> Settlement {
        let known = ends.compactMap(\.cost).reduce(.zero, +)
        let isOpen = ends.contains { $0.cost == nil }
        let images = ends.filter { $0.outcome == .succeeded }.flatMap { end in
            (0..<end.start.imagesAsked).map { _ in end }
        }
        let moment = admission.receivedAt + after
        return Settlement(
            key: admission.key,
            settledAt: moment,
            status: images.isEmpty ? .failed : .succeeded,
            errorCode: images.isEmpty ? "providers_failed" : nil,
            provider: images.first?.start.provider,
            imagesDelivered: images.count,
            charge: Cost(
                isOpen && known == .zero ? nil : known,
                ends.contains { $0.costBasis == .unknown } ? .unknown : .provider
            ),
            estimated: isOpen && known == .zero
                ? nil : ends.filter { $0.costBasis != .provider }.compactMap(\.cost).reduce(.zero, +),
            latency: after,
            failover: ends.contains { $0.start.provider != ends[0].start.provider },
            failoverCost: Money.sum(ends.filter { $0.outcome != .succeeded }.map(\.cost)),
            attempts: ends,
            images: images.enumerated().map { index, end in
                ImageRecord(
                    imageID: UUIDv7.mint(at: moment),
                    callID: admission.callID,
                    attemptID: end.start.attemptID,
                    teamID: admission.teamID,
                    ordinal: index + 1,
                    createdAt: moment,
                    seed: nil,
                    nsfw: false,
                    copyright: .notRequested,
                    withheld: false,
                    size: PixelSize(width: 64, height: 64),
                    format: .png,
                    bytes: 100,
                    sha256: [1, 2, 3],
                    providerImageID: nil,
                    artifact: nil,
                    cost: end.cost.map { Money(nanodollars: $0.nanodollars / Int64(end.start.imagesAsked)) }
                )
            },
            translation: nil,
            clientGone: false,
            recovered: recovered
        )
    }

    func failure(_ body: () async throws(LedgerError) -> Void) async -> LedgerError? {
        do throws(LedgerError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }
}
