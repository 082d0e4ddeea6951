package import EaselBase
package import EaselCore
import EaselMemory
package import Foundation

/// The ledger in memory with the other books of the double on top, which watches the order of what it is told.
///
/// What contradicts an invariant is kept in `violations`: an attempt that was sent without being on record (M4), one that
/// is settled without a start, figures that do not agree (M6), a settlement that forgets attempts or images.
package final class MemoryLedger: Ledger {
    typealias Entry = MemoryEntry

    /// The book that ships, and what tests ask and the other books need beside it.
    struct State {
        var book = MemoryBook()
        var events: [String] = []
        var violations: [String] = []
        var faults: [String: LedgerError] = [:]
        var failed: [String] = []
        var lookUps = 0
        var reconciliations: [Reconciliation] = []
        /// Calls whose prompts were taken out.
        var redacted: Set<UUID> = []
        var sessions: [PageSession] = []
        var audit: [AuditEvent] = []

        var calls: [UUID: Entry] { book.calls }
        var order: [UUID] { book.order }
    }

    let state = Locked(State())
    /// When keys are over.
    let time: TimeSource

    /// An empty book with a team called `design` and the given prices.
    package init(prices: [PriceEntry] = SampleTrade.prices(), time: TimeSource = .fixed(SampleTrade.moment)) {
        self.time = time
        state.withLock { state in
            state.book.prices = prices
            state.book.teams = [TeamRecord(id: 1, name: "design", createdAt: SampleTrade.moment)]
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
            if !isKnown, !state.book.shadows.contains(where: { $0.start.shadowID == attemptID }) {
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
            let isNew = state.calls[admission.callID] == nil
            let verdict = state.book.admit(admission)
            guard isNew, verdict == .admitted else { return verdict }
            if admission.attempts.isEmpty { state.violations.append("a call was admitted without an attempt") }
            if let bound = admission.bound, let asked = Money.sum(admission.attempts.map(\.bound)), asked > bound {
                state.violations.append("the attempts may cost more than the reservation (M3)")
            }
            if UUIDv7.moment(of: admission.callID) != admission.receivedAt {
                state.violations.append("the call's id does not tell its time (L1)")
            }
            Self.check(admission.attempts, after: [], &state)
            state.events.append("admit")
            return verdict
        }
    }

    package func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict {
        try with("startAttempts") { (state) throws(LedgerError) in
            let id = starts.first?.callID ?? ended.first?.start.callID
            let before = id.flatMap { state.calls[$0] }
            let verdict = try state.book.startAttempts(starts, ended: ended, hold: hold)
            guard let id, let before, let after = state.calls[id] else { return verdict }
            if before.settlement != nil { state.violations.append("an attempt begins after its call was settled") }
            Self.check(starts, after: before.starts, &state)
            let begun = Set(before.starts.map(\.attemptID))
            if ended.contains(where: { !begun.contains($0.start.attemptID) }) {
                state.violations.append("an attempt ended that never began")
            }
            guard verdict == .started else { return verdict }
            if let held = after.held,
                let possible = Money.sum(after.starts.map { after.ends[$0.attemptID]?.cost ?? $0.bound }),
                possible > held
            {
                state.violations.append("the call may cost \(possible.usd) and holds \(held.usd) (M3)")
            }
            state.events.append("start")
            return verdict
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
            let begun = state.calls[start.callID]?.starts.map(\.attemptID) ?? []
            if !begun.contains(start.attemptID) {
                state.violations.append("a task was noted of an attempt that never began")
            }
            state.events.append("note")
            state.book.noteProviderTask(start, providerTaskID: providerTaskID)
        }
    }

    package func settle(_ settlement: Settlement) async throws(LedgerError) {
        try with("settle") { (state) throws(LedgerError) in
            let starts = state.calls[settlement.callID]?.starts ?? []
            guard try state.book.settle(settlement) else { return }
            // A settlement is held to what it says itself, also where the book knows better.
            let own = Dictionary(settlement.attempts.map { ($0.start.attemptID, $0) }, uniquingKeysWith: { $1 })
            let ends = (state.calls[settlement.callID]?.ends ?? [:]).merging(own) { $1 }
            state.events.append("settle")
            state.violations += SettlementCheck.violations(settlement, starts: starts, ends: ends)
        }
    }
}
