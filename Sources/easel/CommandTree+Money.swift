import EaselConfiguration
import EaselCore

/// The commands about prices and budgets.
extension CommandTree {
    private static let periodChoice = ValueSpec("PERIOD", .choice(BudgetPeriod.allCases.map(\.rawValue)))
    /// Which of several budgets of a scope.
    private static let budgetPeriod = OptionSpec.option("period", periodChoice, "which one, if a scope has several")
    private static let budgetArgument = ArgumentSpec("BUDGET", .text, "its id, or its scope if that names only one")

    static let budget = CommandSpec(
        "budget",
        "limits on spending",
        subcommands: [
            CommandSpec(
                "list",
                "budgets with what is spent, reserved and left",
                discussion: "With --check the exit code is 3 past a warning threshold and 4 when a budget is used up.",
                options: [
                    .flag("check", "set the exit code from the budgets' state"), SharedOptions.json, SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel budget list", "easel budget list --check"]
            ),
            CommandSpec(
                "set",
                "create a budget, or change the named settings of one",
                discussion:
                    "SCOPE is org, team:NAME, project:TEAM/NAME or key:ID. A hard budget stops spending before it "
                    + "happens; a soft one counts and warns. What was already spent in the window counts. An existing budget "
                    + "keeps the settings that are not named; a new one is hard, monthly, in UTC, and warns at 50, 80 "
                    + "and 100%.",
                arguments: [
                    ArgumentSpec(
                        "SCOPE",
                        .checked(wanted: "org, team:NAME, project:TEAM/NAME or key:ID") { BudgetScope($0) != nil },
                        "whose spending it limits"
                    )
                ],
                options: [
                    .option("limit", ValueSpec("USD", .money), "the most that may be spent in a window"),
                    .option(
                        "images",
                        ValueSpec("N", .integer(0...1_000_000_000)),
                        "the most images, instead of an amount"
                    )
                    .excluding("limit"),
                    .option("period", periodChoice, "day, week (from Monday), month or total"),
                    .flag("hard", "stop spending before it happens"),
                    .flag("soft", "count and warn, stop nothing").excluding("hard"),
                    .option("warn-at", ValueSpec("LIST"), "percentages to warn at, such as 50,80,100"),
                    .option("tz", SharedOptions.zone, "the time zone of the windows, such as Europe/Berlin"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: [
                    "easel budget set team:design --limit 500", "easel budget set org --limit 100 --period day --soft",
                    "easel budget set team:design --hard --warn-at 80,100",
                ]
            ),
            CommandSpec(
                "explain",
                "which calls and reservations make up a budget's figures",
                arguments: [budgetArgument],
                options: [
                    budgetPeriod,
                    .option("limit", short: "n", ValueSpec("N", .integer(1...1000)), default: "20", "how many of each"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel budget explain team:design"]
            ),
            CommandSpec(
                "raise",
                "raise a limit for a while",
                arguments: [budgetArgument],
                options: [
                    .option("by", ValueSpec("USD", .money), "how much higher"),
                    .option("by-images", ValueSpec("N", .integer(1...1_000_000_000)), "how many more images")
                        .excluding("by"),
                    .option(
                        "from",
                        ValueSpec("TIME", .moment(words: ["now"])),
                        default: "now",
                        "a date, an RFC 3339 time, or now"
                    ),
                    .option("until", ValueSpec("TIME", .moment()), "a date or an RFC 3339 time"),
                    .flag("end", "end the current raise").excluding("by", "by-images", "from", "until"),
                    budgetPeriod,
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel budget raise team:design --by 100 --until 2026-12-01"]
            ),
            CommandSpec(
                "rm",
                "remove a budget; its history stays",
                arguments: [budgetArgument],
                options: [budgetPeriod] + SharedOptions.client,
                examples: ["easel budget rm team:design"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel budget set team:design --limit 500"]
    )

    static let price = CommandSpec(
        "price",
        "the price book",
        subcommands: [
            CommandSpec(
                "list",
                "prices: in force, past and future",
                options: [SharedOptions.json, SharedOptions.csv] + SharedOptions.client,
                examples: ["easel price list"]
            ),
            CommandSpec(
                "set",
                "set the price of an image from a date on",
                discussion:
                    "PROVIDER is a provider's name, or a kind such as runware for all its accounts. Without "
                    + "--speed it is the price of every speed. The newest line in force counts; a line that takes "
                    + "precedence over the new one is named.",
                arguments: [
                    ArgumentSpec("PROVIDER", .text, "a provider or a kind of provider"),
                    ArgumentSpec("MODEL", SharedOptions.model.kind, "ideogram-4.0, ideogram-3.0 or ideogram-1.0"),
                    ArgumentSpec("USD", .money, "the price of one image, such as 0.06"),
                ],
                options: [
                    .option(
                        "from",
                        ValueSpec("DATE", .moment(words: ["now"])),
                        required: true,
                        "when it takes effect: a date, an RFC 3339 time, or now"
                    ),
                    .option(
                        "speed",
                        ValueSpec("SPEED", .choice(RenderingSpeed.allCases.map(\.rawValue))),
                        "for one rendering speed only"
                    ),
                    .flag("character", "the price with a character reference"),
                    .option("source", ValueSpec("TEXT"), "where the price comes from"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel price set runware ideogram-4.0 0.06 --speed default --from 2026-12-01"]
            ),
            CommandSpec(
                "import",
                "set many prices from a CSV file, all or none",
                discussion:
                    "The first line names the columns: provider, model, usd_per_image, effective_from, and optionally "
                    + "rendering_speed, character_reference, source.",
                arguments: [ArgumentSpec("FILE", .file, "the file, or - for standard input")],
                options: [SharedOptions.json] + SharedOptions.client,
                examples: ["easel price import prices.csv"]
            ),
            CommandSpec(
                "history",
                "who changed which price when",
                options: [
                    .option("limit", short: "n", ValueSpec("N", .integer(1...1000)), default: "50", "how many"),
                    SharedOptions.json,
                    SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel price history"]
            ),
            CommandSpec(
                "recompute",
                "apply the price book to past estimates",
                discussion:
                    "Shows what would change; --apply changes it, with the calls' figures and the budgets' windows. Costs that "
                    + "a provider reported stay; those an invoice confirmed (easel reconcile) change only with --reconciled.",
                options: [
                    .option("since", SharedOptions.past, required: true, "a date, a time, or 7d"),
                    .flag("apply", "make the changes"),
                    .flag("reconciled", "also change costs that an invoice confirmed; they then count as unconfirmed"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel price recompute --since 30d", "easel price recompute --since 2026-11-01 --apply"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel price list --csv"]
    )
}
