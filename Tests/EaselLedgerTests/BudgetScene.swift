import EaselBase
import EaselCore
import EaselLedger
import Foundation
import Testing

/// A team with budgets, and calls that are admitted under them as a gateway does it.
struct BudgetScene: Sendable {
    static let price = Money(nanodollars: 40_000_000)

    let ledger: PostgresLedger
    let teamID: Int64
    let shelf = Locked(SpendingTerms.none)

    init(_ ledger: PostgresLedger) async throws {
        self.ledger = ledger
        teamID = try await ledger.createTeam(name: "design", at: Sample.now).id
        try await refresh()
    }

    /// Another gateway's view of the same database.
    init(_ ledger: PostgresLedger, teamID: Int64) async throws {
        self.ledger = ledger
        self.teamID = teamID
        try await refresh()
    }

    func refresh() async throws {
        let terms = try await ledger.spendingTerms()
        shelf.withLock { $0 = terms }
    }

    @discardableResult
    func budget(
        _ limit: BudgetLimit,
        scope: BudgetScope = .team("design"),
        period: BudgetPeriod = .month,
        isHard: Bool = true,
        timezone: String = "UTC",
        at moment: Timestamp = Sample.now
    ) async throws -> BudgetStanding {
        let standing = try await ledger.setBudget(
            BudgetWish(scope: scope, period: period, limit: limit, isHard: isHard, timezone: timezone),
            by: "test",
            at: moment
        )
        try await refresh()
        return standing
    }

    /// An admission with the terms as this scene knows them.
    func admission(
        bound: Money? = BudgetScene.price,
        images: Int = 1,
        project: String? = "spring",
        keyID: UUID = UUID(),
        at moment: Timestamp = Sample.now,
        allowsUnpriced: Bool = false,
        idempotency: IdempotencyKey? = nil
    ) -> Admission {
        let terms = shelf.withLock(\.self)
        return Sample.admission(
            teamID: teamID,
            at: moment,
            keyID: keyID,
            project: project,
            images: images,
            termsVersion: terms.version,
            bound: bound,
            budgets: terms.budgets(teamID: teamID, project: project, keyID: keyID)
                .map { AppliedBudget(teamID: $0.teamID, budgetID: $0.id, window: $0.window(at: moment)) },
            allowsUnpriced: allowsUnpriced,
            idempotency: idempotency
        )
    }

    /// Settles a call with one attempt.
    func settle(
        _ admission: Admission,
        cost: Money? = BudgetScene.price,
        outcome: AttemptOutcome = .succeeded,
        basis: CostBasis = .provider,
        at moment: Timestamp = Sample.now
    ) async throws {
        try await ledger.settle(settlement(admission, cost: cost, outcome: outcome, basis: basis, at: moment))
    }

    func settlement(
        _ admission: Admission,
        cost: Money? = BudgetScene.price,
        outcome: AttemptOutcome = .succeeded,
        basis: CostBasis = .provider,
        at moment: Timestamp = Sample.now,
        recovered: Bool = false
    ) -> Settlement {
        let delivered = outcome == .succeeded
        let end = Sample.end(
            admission.attempts[0],
            outcome: outcome,
            cost: cost,
            basis: basis,
            images: delivered ? 1 : 0
        )
        return Settlement(
            key: admission.key,
            settledAt: moment,
            status: delivered ? .succeeded : .failed,
            errorCode: delivered ? nil : "providers_failed",
            provider: delivered ? "runware" : nil,
            imagesDelivered: delivered ? 1 : 0,
            charge: Cost(cost, cost == nil ? .unknown : basis),
            estimated: cost.map { basis == .provider ? .zero : $0 },
            latency: .seconds(2),
            failover: false,
            failoverCost: .zero,
            attempts: [end],
            images: delivered ? [Sample.image(admission, attempt: admission.attempts[0])] : [],
            translation: nil,
            clientGone: false,
            recovered: recovered
        )
    }

    func standing(_ id: UUID, at moment: Timestamp = Sample.now) async throws -> BudgetStanding {
        try #require(try await ledger.budgets(teamID: nil, at: moment).first { $0.budget.id == id })
    }

    /// Every figure adds up, budgets included (M2, M6).
    func verify(_ comment: Comment? = nil) async throws {
        let findings = try await DatabaseVerify(ledger).findings(since: Timestamp(microseconds: 0))
        #expect(findings == [], comment)
    }
}

extension AdmissionVerdict {
    var isRefused: Bool { if case .refused = self { true } else { false } }
}
