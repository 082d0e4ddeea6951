package import EaselBase
package import Foundation

/// The book that every call, attempt and image is written into, by what somebody does with it. PostgreSQL is the live one.
/// Each takes the roles that it uses; this name is for whoever is all of them.
///
/// Every write is idempotent: the ids are ours (L1), so the same write twice leaves one row.
package typealias Ledger = CallLedger & RecoveryLedger & CallLog & FigureLog & People & LedgerHealth
    & TermsBook & PriceLedger & BudgetLedger & ReconciliationBook & ShadowBook & SimulationLog & SessionBook & EventTail
    & AuditBook

/// The writes on the way of a call: the only ones that wait in a journal while the database is away (L2).
package protocol CallLedger: Sendable {
    /// Writes a call, its reservation in every budget that applies, and its first attempts in one transaction (M2, M3).
    /// Nothing may be sent unless it returns `.admitted`.
    func admit(_ admission: Admission) async throws(LedgerError) -> AdmissionVerdict

    /// Writes further attempts before they are sent, and the ends of those before them, in one transaction.
    /// `hold`: what the call must hold back from now on, where that is more than it holds already, as after an attempt
    /// whose end is unknown; nil where the reservation is enough.
    func startAttempts(
        _ starts: [AttemptStart],
        ended: [AttemptEnd],
        hold: Hold?
    ) async throws(LedgerError) -> StartVerdict

    /// Keeps the provider's own id of a task, which recovery needs.
    func noteProviderTask(_ start: AttemptStart, providerTaskID: String) async throws(LedgerError)

    /// Writes a call's end with its attempts and images and releases its reservation, in one transaction (M5).
    /// Settling a call again overwrites what was written before. A call that failed before anything of it was sent gives its
    /// idempotency key back: the next try may pass.
    func settle(_ settlement: Settlement) async throws(LedgerError)

    /// Posts what was found out about attempts of a settled call. Writing it twice is writing it once.
    func resolve(_ resolution: LateResolution) async throws(LedgerError)
}

/// What finds calls that were left behind, and begins where an earlier gateway ended.
package protocol RecoveryLedger: Sendable {
    /// Says that this gateway lives, and how it stands; others take over its calls when it stops saying so.
    func heartbeat(gatewayID: UUID, sign: GatewaySign, at moment: Timestamp) async throws(LedgerError)

    /// Calls in progress whose gateway is one of `gatewayIDs`, or one that was silent since `silentSince`, and those whose
    /// lease is over though their gateway lives. Oldest first, and only those after `last`. `silentSince`: nil where no
    /// other gateway is to be judged.
    func orphans(
        of gatewayIDs: [UUID],
        silentSince: Timestamp?,
        after last: OrphanedCall?,
        limit: Int
    ) async throws(LedgerError) -> [OrphanedCall]

    /// Settled calls with attempts younger than `since` of which something is still to find out, to ask about once more:
    /// unknown ones that are not posted at their bound, and those that delivered a part and broke off.
    func unknownAttempts(since: Timestamp, limit: Int) async throws(LedgerError) -> [OrphanedCall]

    /// How long the attempts that succeeded took, by kind: those of the `limit` newest calls since a moment, the last 32
    /// of each kind. What a gateway that starts begins to plan with.
    func recentDurations(since: Timestamp, limit: Int) async throws(LedgerError) -> [RecentDurations]
}

/// The calls that idempotency keys stand for.
package protocol KeyedCalls: Sendable {
    /// The call that a key stands for; nil when there is none, or the key's time is over.
    func idempotentCall(teamID: Int64, key: String, at moment: Timestamp) async throws(LedgerError) -> IdempotentCall?
}

