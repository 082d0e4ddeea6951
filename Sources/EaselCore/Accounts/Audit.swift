package import EaselBase
package import Foundation

/// Something that somebody changed, as it is kept: who, what, when, and what it was before and after. Never a secret, a
/// prompt or an image.
package struct AuditEvent: Sendable, Hashable {
    package enum Action: String, Sendable, Hashable, CaseIterable {
        case createTeam = "team.create"
        case changeTeam = "team.change"
        case createKey = "key.create"
        case revokeKey = "key.revoke"
        case setBudget = "budget.set"
        case raiseBudget = "budget.raise"
        case endRaise = "budget.end_raise"
        case removeBudget = "budget.remove"
        case setPrices = "prices.set"
        case recomputePrices = "prices.recompute"
        case redactCalls = "calls.redact"
        case muteAlert = "alert.mute"
        case endMute = "alert.end_mute"
        case replayAlerts = "alert.replay"
    }

    /// Of version 7: ids are in the order of time.
    package let id: UUID
    package let at: Timestamp
    package let actor: AuditActor
    package let action: Action
    /// What it was done to: `team:design`, `key:ID`, `project:design/spring month`.
    package let subject: String
    /// Nil: there was nothing.
    package let before: JSONValue?
    /// Nil: there is nothing any more.
    package let after: JSONValue?

    package init(
        id: UUID,
        at moment: Timestamp,
        actor: AuditActor,
        action: Action,
        subject: String,
        before: JSONValue?,
        after: JSONValue?
    ) {
        self.id = id
        at = moment
        self.actor = actor
        self.action = action
        self.subject = subject
        self.before = before
        self.after = after
    }

    /// What happens now. `actor`: as histories name it (`AuditActor`).
    package init(
        _ action: Action,
        _ subject: String,
        by actor: String,
        at moment: Timestamp,
        before: JSONValue? = nil,
        after: JSONValue? = nil
    ) {
        self.init(
            id: UUIDv7.mint(at: moment),
            at: moment,
            actor: AuditActor(name: actor),
            action: action,
            subject: subject,
            before: before,
            after: after
        )
    }
}

/// Who changed something.
package struct AuditActor: Sendable, Hashable {
    /// Whoever works at the database itself, such as a start that makes what is missing.
    package static let local = "command line"

    /// `operator`, `key ID`, or `local`.
    package let name: String
    /// The team of the key; nil where there is no key, or it is not known any more.
    package let team: String?

    package init(name: String, team: String? = nil) {
        self.name = name
        self.team = team
    }

    /// Nil where it is not one of the keys in the ledger.
    package var keyID: UUID? { name.hasPrefix("key ") ? UUID(uuidString: String(name.dropFirst(4))) : nil }
}

/// Which events of the audit are asked for, the newest first.
package struct AuditQuery: Sendable, Hashable {
    package var since: Timestamp?
    /// Only those before this one.
    package var before: UUID?
    package var limit: Int

    package init(since: Timestamp? = nil, before: UUID? = nil, limit: Int) {
        self.since = since
        self.before = before
        self.limit = limit
    }
}

/// What people changed. Every change that has a transaction of its own writes its line there; the others use `record`.
package protocol AuditBook: Sendable {
    func auditEvents(_ query: AuditQuery) async throws(LedgerError) -> [AuditEvent]
    func record(_ event: AuditEvent) async throws(LedgerError)
}
