import EaselBase
import EaselCore

extension Shapes {
    private static let limit: [Field] = [
        Field("limit_usd", .amount, .sometimes, "This or `limit_images`."),
        Field("limit_images", .count, .sometimes),
    ]
    private static let terms: [Field] =
        [Field("period", .choice(BudgetPeriod.self))] + limit + [
            Field("hard", .flag, .always, "Calls that do not fit are stopped."),
            Field("warn_at", .list(of: .integer), .always, "Percent of the limit."),
            Field("timezone", .text),
        ]
    private static let budgetFields: [Field] =
        [Field("id", .id), Field("scope", .text)] + terms + [
            Field("limit_now_usd", .amount, .sometimes, "While it is raised."),
            Field("limit_now_images", .count, .sometimes),
            Field(
                "raise",
                Schema.object([
                    Field("by_usd", .amount, .sometimes),
                    Field("by_images", .count, .sometimes),
                    Field("from", .moment),
                    Field("until", .moment),
                ]).orNull
            ),
            Field("window_start", Schema.moment.orNull),
            Field("resets_at", Schema.moment.orNull, .always, "Null: never."),
            Field("spent_usd", .money),
            Field("reserved_usd", .money, .always, "Reserved for calls under way."),
            Field("spent_images", .integer),
            Field("reserved_images", .integer),
            Field("remaining_usd", .money, .sometimes),
            Field("remaining_images", .integer, .sometimes),
            Field("unreserved_usd", .money, .always, "Spent by attempts beyond what was reserved for them."),
            Field("spent_percent", .count.orNull),
            Field("forecast_usd", .money.orNull),
            Field("level", .choice(["ok", "warning", "exceeded"])),
        ]

    static let budget = Schema.named("Budget", budgetFields)
    static let budgetWritten = Schema.named(
        "BudgetWritten",
        budgetFields + [
            Field("was", Schema.object(terms).orNull, .always, "The terms before; null for a new one."),
            Field("terms_were", .text.orNull),
            Field("terms", .text),
        ]
    )
    static let budgetPreview = Schema.named(
        "BudgetPreview",
        [
            Field("preview", .flag, .always, "Nothing was changed."),
            Field("budget", budgetWritten, .always, "As it would be."),
            Field(
                "teams",
                .list(
                    of: .object([
                        Field("team", .text),
                        Field("keys", .count, .always, "Those that may be used and count for the budget."),
                        Field("spent_usd", .money, .always, "What its calls that count have cost in the window."),
                        Field("reserved_usd", .money),
                    ])
                ),
                .always,
                "Whose calls count for it, those that spent most first; \(BudgetPreview.mostTeams) at most."
            ),
            Field("refuses_all", .flag, .always, "Every further call would be stopped at once."),
        ]
    )
    static let budgetExplanation = Schema.named(
        "BudgetExplanation",
        [
            Field("budget", budget),
            Field(
                "groups",
                .list(
                    of: .object([
                        Field("status", .choice(CallStatus.self)),
                        Field("provider", .text.orNull),
                        Field("calls", .count),
                        Field("images", .count),
                        Field("cost_usd", .money),
                    ])
                )
            ),
            Field(
                "calls",
                .list(
                    of: .object([
                        Field("id", .id),
                        Field("received_at", .moment),
                        Field("team", .text),
                        Field("status", .choice(CallStatus.self)),
                        Field("provider", .text.orNull),
                        Field("images", .count),
                        Field("cost_usd", .money),
                        Field("cost_basis", costBasis.orNull),
                    ])
                )
            ),
            Field(
                "reservations",
                .list(
                    of: .object([
                        Field("call_id", .id),
                        Field("received_at", .moment),
                        Field("team", .text),
                        Field("reason", .text),
                        Field("amount_usd", .money.orNull),
                        Field("images", .count.orNull),
                        Field("gateway_id", Schema.id.orNull),
                        Field("lease_ends_at", .moment),
                    ])
                )
            ),
        ]
    )

    // MARK: - Prices

    private static let priceFields: [Field] = [
        Field("provider", .text),
        Field("model", .choice(RemixModel.self)),
        Field("rendering_speed", Schema.choice(RenderingSpeed.self).orNull, .always, "Null: all."),
        Field("character_reference", .flag),
        Field("usd_per_image", .amount),
        Field("effective_from", .moment),
        Field("source", .text),
    ]
    private static let price = Schema.named("Price", priceFields)

