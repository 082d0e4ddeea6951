import EaselBase
package import EaselCore
package import Foundation

/// A ledger in memory that behaves as the one in PostgreSQL does, and watches the order of what it is told.
///
/// What contradicts an invariant is kept in `violations`: an attempt that was sent without being on record (M4), one that
/// is settled without a start, figures that do not agree (M6), a settlement that forgets attempts or pictures.
package final class MemoryLedger: Ledger {
    struct Entry {
        let admission: Admission
        var starts: [AttemptStart]
        var ends: [UUID: AttemptEnd] = [:]
        var notes: [UUID: String] = [:]
        var settlement: Settlement?
        var resolution: LateResolution?
        /// What the call holds back; nil when that is not known, or nothing is held any more.
        var held: Money?
        var holdsImages = 0
    }

    struct State {
        var calls: [UUID: Entry] = [:]
        var order: [UUID] = []
        var events: [String] = []
        var violations: [String] = []
        var faults: [String: LedgerError] = [:]
        var failed: [String] = []
        var heartbeats: [UUID: Timestamp] = [:]
        var teams: [TeamRecord] = []
        var keys: [(key: NewKey, revokedAt: Timestamp?)] = []
        var lookUps = 0
        var termsVersion: Int64 = 1
        var prices: [PriceEntry] = []
        var priceChanges: [PriceChange] = []
        var budgets: [Budget] = []
        var idempotent: [String: (call: IdempotentCall, until: Timestamp)] = [:]
        var reconciliations: [Reconciliation] = []
        /// By attempt.
        var reconciled: [UUID: UUID] = [:]
        /// Calls whose prompts were taken out.
        var redacted: Set<UUID> = []
        var shadows: [Shadow] = []
    }

    let state = Locked(State())
    /// An empty book with a team called `design` and the given prices.
    package init(prices: [PriceEntry] = SampleTrade.prices()) {
        state.withLock { state in
            state.prices = prices
            state.teams = [TeamRecord(id: 1, name: "design", createdAt: SampleTrade.moment)]
        }
    }

    // MARK: What tests ask

    /// What contradicted an invariant so far; empty when all is well.
    package var violations: [String] { state.withLock(\.violations) }
    /// The operations that were made to fail, in order.
    package var failed: [String] { state.withLock(\.failed) }
    /// The writes in order: `admit`, `start`, `note`, `settle`, and `send` where a scripted provider reported it.
    package var events: [String] { state.withLock(\.events) }
    /// The settlements that stand, in the order of admission.
    package var settlements: [Settlement] {
        state.withLock { state in state.order.compactMap { state.calls[$0]?.settlement } }
    }
    /// What was posted late, of calls that had been settled.
    package var resolutions: [LateResolution] {
        state.withLock { state in state.order.compactMap { state.calls[$0]?.resolution } }
    }
    /// The end of an attempt as it stands.
    package func end(of attemptID: UUID) -> AttemptEnd? {
        state.withLock { state in state.calls.values.lazy.compactMap { $0.ends[attemptID] }.first }
    }
    /// The calls that were admitted.
    package var admissions: [Admission] {
        state.withLock { state in state.order.compactMap { state.calls[$0]?.admission } }
    }
    /// The provider's own ids that were noted, by attempt.
    package var notes: [UUID: String] {
        state.withLock { $0.calls.values.reduce(into: [:]) { $0.merge($1.notes) { _, new in new } } }
    }
    /// How often a key was looked up.
    package var lookUps: Int { state.withLock(\.lookUps) }

    /// From now on a write or a reading of this name (`admit`, `settle`, `account`, ...) fails; nil mends it.
    package func fail(_ operation: String, with error: LedgerError? = .unavailable("switched away")) {
        state.withLock { $0.faults[operation] = error }
    }

    /// A provider reports what it was sent.
    func witnessSending(_ attemptID: UUID) {
        state.withLock { state in
            state.events.append("send")
            let isKnown = state.calls.values.contains { $0.starts.contains { $0.attemptID == attemptID } }
            if !isKnown, !state.shadows.contains(where: { $0.start.shadowID == attemptID }) {
                state.violations.append("an attempt was sent that is not on record (M4)")
            }
        }
    }

    /// Runs a write or a reading unless it was told to fail.
    func with<Result>(
        _ operation: String,
        _ body: (inout State) throws(LedgerError) -> Result
    ) throws(LedgerError) -> Result {
        try state.withLock { (state) throws(LedgerError) in
            if let fault = state.faults[operation] {
                state.failed.append(operation)
                throw fault
            }
            return try body(&state)
        }
    }

    // MARK: On the way of a call

    package func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict {
        try with("admit") { state in
            guard state.calls[admission.callID] == nil else { return .admitted }
            if admission.termsVersion != state.termsVersion { return .stale }
            let key = admission.idempotency.map { "\(admission.teamID) \($0.text)" }
            if let key, let known = state.idempotent[key], known.until > admission.receivedAt {
                return .repeated(known.call)
            }
            let standings = Self.standings(state, admission, at: admission.receivedAt)
            if let refusal = BudgetRefusal.first(
                of: standings,
                amount: admission.bound,
                images: admission.imagesRequested,
                allowsUnpriced: admission.allowsUnpriced,
                at: admission.receivedAt
            ) {
                return .refused(refusal)
            }
            if admission.attempts.isEmpty { state.violations.append("a call was admitted without an attempt") }
            if let bound = admission.bound, let asked = Money.sum(admission.attempts.map(\.bound)), asked > bound {
                state.violations.append("the attempts may cost more than the reservation (M3)")
            }
            if UUIDv7.moment(of: admission.callID) != admission.receivedAt {
                state.violations.append("the call's id does not tell its time (L1)")
            }
            Self.check(admission.attempts, after: [], &state)
            state.events.append("admit")
            state.order.append(admission.callID)
            state.calls[admission.callID] = Entry(
                admission: admission,
                starts: admission.attempts,
                held: admission.bound,
                holdsImages: admission.imagesRequested
            )
            if let key, let idempotency = admission.idempotency {
                state.idempotent[key] = (
                    IdempotentCall(callID: admission.callID, fingerprint: idempotency.fingerprint),
                    admission.receivedAt + IdempotencyKey.lifetime
                )
            }
            return .admitted
        }
    }

    package func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        try with("startAttempts") { (state) throws(LedgerError) in
            guard let id = starts.first?.callID ?? ended.first?.start.callID else { return .started }
            guard var entry = state.calls[id] else { throw .notFound("no call \(id.text)") }
            if entry.settlement != nil { state.violations.append("an attempt begins after its call was settled") }
            Self.check(starts, after: entry.starts, &state)
            for end in ended {
                if !entry.starts.contains(end.start) { state.violations.append("an attempt ended that never began") }
                entry.ends[end.start.attemptID] = end
            }
            if let hold, let held = entry.held, hold.amount > held {
                let standings = Self.standings(state, entry.admission, at: entry.admission.receivedAt)
                let more = hold.amount - held
                let moment = entry.admission.receivedAt
                if let refusal = BudgetRefusal.first(
                    of: standings,
                    amount: more,
                    images: 0,
                    allowsUnpriced: false,
                    at: moment
                ) {
                    state.calls[id] = entry
                    return .refused(refusal)
                }
                entry.held = hold.amount
                entry.holdsImages = max(entry.holdsImages, hold.images)
            }
            entry.starts += starts.filter { !entry.starts.contains($0) }
            if let second = starts.filter({ $0.race == .second }).map(\.ordinal).min() {
                entry.starts = entry.starts.map { $0.ordinal < second && $0.race == nil ? $0.racing(.first) : $0 }
            }
            if let held = entry.held,
                let possible = Money.sum(entry.starts.map { entry.ends[$0.attemptID]?.cost ?? $0.bound }),
                possible > held
            {
                state.violations.append("the call may cost \(possible.usd) and holds \(held.usd) (M3)")
            }
            state.events.append("start")
            state.calls[id] = entry
            return .started
        }
    }

    private static func check(_ starts: [AttemptStart], after earlier: [AttemptStart], _ state: inout State) {
        let ordinals = (earlier + starts.filter { !earlier.contains($0) }).map(\.ordinal)
        if ordinals != Array(1..<ordinals.count + 1) { state.violations.append("attempts are counted \(ordinals)") }
        for start in starts where UUIDv7.moment(of: start.attemptID) != start.startedAt {
            state.violations.append("an attempt's id does not tell its time (L1)")
        }
    }

    package func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError) {
        try with("noteProviderTask") { state in
            if state.calls[start.callID]?.starts.contains(start) != true {
                state.violations.append("a task was noted of an attempt that never began")
            }
            state.events.append("note")
            state.calls[start.callID]?.notes[start.attemptID] = providerTaskID
        }
    }

    package func settle(_ settlement: Settlement) async throws(LedgerError) {
        try with("settle") { (state) throws(LedgerError) in
            guard var entry = state.calls[settlement.callID] else { throw .notFound("no call to settle") }
            if let earlier = entry.settlement, earlier.settledAt > settlement.settledAt { return }
            for end in settlement.attempts { entry.ends[end.start.attemptID] = end }
            entry.settlement = settlement
            entry.resolution = nil
            if settlement.isUntried {
                state.idempotent = state.idempotent.filter { $0.value.call.callID != settlement.callID }
            }
            let unknown = settlement.attempts.filter { $0.outcome == .unknown && $0.cost == nil }
            entry.held = unknown.isEmpty ? nil : Money.sum(unknown.map(\.start.bound))
            entry.holdsImages = unknown.reduce(0) { $0 + $1.start.imagesAsked }
            state.events.append("settle")
            state.violations += SettlementCheck.violations(settlement, starts: entry.starts, ends: entry.ends)
            state.calls[settlement.callID] = entry
        }
    }
}
