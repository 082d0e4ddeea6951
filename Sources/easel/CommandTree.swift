import EaselConfiguration
import EaselCore
import EaselLedger
import EaselProviders

/// Every command with its options: what is parsed, helped with and completed.
enum CommandTree {
    static let root = CommandSpec(
        "easel",
        "one door to the image-remix APIs",
        subcommands: [
            serve, up, remix, report, calls, team, key, budget, price, provider, route, ReconcileCommand.spec,
            AlertCommand.spec, AuditCommand.spec, db, sandbox, doctor, configuration, version, completions,
        ],
        examples: ["easel serve --config easel.yaml", "easel remix photo.jpg --prompt \"as a woodcut\""]
    )

    private static let serve = CommandSpec(
        "serve",
        "run the gateway and the reporting daemon",
        discussion: "Logs JSON lines on standard error. When ready, one JSON line on standard output names the URL.",
        options: [
            SharedOptions.config,
            .option("only", ValueSpec("PART", .choice(["gateway", "reporter"])), "run one part only"),
        ],
        examples: ["easel serve --config easel.yaml"]
    )

    private static let up = CommandSpec(
        "up",
        "run everything on this machine; without keys, simulated",
        discussion:
            "Takes \(ProviderRegistry.standard.profiles.map(\.keyVariable).joined(separator: " and ")) from the "
            + "environment. With none of them, simulated providers answer and nothing is charged. Prints the URL, a team key and a curl to paste.",
        options: [
            .option("data-dir", ValueSpec("DIR", .folder), default: ".easel", "where everything is kept"),
            .option("port", ValueSpec("PORT", .integer(0...65_535)), default: "8080", "where to listen"),
            .flag("demo", "send a few remixes, print the report, and stop"),
        ],
        examples: ["easel up", "easel up --demo"]
    )

    private static let remix = CommandSpec(
        "remix",
        "remix an image",
        discussion:
            "Saves the images as NAME-remix-1.jpg and so on, and prints their paths. When you interrupt it, the call "
            + "continues, and the command prints how to get the result.",
        arguments: [ArgumentSpec("IMAGE", .file, "a file, a URL, or - for standard input")],
        options: [
            .option("prompt", short: "p", ValueSpec("TEXT"), required: true, "what the result should show"),
            .option(
                "model",
                short: "m",
                ValueSpec("MODEL", .choice(RemixModel.allCases.map(\.rawValue))),
                default: "ideogram-4.0",
                "which model"
            ),
            .option("strength", ValueSpec("0-1", .number(0...1)), "0 keeps the source, 1 follows the prompt"),
            .option(
                "size",
                ValueSpec("WxH", .checked(wanted: "a size such as 1024x1024") { PixelSize($0) != nil }),
                "width and height"
            ),
            .option("count", short: "n", ValueSpec("N", .integer(1...20)), default: "1", "how many images"),
            .option(
                "speed",
                ValueSpec("SPEED", .choice(RenderingSpeed.allCases.map(\.rawValue))),
                "turbo, default or quality"
            ),
            .flag("copyright-detection", "ask for the copyright check (4.0)"),
            .flag("safety-check", "ask for the content check"),
            .option("negative-prompt", ValueSpec("TEXT"), "what to leave out (3.0, 1.0)"),
            .option(
                "magic-prompt",
                ValueSpec("MODE", .choice(MagicPrompt.allCases.map(\.rawValue))),
                "auto, on or off (3.0, 1.0)"
            ),
            .option(
                "style-type",
                ValueSpec("TYPE", .choice(StyleType.allCases.map(\.rawValue))),
                "the rendering style (3.0, 1.0)"
            ),
            .option("style-preset", ValueSpec("NAME"), "one of 62 presets (3.0)"),
            .option("style-code", ValueSpec("HEX"), "8 hexadecimal digits (3.0)"),
            .option(
                "style-reference",
                ValueSpec("IMAGE", .file),
                repeatable: true,
                "an image for the style, up to 4 (3.0, 1.0)"
            ),
            .option("character-reference", ValueSpec("IMAGE", .file), "an image of the character (3.0)"),
            .option("character-mask", ValueSpec("IMAGE", .file), "its mask (3.0)"),
            .option("seed", ValueSpec("N", .integer(0...2_147_483_647)), "the seed (3.0, 1.0)"),
            .option(
                "format",
                short: "f",
                ValueSpec("FORMAT", .choice(ImageFormat.allCases.map(\.rawValue))),
                default: "jpg",
                "jpg, png or webp"
            ),
            .option("quality", ValueSpec("N", .integer(20...99)), "compression quality"),
            .option("policy", ValueSpec("NAME"), "a routing policy"),
            .option("project", ValueSpec("NAME"), "what the cost belongs to"),
            .option("tag", ValueSpec("K=V", .pair), repeatable: true, "a tag for reports"),
            .option("max-cost", ValueSpec("USD", .money), "the most it may cost"),
            .option("deadline", ValueSpec("TIME", .duration), "the longest it may take"),
            .flag("strict", "fail instead of approximating a parameter"),
            .option("out", short: "o", ValueSpec("DIR", .folder), default: ".", "where to save the images"),
            .option("idempotency-key", ValueSpec("KEY"), "repeat the key to get the same answer, paid once (24 h)"),
            .flag("async", "print the call's id and do not wait; `easel calls download` fetches the images")
                .excluding("out"),
            .flag("json", "print the whole answer as JSON instead of the paths"),
        ] + SharedOptions.client,
        examples: ["easel remix cat.jpg -p \"as a stained glass window\" --count 2 --out remixes"]
    )

