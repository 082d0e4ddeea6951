import EaselConfiguration
import EaselCore

/// The commands about prices and budgets.
extension CommandTree {
    private static let periodChoice = ValueSpec("PERIOD", .choice(BudgetPeriod.allCases.map(\.rawValue)))
    /// Which of several budgets of a scope.
    private static let budgetPeriod = OptionSpec.option("period", periodChoice, "which one, where a scope has several")
    private static let budgetArgument = ArgumentSpec("BUDGET", .text, "its id, or its scope where that names only one")

    static let budget = CommandSpec(
        "budget",
        "limits on spending",
        subcommands: [
            CommandSpec(
                "list",
                "budgets with what is spent, held back and left",
                discussion: "With --check the exit code is 3 past a warning threshold and 4 when a budget is used up.",
                options: [
                    .flag("check", "tell by the exit code how budgets stand"), SharedOptions.json, SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel budget list", "easel budget list --check"]
            ),
            CommandSpec(
                "set",
                "make a budget, or change what is named of one",
                discussion:
                    "SCOPE is org, team:NAME, project:TEAM/NAME or key:ID. A hard budget stops spending before it "
                    + "happens; a soft one counts and warns. What was spent in the window already counts. Of a budget that "
                    + "stands, what is not named stays as it was; a new one is hard, by month, in UTC, and warns at 50, 80 "
                    + "and 100%.",
                arguments: [
                    ArgumentSpec(
                        "SCOPE",
                        .checked(wanted: "org, team:NAME, project:TEAM/NAME or key:ID") { BudgetScope($0) != nil },
                        "whose spending it limits"
                    )
                ],
                options: [
                    .option("limit", ValueSpec("USD", .money), "the most a window may cost"),
                    .option("images", ValueSpec("N", .integer(0...1_000_000_000)), "the most pictures instead")
                        .excluding("limit"),
                    .option("period", periodChoice, "day, week (from Monday), month or total"),
                    .flag("hard", "stop spending before it happens"),
                    .flag("soft", "count and warn, stop nothing").excluding("hard"),
                    .option("warn-at", ValueSpec("LIST"), "percents at which people are warned, as 50,80,100"),
                    .option("tz", SharedOptions.zone, "the calendar of the windows, as Europe/Berlin"),
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
                    .option("by-images", ValueSpec("N", .integer(1...1_000_000_000)), "how many pictures more")
                        .excluding("by"),
                    .option(
                        "from",
                        ValueSpec("TIME", .moment(words: ["now"])),
                        default: "now",
                        "a date, an RFC 3339 time, or now"
                    ),
                    .option("until", ValueSpec("TIME", .moment()), "a date or an RFC 3339 time"),
                    .flag("end", "end the raise that stands").excluding("by", "by-images", "from", "until"),
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
                "prices in force, over and to come",
                options: [SharedOptions.json, SharedOptions.csv] + SharedOptions.client,
                examples: ["easel price list"]
            ),
            CommandSpec(
                "set",
                "write one line: what a picture costs from a date on",
                discussion:
                    "PROVIDER is a provider's name, or runware or ideogram for every account of that kind. Without "
                    + "--speed it is the price of every speed. The newest line in force counts; what stands before the "
                    + "line that is written is named.",
                arguments: [
                    ArgumentSpec("PROVIDER", .text, "a provider or a kind of provider"),
                    ArgumentSpec("MODEL", SharedOptions.model.kind, "ideogram-4.0, ideogram-3.0 or ideogram-1.0"),
                    ArgumentSpec("USD", .money, "one picture, as 0.06"),
                ],
                options: [
                    .option(
                        "from",
                        ValueSpec("DATE", .moment(words: ["now"])),
                        required: true,
                        "since when: a date, an RFC 3339 time, or now"
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
                "write many lines from a CSV file, all or none",
                discussion:
                    "The first line names the columns: provider, model, usd_per_image, effective_from, and where wanted "
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
                    "Shows what would change; --apply changes it, with the calls' figures and the budgets' windows. What a "
                    + "provider has said stays, and what an invoice has confirmed (easel reconcile) unless --reconciled.",
                options: [
                    .option("since", SharedOptions.past, required: true, "a date, a time, or 7d"),
                    .flag("apply", "change it"),
                    .flag("reconciled", "those too that an invoice has confirmed; they count as not confirmed then"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel price recompute --since 30d", "easel price recompute --since 2026-11-01 --apply"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel price list --csv"]
    )
}
