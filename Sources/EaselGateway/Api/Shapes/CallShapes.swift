import EaselCore

/// Shapes of what routes answer. The values are written beside the handlers; a test holds both together.
enum Shapes {}

extension Shapes {
    static let image = Schema.named(
        "Image",
        [
            Field("url", .text, .sometimes, "Of the three forms only the requested one is present."),
            Field("base64", .text, .sometimes),
            Field("data_uri", .text, .sometimes),
            Field("width", .count.orNull),
            Field("height", .count.orNull),
            Field("format", Schema.choice(ImageFormat.self).orNull),
            Field("seed", .integer.orNull),
            Field("nsfw", .flag.orNull, .always, "Null: not checked."),
            Field("copyright", .choice(CopyrightVerdict.self)),
            Field("withheld", .flag, .always, "The provider withheld it."),
        ]
    )

    static let attempt = Schema.named(
        "Attempt",
        [
            Field("id", .id),
            Field("provider", .text),
            Field("outcome", .choice(AttemptOutcome.self)),
            Field("reason", .text.orNull),
            Field("error_code", .text, .sometimes, "The provider's own."),
            Field("http_status", .integer, .sometimes, "The provider's own."),
            Field("started_at", .moment),
            Field("latency_ms", .count.orNull),
            Field("cost_usd", .money.orNull, .always, "Null: not known."),
            Field("cost_basis", costBasis.orNull),
            Field("duplicate_risk", .flag, .sometimes, "An earlier attempt may have been paid for as well."),
            Field(
                "phases",
                .object(
                    [
                        ("dns_ms", "Looking up the name."),
                        ("connect_ms", "Connecting."),
                        ("tls_ms", "The TLS handshake."),
                        ("first_byte_ms", "From the request's last byte to the answer's first."),
                    ].map { Field($0.0, .number, .sometimes, $0.1) }
                ),
                .sometimes,
                "How long the phases took that were measured; on a connection that was kept there is none to make."
            ),
        ]
    )

    static let costBasis = Schema.choice(CostBasis.self)

    static let translation = Schema.named(
        "Translation",
        [
            Field("parameter", .text),
            Field("provider_parameter", .text.orNull),
            Field("action", .choice(TranslationEntry.Action.self)),
            Field("note", .text.orNull),
        ]
    )

    private static let head: [Field] = [
        Field("id", .id),
        Field("status", .choice(CallStatus.self)),
        Field("model", .choice(RemixModel.self)),
        Field("provider", .text.orNull, .always, "The one that delivered."),
    ]
    private static let figures: [Field] = [
        Field("cost_usd", .money.orNull, .always, "The known cost of all attempts; null: nothing is known."),
        Field("cost_basis", costBasis.orNull),
        Field("latency_ms", .count.orNull),
    ]
    private static let images = Field("images", .list(of: image))
    private static let parts: [Field] = [
        Field("attempts", .list(of: attempt)),
        Field("translation", .list(of: translation), .always, "What was done with each parameter."),
    ]
    private static let record: [Field] = [
        Field("received_at", .moment),
        Field("team", .text),
        Field("key_id", .id),
        Field("project", .text.orNull),
        Field("tags", .map(of: .text)),
        Field("policy", .text),
        Field("error_code", .text.orNull),
        Field("images_requested", .count),
        Field("images_delivered", .count),
        Field("estimated_usd", .money.orNull, .always, "The part of the cost that no provider confirmed."),
        Field("failover", .flag, .always, "A provider other than the first delivered, or had to be asked."),
        Field("attempt_count", .count),
        Field("prompt", .text, .sometimes, "As far as the configuration keeps it."),
        Field("plan", .map(of: .any), .sometimes, "The plan with what it was computed from."),
        Field("shadow", shadow, .sometimes),
    ]

    static let remix = Schema.named("Remix", head + [images] + figures + parts)
    static let call = Schema.named("Call", head + [images] + figures + parts + record)
    static let callHead = Schema.named("CallHead", head + figures + record)
    static let accepted = Schema.object([Field("id", .id), Field("status", .choice(["in_progress"]))])

    private static let shadow = Schema.named(
        "CallShadow",
        [
            Field("id", .id),
            Field("provider", .text),
            Field("started_at", .moment),
            Field("outcome", .choice(AttemptOutcome.self)),
            Field("reason", .text.orNull),
            Field("error_code", .text.orNull),
            Field("images_asked", .count),
            Field("images_returned", .count),
            Field("cost_usd", .money.orNull),
            Field("cost_basis", costBasis.orNull),
            Field("latency_ms", .count.orNull),
        ]
    )

    // MARK: - Plans

    static let explanation = Schema.object([
        Field("plan", plan),
        Field("translation", .map(of: .list(of: translation)), .always, "By provider."),
    ])

    private static let plan = Schema.named(
        "Plan",
        [
            Field("policy", .text),
            Field("attempts", .count, .always, "At most."),
            Field("deadline_ms", .count),
            Field("on_refusal", .choice(Policy.OnRefusal.self)),
            Field("on_unknown", .choice(Policy.OnUnknown.self)),
            Field("bound_usd", .money.orNull, .always, "What the dearest candidate costs; null: one has no price."),
            Field("ceiling_usd", .money, .sometimes, "What all attempts together may cost."),
            Field(
                "candidates",
                .list(
                    of: .object([
                        Field("provider", .text),
                        Field("provider_model", .text),
                        Field("reason", .text),
                        Field("bound_usd", .money.orNull),
                        Field(
                            "probe",
                            .flag,
                            .sometimes,
                            "It was down, and this request finds out whether it is back."
                        ),
                    ])
                ),
                .always,
                "In the order in which they are asked."
            ),
            Field(
                "dropped",
                .list(
                    of: .object([
                        Field("provider", .text),
                        Field("cause", .choice(Plan.Dropped.Cause.self)),
                        Field("reason", .text),
                        Field("retry_after_ms", .count, .sometimes),
                    ])
                )
            ),
            Field("hedge", .object([Field("after_ms", .count), Field("budget", .text)]), .sometimes),
            Field(
                "shadow",
                .object([Field("provider", .text), Field("bound_usd", .money), Field("daily_budget_usd", .money)]),
                .sometimes
            ),
            Field("notes", .list(of: .text), .sometimes),
            Field("inputs", .map(of: .any), .always, "What it was computed from."),
        ]
    )

    static let simulation = Schema.named(
        "Simulation",
        [
            Field(
                "window",
                .object([
                    Field("since", .moment),
                    Field("until", .moment),
                    Field("team", .text, .sometimes),
                    Field("calls", .count),
                ])
            ),
            Field(
                "coverage",
                .object(["read", "replayed", "without_inputs", "without_budgets"].map { Field($0, .count) })
            ),
            Field("choices", .object(["same_first", "same_order", "same_plan"].map { Field($0, .count) })),
            Field("log", simulated),
            Field("simulated", simulated),
            Field("turned_away", .map(of: .count), .always, "By reason."),
            Field("notes", .list(of: .text)),
            Field("providers", .list(of: .map(of: .any)), .always, "What the projection is made from."),
        ]
    )

    private static let simulated = Schema.named(
        "SimulatedFigures",
        ["calls", "unpriced_calls", "turned_away", "lossy_calls"].map { Field($0, .count) }
            + [Field("cost_usd", .money), Field("mean_latency_ms", .number, .sometimes)]
            + ["images", "succeeded", "refused", "failed", "unknown", "attempts", "failovers"].map {
                Field($0, .number)
            }
            + [Field("losses", .map(of: .count)), Field("first_choices", .map(of: .count))]
    )
}
