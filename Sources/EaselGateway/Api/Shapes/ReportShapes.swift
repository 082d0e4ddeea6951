import EaselCore
import EaselReporting

extension Shapes {
    private static let quality = Schema.named(
        "DataQuality",
        [
            "unpriced_attempts", "unknown_attempts", "journal_pending", "rollup_lag_s", "journal_set_aside",
            "unsummed_windows",
        ].map { Field($0, .count) }
    )
    private static let latency = Field("latency_ms", .object(["p50", "p90", "p99"].map { Field($0, .count.orNull) }))

    private static func figures(_ columns: some Sequence<Report.Column>) -> [Field] {
        // Percentiles stand together in an object of their own.
        columns.filter { $0.kind != .milliseconds }.map {
            Field($0.key, $0.kind == .money ? .money.orNull : .count.orNull)
        }
    }

    static let usage = Schema.named(
        "UsageReport",
        [
            Field("from", .moment),
            Field("to", .moment),
            Field("timezone", .text),
            Field("group_by", .list(of: .text)),
            Field(
                "rows",
                .list(of: .object(figures(UsageReport.columns.map(\.column)) + [latency])),
                .always,
                "With a member for each group: its name, or null where there is none."
            ),
            Field("totals", .object(figures(UsageReport.columns.map(\.column)) + [latency])),
            Field("data_quality", quality),
        ]
    )

    private static let side = Schema.object(figures(ReportBuilder.shadowSide) + [latency])
    static let shadowReport = Schema.named(
        "ShadowReport",
        [
            Field("from", .moment),
            Field("to", .moment),
            Field("policy", .text.orNull),
            Field(
                "rows",
                .list(
                    of: .object([
                        Field("policy", .text),
                        Field("model", .choice(RemixModel.self)),
                        Field("primary_provider", .text),
                        Field("shadow_provider", .text),
                        Field("compared", .count),
                        Field("pending", .count),
                        Field("primary", side),
                        Field("shadow", side),
                    ])
                )
            ),
        ]
    )

    static let report = Schema.named(
        "Report",
        [
            Field("report", .text),
            Field("from", .moment),
            Field("to", .moment),
            Field("timezone", .text),
            Field(
                "columns",
                .list(
                    of: .object([
                        Field("key", .text, .always, "Its name in rows and totals."),
                        Field("title", .text),
                        Field("kind", .choice(Report.Kind.self)),
                        Field("importance", .integer),
                        Field("definition", .text),
                    ])
                )
            ),
            Field("rows", .list(of: .map(of: .any)), .always, "Objects by the keys of the columns."),
            Field("totals", Schema.map(of: .any).orNull, .always, "Null where a total has no meaning."),
            Field("data_quality", quality),
            Field("notes", .list(of: .text)),
        ]
    )

    private static let usageTotals = Schema.object(figures(UsageReport.columns.map(\.column)) + [latency])
    static let overview = Schema.named(
        "Overview",
        [
            Field("from", .moment),
            Field("to", .moment),
            Field("timezone", .text),
            Field("previous", .object([Field("from", .moment), Field("to", .moment)])),
            Field("totals", usageTotals),
            Field("previous_totals", usageTotals),
            Field(
                "by_day",
                .list(
                    of: .object(
                        [Field("day", .text), Field("cost_usd", .money), Field("estimated_usd", .money)]
                            + [
                                "calls", "images", "succeeded", "partial", "refused", "failed", "failovers",
                                "nsfw_images", "copyright_flagged",
                            ].map { Field($0, .count) } + [latency]
                    )
                ),
                .always,
                "Every day of the period."
            ),
            Field(
                "by_team_day",
                .list(
                    of: .object([Field("team", .text.orNull), Field("day", .text), Field("cost_usd", .money)])
                ),
                .always,
                "The \(OverviewFigures.mostTeams) teams that cost most, then all others with a null for the team."
            ),
            Field("budgets", .list(of: budget)),
            Field("providers", .list(of: provider)),
            Field("alerts", .list(of: alert), .always, "Those that fire; for admins."),
            Field("data_quality", quality),
        ]
    )

    // MARK: - Status

    static let readiness = Schema.named(
        "Readiness",
        [
            Field("status", .choice(["ready", "degraded", "shutting_down", "unavailable"])),
            Field("ledger", .choice(["ok", "unavailable"])),
            Field("journal", .choice(["ok", "unwritable", "unreadable_files"])),
            Field("reason", .text, .sometimes, "Why the ledger or the journal accepts no writes."),
            Field("providers", .map(of: .choice(ProviderState.self))),
            Field("version", .text),
            Field("degraded", .list(of: .text), .sometimes, "What needs attention, although calls are accepted."),
            Field("unreadable_rows", .count),
        ]
    )

    private static let providerState: [Field] = [
        Field("state", .choice(ProviderState.self)),
        Field("breaker", .choice(Breaker.Phase.self)),
        Field("reason", .text, .sometimes),
        Field("retry_after_ms", .count, .sometimes),
    ]
    private static let provider = Schema.named(
        "Provider",
        [Field("name", .text), Field("kind", .text, .always, "Which interface it speaks, such as `runware`.")]
            + providerState + [
                Field("in_flight", .count),
                Field("max_in_flight", .count),
                Field("waiting", .count),
                Field("error_rate", .share, .sometimes),
                Field("latency_ms", .map(of: .count), .always, "The usual time by model."),
                Field(
                    "models",
                    .list(
                        of: .object(
                            [Field("model", .choice(RemixModel.self))] + providerState + [
                                Field("attempts", .count, .always, "Of the last five minutes."),
                                Field("error_rate", .share, .sometimes),
                                Field(
                                    "latency_ms",
                                    .object([Field("p50", .count, .sometimes), Field("p95", .count, .sometimes)])
                                ),
                            ]
                        )
                    )
                ),
                Field("last_outcome", .choice(AttemptOutcome.self), .sometimes),
                Field("last_attempt_at", .moment, .sometimes),
                Field("spend_today_usd", .money),
            ]
    )
    static let providers = Schema.listing("providers", of: provider)

    // MARK: - Errors

    static let problem = Schema.named(
        "Problem",
        [
            Field("type", .text),
            Field("title", .text),
            Field("status", .integer),
            Field("detail", .text, .sometimes, "A sentence that names the fault and the fix."),
            Field("code", .choice(Problem.Code.self)),
            Field("call_id", .id, .sometimes),
            Field("retry_after", .count, .sometimes, "Seconds."),
            Field(
                "errors",
                .list(of: .object([Field("parameter", .text), Field("message", .text)])),
                .sometimes,
                "Every fault of the request at once."
            ),
            Field("budget", budget, .sometimes, "The budget that the call would exceed."),
            Field("attempts", .list(of: attempt), .sometimes, "The providers that were asked."),
        ]
    )
}
