import EaselBase
import EaselCore
import EaselReporting
import EaselServer
import EaselTransport
import Foundation

/// Alerts for those who look, try and mute them; all for admins.
final class AlertRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/v1/alerts",
            .admin,
            "What is watched, what is firing and who is notified",
            gives: [.json(Shapes.alerts, "Everything about alerts.")],
            fails: [.notFound]
        ) {
            api,
            visit throws(Problem) in
            try await api.kept().overview(visit)
        },
        ApiRoute(
            "GET",
            "/v1/alerts/events",
            .admin,
            "What was sent, newest first",
            query: .only([limit, before, dead]),
            gives: [.json(Shapes.eventHeads, "A page of events.")],
            fails: [.notFound]
        ) {
            api,
            visit throws(Problem) in try await api.kept().events(visit)
        },
        ApiRoute(
            "GET",
            "/v1/alerts/events/{id}",
            .admin,
            "One event with its text and its deliveries",
            gives: [.json(Shapes.event, "The event.")]
        ) {
            api,
            visit throws(Problem) in try await api.kept().event(visit)
        },
        ApiRoute(
            "POST",
            "/v1/alerts/test",
            .admin,
            "Tests destinations",
            body: .object([.optional("destinations", .list(of: .text), "Names; all by default.")]),
            example: ["destinations": ["ops"]],
            gives: [
                .json(
                    .object([Field("event", .id), Field("destinations", .list(of: .text))]),
                    "The test is on its way.",
                    status: 202
                )
            ],
            fails: [.notFound]
        ) { api, visit throws(Problem) in try await api.kept().test(visit) },
        ApiRoute(
            "POST",
            "/v1/alerts/replay",
            .admin,
            "Sends dead letters again",
            body: .object([
                .optional("events", .list(of: .id), "The ids of events; this or `all`."),
                .optional("all", .flag, "Every dead letter."),
            ]),
            example: ["all": true],
            gives: [.json(.object([Field("replayed", .count)]), "How many deliveries are sent again.")],
            fails: [.notFound]
        ) { api, visit throws(Problem) in try await api.kept().replay(visit) },
        ApiRoute(
            "POST",
            "/v1/alerts/mutes",
            .admin,
            "Mutes a rule for a while",
            body: .object([
                .required("rule", .text, "The name of a rule."),
                .optional("subject", .text(1...longestSubject), "Only for this subject, such as `team:design`."),
                .required("until", .momentOrDay, "In the future, and within a year."),
            ]),
            example: ["rule": "budgets", "subject": "team:design", "until": "2026-12-24"],
            gives: [.json(Shapes.mute, "The mute.", status: 201)],
            fails: [.notFound]
        ) { api, visit throws(Problem) in try await api.kept().mute(visit) },
        ApiRoute("DELETE", "/v1/alerts/mutes/{id}", .admin, "Ends a mute", gives: [.nothing("The mute has ended.")]) {
            api,
            visit throws(Problem) in
            try await api.kept().unmute(visit)
        },
    ]

    private static let limit = QueryParameter.integer("limit", 1...200, usual: 20, "Events on a page.")
    private static let before = QueryParameter.id(
        "before",
        "`next_cursor` of the previous page.",
        mend: "must be the id of an event"
    )
    private static let dead = QueryParameter.flag("dead", "Only events with a delivery that was given up.")
    /// The longest that a rule may be muted.
    private static let longestMute = Duration.seconds(366 * 86_400)
    private static let longestSubject = 256

    private let book: any AlertBook
    private let plan: AlertPlan
    private let log: Log

    init(book: any AlertBook, plan: AlertPlan, log: Log) {
        self.book = book
        self.plan = plan
        self.log = log
    }

    // MARK: - Reading

    /// What fires now, by the rules of now.
    func firing(at moment: Timestamp) async throws(Problem) -> [AlertNews] {
        let (states, mutes) = try await Problem.of { () async throws(LedgerError) in
            (try await book.alertStates(), try await book.alertMutes(at: moment))
        }
        let names = Set(plan.rules.map(\.name))
        return states.filter { $0.isFiring && names.contains($0.rule) }.sorted { $0.rule < $1.rule }
            .map { AlertNews($0, mutes, at: moment) }
    }

    private func overview(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let now = visit.now
        let (states, mutes) = try await Problem.of { () async throws(LedgerError) in
            (try await book.alertStates(), try await book.alertMutes(at: now))
        }
        // What a rule found that the configuration does not have any more is nobody's concern.
        let names = Set(plan.rules.map(\.name))
        let shown = states.filter { names.contains($0.rule) }
            .sorted { ($0.isFiring ? 0 : 1, $0.rule) < ($1.isFiring ? 0 : 1, $1.rule) }
        var text = JSONText()
        text.object { text in
            text.key("alerts")
            text.array(shown) { text, state in
                let mute = mutes.first { $0.covers(state.rule, state.finding.subject, at: now) }
                AlertText.write(state, mutedUntil: mute?.until, to: &text)
            }
            text.key("rules")
            text.array(plan.rules) { text, rule in
                text.object { text in
                    text.member("name", rule.name)
                    text.member("on", rule.kind.rawValue)
                    text.member("condition", rule.condition)
                    text.key("to")
                    text.array(rule.destinations) { $0.string($1) }
                    text.member("firing", shown.count { $0.rule == rule.name && $0.isFiring })
                    let mute = mutes.first { $0.rule == rule.name && $0.subject == nil }
                    text.member("muted_until", mute?.until.description)
                }
            }
            text.key("destinations")
            text.array(plan.destinations) { text, destination in
                text.object { text in
                    text.member("name", destination.name)
                    text.member("kind", destination.kind.rawValue)
                }
            }
            text.key("reports")
            text.array(plan.schedules) { text, schedule in
                text.object { text in
                    text.member("name", schedule.name)
                    text.member("every", schedule.every.rawValue)
                    text.member("report", schedule.report)
                    text.key("to")
                    text.array(schedule.destinations) { $0.string($1) }
                }
            }
            text.key("mutes")
            text.array(mutes) { text, mute in Self.write(mute, to: &text) }
        }
        return .json(text.bytes)
    }

    private static func write(_ mute: AlertMute, to text: inout JSONText) {
        text.object { text in
            text.member("id", mute.id.text)
            text.member("rule", mute.rule)
            text.member("subject", mute.subject)
            text.member("until", mute.until.description)
        }
    }

    private func events(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let limit = visit[Self.limit]
        var wanted = AlertEventQuery(limit: limit)
        wanted.before = visit[Self.before]
        if visit[Self.dead] == true { wanted.hasDeadLetter = true }
        let query = wanted
        let events = try await Problem.of { () async throws(LedgerError) in try await book.alertEvents(query) }
        var text = JSONText()
        text.object { text in
            text.key("events")
            text.array(events) { text, event in Self.write(event, hasData: false, to: &text) }
            if events.count == limit, let last = events.last { text.member("next_cursor", last.event.id.text) }
        }
        return .json(text.bytes)
    }

    private func event(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let missing = "There is no event with this id."
        var wanted = AlertEventQuery(limit: 1)
        wanted.eventID = try visit.id(orMissing: missing)
        let query = wanted
        let events = try await Problem.of { () async throws(LedgerError) in try await book.alertEvents(query) }
        guard let event = events.first else { throw Problem(.notFound, missing) }
        var text = JSONText()
        Self.write(event, hasData: true, to: &text)
        return .json(text.bytes)
    }

    private static func write(_ recorded: RecordedEvent, hasData: Bool, to text: inout JSONText) {
        let event = recorded.event
        text.object { text in
            text.member("id", event.id.text)
            text.member("type", event.type)
            text.member("at", event.at.description)
            text.member("rule", event.rule)
            text.member("subject", event.subject)
            text.member("severity", event.severity.rawValue)
            text.member("title", event.title)
            text.member("muted", event.isMuted)
            if hasData {
                text.member("text", event.text)
                text.member("data", event.data)
            }
            text.key("deliveries")
            text.array(recorded.deliveries) { text, delivery in
                text.object { text in
                    text.member("destination", delivery.destination)
                    text.member("status", delivery.status.rawValue)
                    text.member("attempts", delivery.attempts)
                    text.member("next_attempt_at", delivery.nextAttemptAt?.description)
                    text.member("ended_at", delivery.endedAt?.description)
                    text.member("http_status", delivery.httpStatus)
                    text.member("last_error", delivery.lastError)
                }
            }
        }
    }

    // MARK: - Acting

    private func test(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        let known = plan.destinations.map(\.name)
        if known.isEmpty {
            body.fault("destinations", "cannot be tested: the configuration has none; add `alerts.destinations`")
        }
        var wanted = known
        if let list = body.list("destinations") {
            wanted = list.compactMap(\.stringValue)
            if wanted.count != list.count || wanted.isEmpty {
                body.fault("destinations", "must be a list of at least one name")
            }
            for name in wanted where !known.contains(name) && !known.isEmpty {
                let names = known.joined(separator: ", ")
                body.fault("destinations", "has no destination \"\(name.prefix(64))\"; there are \(names)")
            }
        }
        guard body.faults.isEmpty else { throw .invalid(body.faults) }
        let event = AlertMessage.test(by: visit.who.known.team, now: visit.now)
        let targets = wanted
        try await Problem.of { () async throws(LedgerError) in try await book.record(event, to: targets) }
        var text = JSONText()
        text.object { text in
            text.member("event", event.id.text)
            text.key("destinations")
            text.array(targets) { $0.string($1) }
        }
        return .json(text.bytes, status: 202)
    }

    private func replay(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        let isAll = body.flag("all") ?? false
        var ids: [UUID]?
        if let list = body.list("events") {
            let found = list.compactMap { $0.stringValue.flatMap { UUID(uuidString: $0) } }
            if found.count != list.count || found.isEmpty {
                body.fault("events", "must be a list of at least one event id")
            }
            ids = found
        }
        if isAll == (ids != nil), body.faults.isEmpty {
            body.fault("events", "is required, or `all: true` for every dead letter, but not both")
        }
        guard body.faults.isEmpty else { throw .invalid(body.faults) }
        let (events, now) = (ids, visit.now)
        let count = try await Problem.of { () async throws(LedgerError) in
            try await book.replay(events: events, by: visit.who.actor, at: now)
        }
        log.info("dead letters are sent again", ["deliveries": String(count)])
        var text = JSONText()
        text.object { $0.member("replayed", count) }
        return .json(text.bytes)
    }

    private func mute(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        var body = visit.body
        let now = visit.now
        let rule = body.text("rule", required: true)
        let subject = body.text("subject")
        let until = body.moment("until", required: true)
        if let rule, !plan.rules.contains(where: { $0.name == rule }) {
            let names = plan.rules.map(\.name).joined(separator: ", ")
            body.fault("rule", "is not a rule; \(names.isEmpty ? "the configuration has none" : "there are \(names)")")
        }
        if let subject, subject.isEmpty || subject.count > Self.longestSubject {
            body.fault("subject", "must have 1 to \(Self.longestSubject) characters, such as team:design")
        }
        if let until, until <= now || until > now + Self.longestMute {
            body.fault("until", "must be in the future, and within a year")
        }
        guard body.faults.isEmpty, let rule, let until else { throw .invalid(body.faults) }
        let mute = AlertMute(id: UUIDv7.mint(at: now), rule: rule, subject: subject, until: until, createdAt: now)
        try await Problem.of { () async throws(LedgerError) in try await book.add(mute, by: visit.who.actor) }
        var text = JSONText()
        Self.write(mute, to: &text)
        return .json(text.bytes, status: 201)
    }

    private func unmute(_ visit: Visit<Admin>) async throws(Problem) -> ServerResponse {
        let missing = "There is no mute with this id."
        let id = try visit.id(orMissing: missing)
        let isRemoved = try await Problem.of { () async throws(LedgerError) in
            try await book.removeMute(id, by: visit.who.actor, at: visit.now)
        }
        guard isRemoved else { throw Problem(.notFound, missing) }
        return .empty()
    }
}
