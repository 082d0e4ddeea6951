import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Who changed what, for admins.
struct AuditRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/audit",
            .admin,
            "Who changed what, newest first",
            query: .only([since, limit, cursor]),
            gives: [.json(.listing("events", of: Shapes.auditEvent, pages: true), "A page of changes.")],
            note: """
                Teams, keys, budgets and their raises, prices, recomputations, redactions, mutes and replays, with what was before and \
                after. Each is written with the change itself; never a key, a prompt or the value of a tag.
                """
        ) { api, visit throws(Problem) in try await api.audit.list(visit) }
    ]

    private static let since = QueryParameter.moment("since", "Only changes since then.")
    private static let limit = QueryParameter.integer("limit", 1...200, usual: 50, "Changes on a page.")
    private static let cursor = QueryParameter.id(
        "cursor",
        "`next_cursor` of the previous page.",
        mend: "must be `next_cursor` of a page"
    )

    let book: any AuditBook

    private func list(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let query = AuditQuery(since: visit[Self.since], before: visit[Self.cursor], limit: visit[Self.limit])
        let events = try await Problem.of { () async throws(LedgerError) in try await book.auditEvents(query) }
        var text = JSONText()
        text.object { text in
            text.key("events")
            text.array(events) { text, event in Self.write(event, to: &text) }
            if events.count == query.limit, let last = events.last { text.member("next_cursor", last.id.text) }
        }
        return .json(text.bytes)
    }

    private static func write(_ event: AuditEvent, to text: inout JSONText) {
        text.object { text in
            text.member("id", event.id.text)
            text.member("at", event.at.description)
            text.key("actor")
            text.object { text in
                text.member("name", event.actor.name)
                // The operator's key has an id in calls too.
                let key = event.actor.name == Admin.operatorName ? Authenticator.adminKeyID : event.actor.keyID
                text.member("key_id", key?.text)
                text.member("team", event.actor.team)
            }
            text.member("action", event.action.rawValue)
            text.member("subject", event.subject)
            text.member("before", event.before ?? .null)
            text.member("after", event.after ?? .null)
        }
    }
}