/// The calls that are on record.
package protocol CallLog: KeyedCalls {
    /// Nil when there is no such call, or it is another team's.
    func call(_ id: UUID, teamID: Int64?) async throws(LedgerError) -> CallDetail?
    func calls(_ query: CallQuery) async throws(LedgerError) -> [CallDetail]
    /// Takes prompts out of the log, for good; how many calls had one. `.rejected` when nothing says whose. `actor` is who does it,
    /// for the audit.
    func redact(_ redaction: Redaction, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Int
}

/// The sums of the log.
package protocol FigureLog: Sendable {
    func usage(_ query: UsageQuery) async throws(LedgerError) -> UsageReport
    /// The figures of attempts; groups other than those that attempts have are `.rejected`.
    func attempts(_ query: UsageQuery) async throws(LedgerError) -> AttemptReport
    /// What each provider cost since a moment.
    func providerSpend(since: Timestamp) async throws(LedgerError) -> [String: Money]
}

/// Teams and their keys. `actor` is who changes them, for the audit (`AuditActor`).
package protocol People: Sendable {
    func account(keyHash: [UInt8]) async throws(LedgerError) -> Account?
    /// Throws `.conflict` when the name is taken.
    func createTeam(name: String, by actor: String, at moment: Timestamp) async throws(LedgerError) -> TeamRecord
    func teams() async throws(LedgerError) -> [TeamRecord]
    /// Throws `.notFound` when there is no such team.
    func createKey(_ key: NewKey, by actor: String) async throws(LedgerError)
    func keys(team: String?) async throws(LedgerError) -> [KeyRecord]
    /// False when there is no such key; revoking twice is once.
    func revokeKey(_ id: UUID, by actor: String, at moment: Timestamp) async throws(LedgerError) -> Bool

    /// Says whether calls without a known price pass a team's hard budgets. Throws `.notFound`.
    func changeTeam(_ name: String, _ change: TeamChange, by actor: String, at moment: Timestamp)
        async throws(LedgerError)
        -> TeamRecord
}

/// How the database stands.
package protocol LedgerHealth: Sendable {
    /// Rows that were met and could not be read. They stop nobody else's, and are shown where people look.
    var unreadableRows: [UnreadableRow] { get }

    /// The connections, by kind.
    var pools: [PoolStanding] { get }

    /// How old the oldest write to the log is that reports do not hold yet; zero where they hold all.
    func rollupLag() async throws(LedgerError) -> Duration

    /// Whether the database answers.
    func ping() async throws(LedgerError)

    /// Whether the database takes writes now, proven by one. Throws `.unavailable` with a sentence for operators.
    func proveWritable() async throws(LedgerError)
}

extension LedgerHealth {
    /// Of a ledger that takes writes whenever it answers.
    package func proveWritable() async throws(LedgerError) { try await ping() }

    package var unreadableRows: [UnreadableRow] { [] }

    package var pools: [PoolStanding] { [] }

    /// Of a ledger without sums of its own.
    package func rollupLag() async throws(LedgerError) -> Duration { .zero }
}

extension CallLog {
    package func redact(_ redaction: Redaction) async throws(LedgerError) -> Int {
        try await redact(redaction, by: AuditActor.local, at: TimeSource.system.now)
    }
}

extension People {
    /// The team of that name; nil when there is none.
    package func team(named name: String) async throws(LedgerError) -> TeamRecord? {
        try await teams().first { $0.name == name }
    }

    /// The team of that name, made where there is none.
    package func ensureTeam(_ name: String, at moment: Timestamp) async throws(LedgerError) -> TeamRecord {
        if let team = try await team(named: name) { return team }
        do throws(LedgerError) {
            return try await createTeam(name: name, by: AuditActor.local, at: moment)
        } catch {
            // Another process may have been quicker.
            guard case .conflict = error, let team = try await team(named: name) else { throw error }
            return team
        }
    }

    package func createTeam(name: String, at moment: Timestamp) async throws(LedgerError) -> TeamRecord {
        try await createTeam(name: name, by: AuditActor.local, at: moment)
    }

    package func createKey(_ key: NewKey) async throws(LedgerError) { try await createKey(key, by: AuditActor.local) }

    package func revokeKey(_ id: UUID, at moment: Timestamp) async throws(LedgerError) -> Bool {
        try await revokeKey(id, by: AuditActor.local, at: moment)
    }

    package func changeTeam(_ name: String, _ change: TeamChange) async throws(LedgerError) -> TeamRecord {
        try await changeTeam(name, change, by: AuditActor.local, at: TimeSource.system.now)
    }

    package func setTeam(_ name: String, allowsUnpriced: Bool) async throws(LedgerError) -> TeamRecord {
        try await changeTeam(name, TeamChange(allowsUnpriced: allowsUnpriced))
    }
}
