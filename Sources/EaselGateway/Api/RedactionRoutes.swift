import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation

/// Takes a person's prompts out of the log, on request. What was counted stays.
final class RedactionRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "POST",
            "/v1/calls/redact",
            .admin,
            "Removes prompts from the log",
            load: .countedReport,
            body: .object([
                .optional("call", .id, "The id of a call."),
                .optional("key", .id, "The id of a key: its calls."),
                .optional("team", .text, "The name of a team: its calls."),
                .optional("tag_name", .text, "With `tag_value`: calls with this tag."),
                .optional("tag_value", .text, "With `tag_name`."),
                .optional("before", .momentOrDay, "Only calls before this time."),
            ]),
            example: ["tag_name": "customer", "tag_value": "4711", "before": "2026-11-01"],
            gives: [.json(.object([Field("redacted", .count)]), "How many calls lost their prompts.")],
            note: "One of `call`, `key`, `team` and `tag_name` is required. The figures stay."
        ) { api, visit throws(Problem) in try await api.redactions.redact(visit) }
    ]

    private let ledger: any CallLog & People
    private let log: Log

    init(ledger: any CallLog & People, log: Log) {
        self.ledger = ledger
        self.log = log
    }

    private func redact(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        var redaction = Redaction()
        redaction.callID = Self.id("call", &body)
        redaction.keyID = Self.id("key", &body)
        redaction.before = body.moment("before")
        let team = body.text("team")
        switch (body.text("tag_name"), body.text("tag_value")) {
        case (let name?, let value?): redaction.tag = Redaction.Tag(name: name.nfc, value: value.nfc)
        case (nil, nil): break
        case (_, nil): body.fault("tag_value", "is required beside tag_name")
        default: body.fault("tag_name", "is required beside tag_value")
        }
        if !["call", "key", "team", "tag_name"].contains(where: { body.has($0) }) {
            body.fault("call", "is required, or key, team or tag_name with tag_value: name whose prompts")
        }
        guard body.faults.isEmpty else { throw .invalid(body.faults) }
        do throws(LedgerError) {
            if let team {
                guard let found = try await ledger.team(named: team) else {
                    throw LedgerError.notFound(team)
                }
                redaction.teamID = found.id
            }
            let count = try await ledger.redact(redaction, by: visit.who.actor, at: visit.now)
            log.info("prompts were removed from the log", ["calls": String(count), "by_team": visit.who.known.team])
            var text = JSONText()
            text.object { $0.member("redacted", count) }
            return .json(text.bytes)
        } catch {
            if case .notFound = error { throw .invalid([RequestFault("team", "is not known")]) }
            throw Problem(error)
        }
    }

    private static func id(_ name: String, _ body: inout BodyFields) -> UUID? {
        guard let text = body.text(name) else { return nil }
        let id = UUID(uuidString: text)
        if id == nil { body.fault(name, "must be an id, such as 01931c2e-7a00-7000-8000-000000000000") }
        return id
    }
}
