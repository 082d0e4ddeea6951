import EaselCore

extension Shapes {
    private static let teamFields: [Field] = [
        Field("id", .integer),
        Field("name", .text),
        Field("created_at", .moment),
        Field("allow_unpriced", .flag, .always, "Calls without a known price pass the team's hard budgets."),
        Field("known_projects", .list(of: .text), .sometimes, "Absent: any."),
    ]
    static let team = Schema.named("Team", teamFields)
    static let teamChanged = Schema.named(
        "TeamChanged",
        teamFields + [
            Field("was_allow_unpriced", .flag.orNull),
            Field("was_known_projects", Schema.list(of: .text).orNull),
        ]
    )

    private static let keyFields: [Field] = [
        Field("id", .id),
        Field("team", .text),
        Field("prefix", .text, .always, "The first characters of the key, to recognise it by."),
        Field("role", .choice(Account.Role.self)),
        Field("project", .text.orNull),
        Field("project_bound", .flag),
        Field("created_at", .moment),
        Field("expires_at", Schema.moment.orNull),
        Field("revoked_at", Schema.moment.orNull),
        Field("requests_per_minute", .count.orNull),
        Field("max_concurrent", .count.orNull),
        Field("inline_policies", .flag),
    ]
    static let key = Schema.named("Key", keyFields)
    static let keyMade = Schema.named(
        "KeyMade",
        keyFields + [Field("key", .text, .always, "The key itself, shown only once.")]
    )

    static let session = Schema.named(
        "Session",
        [
            Field("team", .text),
            Field("role", .choice(Account.Role.self)),
            Field("key_id", .id),
            Field("expires_at", Schema.moment.orNull, .sometimes, "When the key or the session ends by itself."),
        ]
    )

    static let auditEvent = Schema.named(
        "AuditEvent",
        [
            Field("id", .id),
            Field("at", .moment),
            Field(
                "actor",
                .object([
                    Field("name", .text, .always, "`operator`, `key ID`, or `command line`."),
                    Field("key_id", Schema.id.orNull),
                    Field("team", .text.orNull, .always, "Of the key."),
                ])
            ),
            Field("action", .choice(AuditEvent.Action.self)),
            Field("subject", .text),
            Field("before", .any, .always, "Null where there was nothing."),
            Field("after", .any, .always, "Null where there is nothing any more."),
        ]
    )

    // MARK: - Alerts

    static let alert = Schema.named(
        "Alert",
        [
            Field("rule", .text),
            Field("subject", .text),
            Field("state", .choice(["firing", "ok"])),
            Field("severity", .choice(AlertSeverity.self)),
            Field("level", .integer),
            Field("value", .text),
            Field("summary", .text),
            Field("since", .moment),
            Field("muted_until", Schema.moment.orNull),
            Field("details", .map(of: .any)),
        ]
    )
    static let mute = Schema.named(
        "AlertMute",
        [Field("id", .id), Field("rule", .text), Field("subject", .text.orNull), Field("until", .moment)]
    )
    private static let destinations = Field("to", .list(of: .text), .always, "Names of destinations.")
    static let alerts = Schema.named(
        "Alerts",
        [
            Field("alerts", .list(of: alert)),
            Field(
                "rules",
                .list(
                    of: .object([
                        Field("name", .text),
                        Field("on", .choice(AlertRule.Kind.self)),
                        Field("condition", .text),
                        destinations,
                        Field("firing", .count),
                        Field("muted_until", Schema.moment.orNull),
                    ])
                )
            ),
            Field(
                "destinations",
                .list(of: .object([Field("name", .text), Field("kind", .choice(AlertPlan.Destination.Kind.self))]))
            ),
            Field(
                "reports",
                .list(
                    of: .object([
                        Field("name", .text),
                        Field("every", .choice(ReportSchedule.Every.self)),
                        Field("report", .text),
                        destinations,
                    ])
                )
            ),
            Field("mutes", .list(of: mute)),
        ]
    )

    private static let eventHead: [Field] = [
        Field("id", .id),
        Field("type", .text),
        Field("at", .moment),
        Field("rule", .text),
        Field("subject", .text),
        Field("severity", .choice(AlertSeverity.self)),
        Field("title", .text),
        Field("muted", .flag),
    ]
    private static let deliveries = Field(
        "deliveries",
        .list(
            of: .object([
                Field("destination", .text),
                Field("status", .choice(AlertDelivery.Status.self)),
                Field("attempts", .count),
                Field("next_attempt_at", Schema.moment.orNull),
                Field("ended_at", Schema.moment.orNull),
                Field("http_status", .integer.orNull),
                Field("last_error", .text.orNull),
            ])
        )
    )
    static let eventHeads = Schema.listing(
        "events",
        of: .named("AlertEventHead", eventHead + [deliveries]),
        pages: true
    )
    static let event = Schema.named(
        "AlertEvent",
        eventHead + [Field("text", .text), Field("data", .map(of: .any)), deliveries]
    )
}
