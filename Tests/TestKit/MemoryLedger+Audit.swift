import EaselBase
package import EaselCore
import EaselMemory
import Foundation

extension MemoryLedger {
    package func record(_ event: AuditEvent) async throws(LedgerError) {
        try with("record") { $0.note(event) }
    }

    package func auditEvents(_ query: AuditQuery) async throws(LedgerError) -> [AuditEvent] {
        try with("auditEvents") { state in
            let found = state.audit.sorted { $0.id.uuidString > $1.id.uuidString }.filter { event in
                query.since.map { event.at >= $0 } ?? true
                    && query.before.map { event.id.uuidString < $0.uuidString } ?? true
            }
            return Array(found.prefix(query.limit))
        }
    }
}

extension MemoryLedger.State {
    /// A line of the audit, with the team of the key.
    mutating func note(_ event: AuditEvent) {
        let key = event.actor.keyID.flatMap { id in book.keys(team: nil).first { $0.id == id } }
        audit.append(
            AuditEvent(
                id: event.id,
                at: event.at,
                actor: AuditActor(name: event.actor.name, team: event.actor.team ?? key?.team),
                action: event.action,
                subject: event.subject,
                before: event.before,
                after: event.after
            )
        )
    }
}