    static let prices = Schema.listing(
        "prices",
        of: .object(priceFields + [Field("in_force", .flag, .always, "It counts today.")])
    )
    static let pricesWritten = Schema.listing(
        "prices",
        of: .object(
            priceFields + [
                Field("named", .flag, .always, "It was in the request."),
                Field("changed", .flag),
                Field("overridden_by", .list(of: price), .always, "The lines that take precedence over it."),
            ]
        )
    )
    static let priceChanges = Schema.listing(
        "changes",
        of: .object(
            [
                Field("changed_at", .moment),
                Field("changed_by", .text),
                Field("old_usd_per_image", .amount.orNull, .always, "Null: the line was new."),
            ] + priceFields
        )
    )

    private static let sums: [Field] = [
        Field("attempts", .count),
        Field("unpriced_attempts", .count),
        Field("before_usd", .money),
        Field("after_usd", .money),
        Field("difference_usd", .money),
    ]
    static let recomputation = Schema.named(
        "Recomputation",
        [
            Field("since", .moment),
            Field("applied", .flag),
            Field("examined_attempts", .count),
            Field("includes_reconciled", .flag),
            Field(
                "changes",
                .list(of: .object([Field("provider", .text), Field("model", .choice(RemixModel.self))] + sums))
            ),
            Field("totals", .object(sums)),
            Field("still_unpriced_attempts", .count),
            Field(
                "reconciled",
                .object(sums),
                .always,
                "Those that an invoice confirmed and for which the book has another price."
            ),
        ]
    )

    // MARK: - Comparisons with providers

    private static let day = Schema.text.rule("format", .string("date"))
    private static let comparisonHead: [Field] = [
        Field("id", .id),
        Field("provider", .text),
        Field("from", day),
        Field("to", day, .always, "Included."),
        Field("source", .text),
        Field("created_at", .moment),
        Field(
            "totals",
            .object([
                Field("log_usd", .money),
                Field("estimated_usd", .money),
                Field("provider_usd", .money, .sometimes, "Absent: not known."),
                Field("equal", .count),
                Field("explained", .count),
                Field("unexplained", .count),
            ])
        ),
    ]
    static let reconciliations = Schema.listing("reconciliations", of: .named("ReconciliationHead", comparisonHead))
    static let reconciliation = Schema.named(
        "Reconciliation",
        comparisonHead + [
            Field("rows", .list(of: comparisonRow)),
            Field(
                "foreign",
                .list(
                    of: .object([
                        Field("name", .text),
                        Field("requests", .count, .sometimes),
                        Field("images", .count, .sometimes),
                        Field("cost_usd", .money, .sometimes),
                    ])
                ),
                .always,
                "What the provider billed for other things."
            ),
            Field("remarks", .list(of: .text)),
        ]
    )
    private static let comparisonRow = Schema.named(
        "ReconciliationRow",
        [
            Field("day", day),
            Field("model", .text.orNull, .always, "Null: the day as a whole."),
            Field("log_models", .list(of: .text)),
            Field("log_usd", .money),
            Field("estimated_usd", .money),
            Field("provider_usd", .money.orNull),
            Field("difference_usd", .money.orNull),
            Field("log_requests", .count),
            Field("log_images", .count),
            Field("provider_requests", .count.orNull),
            Field("provider_images", .count.orNull),
            Field("status", .choice(ReconciliationRow.Status.self)),
            Field("unexplained_usd", .money.orNull),
            Field(
                "explanations",
                .list(
                    of: .object([
                        Field("kind", .choice(Doubt.self)),
                        Field("count", .count),
                        Field("lowest_usd", .money),
                        Field("highest_usd", .money, .sometimes),
                        Field(
                            "attempts",
                            .list(
                                of: .object([
                                    Field("attempt_id", .id),
                                    Field("call_id", .id),
                                    Field("started_at", .moment),
                                    Field("cost_usd", .money, .sometimes),
                                    Field("bound_usd", .money, .sometimes),
                                ])
                            )
                        ),
                    ])
                )
            ),
        ]
    )
}
