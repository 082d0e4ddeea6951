import EaselBase
import EaselCore
import Foundation

/// The audit's lines.
enum AuditStatements {
    /// The team is the key's of now: it cannot move to another.
    static func insert(_ event: AuditEvent) -> SQLCommand {
        SQLCommand(
            """
            INSERT INTO audit_events (event_id, at, actor, actor_key_id, actor_team, action, subject, before, after)
            VALUES ($1, $2, $3, $4, coalesce($5,
                (SELECT t.name FROM api_keys AS k JOIN teams AS t ON t.id = k.team_id WHERE k.id = $4)), $6, $7, $8, $9)
            ON CONFLICT (event_id) DO NOTHING
            """,
            [
                .uuid(event.id), .time(event.at), .text(event.actor.name), .uuid(event.actor.keyID),
                .text(event.actor.team), .text(event.action.rawValue), .text(event.subject),
                .json(encoding: event.before), .json(encoding: event.after),
            ]
        )
    }

    static func list(_ query: AuditQuery) -> SQLCommand {
        SQLCommand(
            """
            SELECT event_id, at, actor, actor_team, action, subject, before, after FROM audit_events
            WHERE ($1::timestamptz IS NULL OR at >= $1) AND ($2::uuid IS NULL OR event_id < $2)
            ORDER BY event_id DESC LIMIT $3
            """,
            [.time(query.since), .uuid(query.before), .int(query.limit)]
        )
    }

    static func event(_ cells: [SQLValue]) throws(PostgresError) -> AuditEvent {
        var row = RowReader(cells)
        let (id, at, name, team) = (try row.uuid(), try row.time(), try row.text(), try row.optionalText())
        return AuditEvent(
            id: id,
            at: at,
            actor: AuditActor(name: name, team: team),
            action: try row.word(AuditEvent.Action.self),
            subject: try row.text(),
            before: try row.optionalJSON(JSONValue.self),
            after: try row.optionalJSON(JSONValue.self)
        )
    }
}
