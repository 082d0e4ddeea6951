package import EaselBase
package import EaselCore
package import Foundation

/// What calls need of a ledger, in memory: for a program that wants failover and budgets, and no database. It ends with its
/// process, and with it every call that was not over; nobody else sees it.
package final class MemoryCalls: CallLedger, RecoveryLedger, KeyedCalls, TermsBook, BudgetStandings, ShadowLedger {
    /// Calls that are remembered when they are over; older ones are forgotten, but for what they cost.
    package static let remembered = 10_000

    private let book: Locked<MemoryBook>
    private let remembered: Int
    private let asksFor: Duration

    /// `team`: whom every call counts for. `budget`: what its calls may cost together; nil: anything. `asksFor`: how long an
    /// attempt is asked about whose cost is only bounded.
    package init(
        team: TeamRecord,
        prices: [PriceEntry] = PriceBook.standard,
        budget: Money? = nil,
        remembered: Int = MemoryCalls.remembered,
        asksFor: Duration = RecoverySettings().asksFor
    ) {
        var book = MemoryBook()
        book.teams = [team]
        book.prices = prices
        if let budget {
            book.budgets = [
                Budget(
                    id: UUIDv7.mint(at: team.createdAt),
                    teamID: team.id,
                    scope: .team(team.name),
                    period: .total,
                    limit: .money(budget),
                    isHard: true,
                    warnAt: [],
                    timezone: "UTC"
                )
            ]
        }
        self.book = Locked(book)
        self.remembered = max(1, remembered)
        self.asksFor = asksFor
    }

    /// What the calls so far cost, as far as it is known, and what those under way hold back; nil without a budget.
    package func standing(at moment: Timestamp) -> BudgetStanding? {
        book.withLock { book in book.budgets.first.map { book.standing($0, at: moment) } }
    }

    /// Calls that are remembered now.
    package var count: Int { book.withLock(\.order.count) }

    package func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        book.withLock { book in
            // Seldom, so that it costs a call next to nothing.
            if book.order.count > remembered + remembered / 8 {
                book.forget(downTo: remembered, asksFor: asksFor, at: admission.receivedAt)
            }
            return book.admit(admission)
        }
    }

    package func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        try book.withLock { (book) throws(LedgerError) in
            try book.startAttempts(starts, ended: ended, hold: hold)
        }
    }

    package func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        book.withLock { $0.noteProviderTask(start, providerTaskID: providerTaskID) }
    }

    package func settle(_ settlement: Settlement) async throws(LedgerError) {
        try book.withLock { (book) throws(LedgerError) in _ = try book.settle(settlement) }
    }

    package func resolve(_ resolution: LateResolution) async throws(LedgerError) {
        try book.withLock { (book) throws(LedgerError) in try book.resolve(resolution) }
    }

    package func idempotentCall(
        teamID: Int64,
        key: String,
        at moment: Timestamp
    ) async throws(LedgerError) -> IdempotentCall? {
        book.withLock { $0.idempotentCall(teamID: teamID, key: key, at: moment) }
    }

    // MARK: - Terms

    package func spendingTerms() async throws(LedgerError) -> SpendingTerms { book.withLock(\.terms) }

    package func budgets(teamID: Int64?, at moment: Timestamp) async throws(LedgerError) -> [BudgetStanding] {
        book.withLock { book in
            book.budgets.filter { teamID == nil || $0.teamID == teamID }.map { book.standing($0, at: moment) }
        }
    }

    // MARK: - Recovery

    package func heartbeat(gatewayID: UUID, sign: GatewaySign, at moment: Timestamp) async throws(LedgerError) {
        book.withLock { $0.heartbeats[gatewayID] = moment }
    }

    package func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) async throws(LedgerError) -> [OrphanedCall] {
        book.withLock { $0.orphans(of: gatewayIDs, silentSince: silentSince, after: last, limit: limit) }
    }

    package func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall] {
        book.withLock { $0.unknownAttempts(since: since, limit: limit) }
    }

    package func recentDurations(since: Timestamp, limit: Int) async throws(LedgerError) -> [RecentDurations] {
        book.withLock { $0.recentDurations(since: since, limit: limit) }
    }

    // MARK: - Shadows

    package func startShadow(_ start: ShadowStart) async throws(LedgerError) -> Bool {
        book.withLock { $0.startShadow(start) }
    }

    package func noteShadowTask(_ start: ShadowStart, providerTaskID: String) async throws(LedgerError) {
        book.withLock { $0.noteShadowTask(start, providerTaskID: providerTaskID) }
    }

    package func endShadow(_ end: ShadowEnd) async throws(LedgerError) {
        book.withLock { _ = $0.endShadow(end) }
    }

    package func openShadows(
        silentSince: Timestamp?,
        at moment: Timestamp,
        limit: Int
    ) async throws(LedgerError) -> [OpenShadow] {
        book.withLock { $0.openShadows(silentSince: silentSince, at: moment, limit: limit) }
    }
}
