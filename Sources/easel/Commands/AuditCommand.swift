import EaselBase
import EaselConfiguration
import EaselReporting

/// `easel audit`: who changed what.
enum AuditCommand {
    static let spec = CommandSpec(
        "audit",
        "who changed what and when",
        discussion: "Teams, keys, budgets, prices, redactions, mutes: what it was before and after. Admins only.",
        options: [
            .option("since", SharedOptions.past, "a date, a time, or 7d"),
            .option("limit", short: "n", ValueSpec("N", .integer(1...200)), default: "50", "how many"),
            SharedOptions.json, SharedOptions.csv,
        ] + SharedOptions.client,
        examples: ["easel audit", "easel audit --since 7d --csv"]
    )

    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        var query = [("limit", arguments.text("limit") ?? "50")]
        if let since = arguments.text("since") { query.append(("since", since)) }
        try list.print(try await client.get("/v1/audit", query: query), arguments)
    }

    private static let list = ListPrinter(
        member: "events",
        columns: [
            .recent("When", "at"), .made("Who") { who($0) }, .member("What", "action"), .member("Of", "subject"),
            .member("Before", "before", importance: 2), .member("After", "after", importance: 1),
        ],
        facts: [
            .time("at"), .value("actor", at: "actor", "name"), .value("key_id", at: "actor", "key_id"),
            .value("team", at: "actor", "team"), .value("action"), .value("subject"), .value("before"), .value("after"),
        ],
        empty: "nothing was changed"
    )

    private static func who(_ event: JSONValue) -> String {
        let actor = event["actor"]
        return actor?["team"]?.stringValue ?? actor?["name"]?.stringValue ?? ""
    }
}
