package import EaselBase
package import EaselCore
package import Foundation

/// The book of calls as a value: what PostgreSQL does in one transaction is one mutating function here, under the same rules.
/// `LedgerConformanceTests` runs them on both.
package struct MemoryBook: Sendable {
    /// A window of a budget whose calls were forgotten, and what they cost.
    private struct Window: Hashable, Sendable {
        let budgetID: UUID
        let start: Timestamp
    }

    /// A day of a policy's shadows.
    struct ShadowDay: Hashable, Sendable {
        let policy: String
        let start: Timestamp
    }

    private struct Sum: Sendable {
        var cost = Money.zero
        var images = 0
    }

    package var calls: [UUID: MemoryEntry] = [:]
    /// The calls in the order of their admission.
    package private(set) var order: [UUID] = []
    package var heartbeats: [UUID: Timestamp] = [:]
    package var teams: [TeamRecord] = []
    package var termsVersion: Int64 = 1
    package var prices: [PriceEntry] = []
    /// In the order in which they were made.
    package internal(set) var priceChanges: [PriceChange] = []
    /// In the order in which they were made.
    var accountKeys: [NewKey] = []
    /// Comparisons that attempts were last confirmed by.
    package var confirmations: [UUID: UUID] = [:]
    package var budgets: [Budget] = []
    /// In the order of their starts.
    package var shadows: [MemoryShadow] = []
    private var keys: [String: (call: IdempotentCall, until: Timestamp)] = [:]
    private var forgotten: [Window: Sum] = [:]
    /// What forgotten shadows cost, for the budget of their day (M2).
    private(set) var forgottenShadows: [ShadowDay: Money] = [:]

    package init() {}

    package var terms: SpendingTerms {
        SpendingTerms(
            version: termsVersion,
            prices: PriceBook(prices),
            budgets: budgets,
            unpricedTeams: Set(teams.filter(\.allowsUnpriced).map(\.id))
        )
    }

    // MARK: - On the way of a call

    package mutating func admit(_ admission: Admission) -> AdmissionVerdict {
        guard calls[admission.callID] == nil else { return .admitted }
        if admission.termsVersion != termsVersion { return .stale }
        if let key = admission.idempotency,
            let known = idempotentCall(teamID: admission.teamID, key: key.text, at: admission.receivedAt)
        {
            return .repeated(known)
        }
        let applied = Set(admission.budgets.map(\.budgetID))
        let refusal = BudgetRefusal.first(
            of: budgets.filter { applied.contains($0.id) }.map { standing($0, at: admission.receivedAt) },
            amount: admission.bound,
            images: admission.imagesRequested,
            allowsUnpriced: admission.allowsUnpriced,
            at: admission.receivedAt
        )
        if let refusal { return .refused(refusal) }
        order.append(admission.callID)
        calls[admission.callID] = MemoryEntry(admission)
        if let key = admission.idempotency {
            keys[Self.keyName(admission.teamID, key.text)] = (
                IdempotentCall(callID: admission.callID, fingerprint: key.fingerprint),
                admission.receivedAt + IdempotencyKey.lifetime
            )
        }
        return .admitted
    }

    /// - Throws: `.notFound` without such a call, `.rejected` where more is to be held by one that is over.
    package mutating func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) throws(LedgerError) -> StartVerdict {
        guard let id = starts.first?.callID ?? ended.first?.start.callID else { return .started }
        guard var entry = calls[id] else { throw .notFound("no call \(id.text)") }
        defer { calls[id] = entry }
        for end in ended { entry.end(end) }
        if let hold, !starts.isEmpty {
            if entry.settlement != nil { throw .rejected("call \(id.text) is not in progress any more") }
            if let refusal = refusal(of: hold, for: entry) { return .refused(refusal) }
            entry.hold(hold)
        }
        entry.begin(starts)
        return .started
    }

    /// Why a budget does not take what the call would have to hold beyond what it holds; a budget of which no more is asked is
    /// not asked either.
    private func refusal(of hold: Hold, for entry: MemoryEntry) -> BudgetRefusal? {
        let moment = entry.admission.receivedAt
        let more = entry.held.map { max(.zero, hold.amount - $0) }
        let moreImages = max(0, hold.images - entry.heldImages)
        let asked = budgets.filter { budget in
            switch budget.limit {
            case .money: (more ?? .zero) > .zero && entry.counts(against: budget)
            case .images: moreImages > 0 && entry.counts(against: budget)
            }
        }
        return BudgetRefusal.first(
            of: asked.map { standing($0, at: moment) },
            amount: more ?? .zero,
            images: moreImages,
            allowsUnpriced: false,
            at: moment
        )
    }

    package mutating func noteProviderTask(_ start: AttemptStart, providerTaskID: String) {
        calls[start.callID]?.note(start, providerTaskID)
    }

    /// - Returns: whether it counts: an older settlement, or recovery's against the gateway's own word, changes nothing.
    /// - Throws: `.notFound` without such a call.
    @discardableResult
    package mutating func settle(_ settlement: Settlement) throws(LedgerError) -> Bool {
        guard var entry = calls[settlement.callID] else { throw .notFound("no call to settle") }
        guard entry.settle(settlement) else { return false }
        calls[settlement.callID] = entry
        if settlement.isUntried { keys = keys.filter { $0.value.call.callID != settlement.callID } }
        return true
    }

    /// - Throws: `.notFound` without such a call.
    package mutating func resolve(_ resolution: LateResolution) throws(LedgerError) {
        guard calls[resolution.callID] != nil else { throw .notFound("no call to resolve") }
        calls[resolution.callID]?.resolve(resolution)
    }

    package func idempotentCall(teamID: Int64, key: String, at moment: Timestamp) -> IdempotentCall? {
        keys[Self.keyName(teamID, key)].flatMap { $0.until > moment ? $0.call : nil }
    }

    private static func keyName(_ teamID: Int64, _ key: String) -> String { "\(teamID) \(key)" }

    // MARK: - Budgets

    /// Summed over the calls each time: slow, and right by construction.
    package func standing(_ budget: Budget, at moment: Timestamp) -> BudgetStanding {
        let window = budget.window(at: moment)
        let counted = calls.values.filter {
            window.contains($0.admission.receivedAt) && $0.counts(against: budget)
        }
        let gone = forgotten[Window(budgetID: budget.id, start: window.start)] ?? Sum()
        return BudgetStanding(
            budget: budget,
            window: window,
            posted: counted.reduce(gone.cost) { $0 + $1.posted },
            reserved: counted.reduce(.zero) { $0 + ($1.held ?? .zero) },
            postedImages: counted.reduce(gone.images) { $0 + $1.postedImages },
            reservedImages: counted.reduce(0) { $0 + $1.heldImages }
        )
    }

    /// Forgets the oldest calls and shadows that are over and hold nothing back, and keys whose time is over. What the calls
    /// cost stays in the budgets of now.
    ///
    /// `asksFor`: how long an attempt is asked about whose cost is only bounded.
    package mutating func forget(downTo most: Int, asksFor: Duration, at moment: Timestamp) {
        let excess = max(0, order.count - most)
        let gone = Set(order.filter { calls[$0]?.isOver(askedSince: moment - asksFor) == true }.prefix(excess))
        for entry in gone.compactMap({ calls[$0] }) {
            for budget in budgets where entry.counts(against: budget) {
                let window = Window(
                    budgetID: budget.id,
                    start: budget.window(at: entry.admission.receivedAt).start
                )
                forgotten[window, default: Sum()].cost += entry.posted
                forgotten[window, default: Sum()].images += entry.postedImages
            }
        }
        order.removeAll { gone.contains($0) }
        for id in gone { calls[id] = nil }
        shadows.removeAll { shadow in
            guard gone.contains(shadow.start.callID), shadow.end?.end.cost != nil else { return false }
            let day = ShadowDay(policy: shadow.start.policy, start: shadow.start.windowStart)
            forgottenShadows[day, default: .zero] += shadow.held
            return true
        }
        forgottenShadows = forgottenShadows.filter { $0.key.start + .seconds(2 * 86_400) > moment }
        keys = keys.filter { $0.value.until > moment }
    }
}