    private static let report = CommandSpec(
        "report",
        "figures from the log",
        subcommands: ReportCommand.specs,
        defaultSubcommand: "usage",
        examples: ["easel report usage --by day --since 30d --csv"]
    )

    private static let calls = CommandSpec(
        "calls",
        "calls in the log",
        subcommands: [
            CommandSpec(
                "list",
                "calls, newest first",
                options: [
                    .option("team", ValueSpec("NAME"), "one team only"),
                    .option("provider", ValueSpec("NAME"), "delivered by this provider"),
                    .option(
                        "status",
                        ValueSpec("STATUS", .choice(CallStatus.allCases.map(\.rawValue))),
                        "only calls that ended like this"
                    ),
                    .option(
                        "nsfw",
                        ValueSpec("BOOL", .choice(["true", "false"])),
                        "true: with a flagged image, false: without"
                    ),
                    .option(
                        "copyright",
                        ValueSpec("VERDICT", .choice(["not_requested", "clear", "flagged", "undetermined"])),
                        "with an image of this verdict"
                    ),
                    .option("since", SharedOptions.past, "a date, a time, or 24h"),
                    .option("limit", short: "n", ValueSpec("N", .integer(1...500)), default: "20", "how many"),
                    SharedOptions.json, SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel calls list --status failed --since 24h"]
            ),
            CommandSpec(
                "show",
                "one call with its attempts and images",
                arguments: [ArgumentSpec("ID", .text, "the call's id")],
                options: [
                    .flag("plan", "also show why each provider was kept or dropped").excluding("json"),
                    SharedOptions.json,
                ]
                    + SharedOptions.client,
                examples: ["easel calls show 01931c2e-7a00-7000-8000-000000000000"]
            ),
            CallsDownload.spec,
            CallsTail.spec,
            CallsRedact.spec,
        ],
        defaultSubcommand: "list",
        examples: ["easel calls list -n 50"]
    )

    private static let team = CommandSpec(
        "team",
        "teams",
        subcommands: [
            CommandSpec(
                "list",
                "all teams",
                options: [SharedOptions.json, SharedOptions.csv] + SharedOptions.client,
                examples: ["easel team list"]
            ),
            CommandSpec(
                "create",
                "create a team",
                arguments: [
                    ArgumentSpec(
                        "NAME",
                        .checked(wanted: "1 to 64 letters A-Z and a-z, digits, dots, dashes and underscores") {
                            (1...64).contains($0.utf8.count)
                                && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
                        },
                        "letters A-Z and a-z, digits, dots, dashes, underscores"
                    )
                ],
                options: [SharedOptions.json] + SharedOptions.client,
                examples: ["easel team create design"]
            ),
            CommandSpec(
                "set",
                "change what a team may do",
                arguments: [ArgumentSpec("NAME", .text, "the team")],
                options: [
                    .option(
                        "allow-unpriced",
                        ValueSpec("BOOL", .choice(["true", "false"])),
                        "let calls without a known price pass its hard budgets"
                    ),
                    .option(
                        "known-projects",
                        ValueSpec("NAMES"),
                        "its projects, separated by commas; each call must be for one of them"
                    ),
                    .flag("any-project", "calls may name any project, or none").excluding("known-projects"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: [
                    "easel team set design --allow-unpriced true", "easel team set design --known-projects web,app",
                ]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel team create design"]
    )

    private static let key = CommandSpec(
        "key",
        "API keys of teams",
        subcommands: [
            CommandSpec(
                "list",
                "all keys, without their secrets",
                options: [.option("team", ValueSpec("NAME"), "one team only"), SharedOptions.json, SharedOptions.csv]
                    + SharedOptions.client,
                examples: ["easel key list --team design"]
            ),
            CommandSpec(
                "create",
                "create a key; it is shown once",
                options: [
                    .option("team", ValueSpec("NAME"), required: true, "the team it belongs to"),
                    .option("project", ValueSpec("NAME"), "the project of its calls, unless they name another"),
                    .flag("project-bound", "its calls may not name another project").needing("project"),
                    .option(
                        "role",
                        ValueSpec("ROLE", .choice(["member", "admin"])),
                        default: "member",
                        "what it may do"
                    ),
                    .option("expires", ValueSpec("TIME", .moment()), "a date or an RFC 3339 time"),
                    .option(
                        "requests-per-minute",
                        ValueSpec("N", .integer(1...1_000_000)),
                        "the most requests it may make in a minute"
                    ),
                    .option(
                        "max-concurrent",
                        ValueSpec("N", .integer(1...100_000)),
                        "the most requests it may have at once"
                    ),
                    .flag("inline-policies", "its requests may carry their own routing policies"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel key create --team design"]
            ),
            CommandSpec(
                "revoke",
                "revoke a key",
                arguments: [ArgumentSpec("ID", .text, "the key's id, from easel key list")],
                options: SharedOptions.client,
                examples: ["easel key revoke 01931c2e-7a00-7000-8000-000000000000"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel key create --team design"]
    )

    private static let provider = CommandSpec(
        "provider",
        "the state of the providers",
        subcommands: [
            CommandSpec(
                "list",
                "state, load, latency, spend today",
                options: [SharedOptions.json, SharedOptions.csv] + SharedOptions.client,
                examples: ["easel provider list"]
            ),
            CommandSpec(
                "status",
                "breakers, load, errors and latency now",
                discussion:
                    "Load is requests under way, of the most there may be; Wait is how many are queued. Errors are of the "
                    + "last five minutes, USD is spent today (UTC). A breaker that is half open lets one request through "
                    + "to see whether the provider is back.",
                options: Watch.options + [
                    .flag("models", "with a row for each model").excluding("json"), SharedOptions.json,
                    SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel provider status", "easel provider status --watch --models"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel provider list"]
    )

    private static let route = CommandSpec(
        "route",
        "where a request would go",
        subcommands: [
            CommandSpec(
                "explain",
                "the plan for a request, with the reason for every provider; nothing is sent",
                arguments: [ArgumentSpec("FILE", .file, "a remix body as JSON, or - for standard input")],
                options: [SharedOptions.json] + SharedOptions.client,
                examples: ["easel route explain request.json"]
            ),
            SimulateCommand.spec,
        ],
        examples: ["easel route explain request.json"]
    )

    private static let db = CommandSpec(
        "db",
        "the database",
        options: [
            SharedOptions.config,
            .option("data-dir", ValueSpec("DIR", .folder), "use the embedded server in this directory")
                .excluding("config"),
        ],
        subcommands: [
            CommandSpec("migrate", "bring the schema up to date", examples: ["easel db migrate"]),
            CommandSpec(
                "status",
                "which migrations have been applied",
                options: [SharedOptions.json],
                examples: ["easel db status"]
            ),
            CommandSpec(
                "verify",
                "prove that the figures add up",
                discussion:
                    "Only reads: if migrations are pending it names them and verifies nothing. Takes time in proportion "
                    + "to the log, and shows its progress on standard error.",
                options: [
                    SharedOptions.json,
                    .option(
                        "jobs",
                        short: "j",
                        ValueSpec("N", .integer(1...64)),
                        default: "\(DatabaseVerify.usualConnections)",
                        "connections that verify in parallel: as many as the database server has idle cores"
                    ),
                ],
                examples: ["easel db verify", "easel db verify --jobs 8"]
            ),
            CommandSpec(
                "psql",
                "open psql, or run one command",
                arguments: [ArgumentSpec("SQL", .text, required: false, "a statement to run")],
                examples: ["easel db psql 'select count(*) from calls'"]
            ),
            JournalCommand.spec,
        ],
        examples: ["easel db verify"]
    )

    private static let sandbox = CommandSpec(
        "sandbox",
        "simulated providers, strict about the documentation",
        discussion: "docs/sandbox.md describes the fault rules, and the words in a prompt that trigger faults.",
        options: [
            .option("host", ValueSpec("HOST"), default: "127.0.0.1", "where to listen"),
            .option(
                "port",
                ValueSpec("PORT", .integer(0...65_535)),
                default: "8090",
                "the first provider's port; the others have the next ones"
            ),
            .option("latency", ValueSpec("TIME", .duration), default: "0s", "how long an image takes"),
            .option("faults", ValueSpec("FILE", .file), "fault rules as JSON"),
            .option("api-key", ValueSpec("KEY"), default: "sandbox-key", "the key it accepts"),
            .option(
                "pixel-scale",
                ValueSpec("N", .integer(1...64)),
                default: "1",
                "divide the sides of images by this, for load tests"
            ),
        ],
        examples: ["easel sandbox --port 8090 --latency 2s"]
    )

    private static let doctor = CommandSpec(
        "doctor",
        "find what is wrong and say how to fix it",
        options: [SharedOptions.config, SharedOptions.json],
        examples: ["easel doctor --config easel.yaml"]
    )

    private static let configuration = CommandSpec(
        "config",
        "the configuration",
        subcommands: [
            CommandSpec(
                "check",
                "name every fault with file and line",
                options: [SharedOptions.config],
                examples: ["easel config check -c easel.yaml"]
            ),
            CommandSpec("example", "print a commented example", examples: ["easel config example > easel.yaml"]),
        ],
        defaultSubcommand: "check",
        examples: ["easel config check"]
    )

    private static let version = CommandSpec(
        "version",
        "the version",
        options: [SharedOptions.json],
        examples: ["easel version"]
    )

    private static let completions = CommandSpec(
        "completions",
        "completions for a shell",
        arguments: [ArgumentSpec("SHELL", .choice(Completions.Shell.allCases.map(\.rawValue)), "bash, zsh or fish")],
        examples: ["easel completions bash > /etc/bash_completion.d/easel"]
    )
}
