import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel alert list|events|test|mute|unmute|replay`.
enum AlertCommand {
    /// How long `test` waits for the deliveries to end.
    private static let patience = Duration.seconds(15)

    static let spec = CommandSpec(
        "alert",
        "what is watched, what fired, who was notified",
        discussion: "Rules and destinations are set in the configuration (docs/alerts.md). Admins only.",
        subcommands: [
            CommandSpec(
                "list",
                "what is firing, and every rule",
                options: [
                    .flag("check", "exit code 3 while an alert is firing, 4 if one is critical"), SharedOptions.json,
                    SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel alert list", "easel alert list --check"]
            ),
            CommandSpec(
                "events",
                "what was sent, and whether it arrived",
                options: [
                    .option("limit", short: "n", ValueSpec("N", .integer(1...200)), default: "20", "how many"),
                    .flag("dead", "only what could not be delivered"), SharedOptions.json, SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel alert events --dead"]
            ),
            CommandSpec(
                "test",
                "send a test to destinations and report whether it arrives",
                arguments: [
                    ArgumentSpec("DESTINATION", .text, required: false, repeatable: true, "all of them unless named")
                ],
                options: [SharedOptions.json] + SharedOptions.client,
                examples: ["easel alert test", "easel alert test ops"]
            ),
            CommandSpec(
                "mute",
                "mute a rule for a while",
                discussion: "Changes in that time are recorded and shown by `alert events`, but not sent.",
                arguments: [ArgumentSpec("RULE", .text, "its name")],
                options: [
                    .option("subject", ValueSpec("NAME"), "one subject only, such as team:design"),
                    .option("for", ValueSpec("TIME", .duration), default: "1h", "how long"),
                    SharedOptions.json,
                ] + SharedOptions.client,
                examples: ["easel alert mute provider_down --subject provider:runware --for 2h"]
            ),
            CommandSpec(
                "unmute",
                "end the mutes of a rule",
                arguments: [ArgumentSpec("RULE", .text, "its name, or the id of one mute")],
                options: SharedOptions.client,
                examples: ["easel alert unmute provider_down"]
            ),
            CommandSpec(
                "replay",
                "send what could not be delivered again",
                arguments: [ArgumentSpec("EVENT", .text, required: false, repeatable: true, "ids of events")],
                options: [.flag("all", "every dead letter")] + SharedOptions.client,
                examples: ["easel alert replay --all"]
            ),
        ],
        defaultSubcommand: "list",
        examples: ["easel alert list"]
    )

    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        switch arguments.command.last {
        case "events": try await events(client, arguments)
        case "test": try await test(client, arguments)
        case "mute": try await mute(client, arguments)
        case "unmute": try await unmute(client, arguments)
        case "replay": try await replay(client, arguments)
        default: try await list(client, arguments)
        }
    }

    // MARK: - Reading

    private static let firing = ListPrinter(
        member: "alerts",
        columns: [
            .member("Rule", "rule"), .whole("Subject") { $0["subject"]?.stringValue ?? "" },
            .standing("State") { alert in
                (alert["state"]?.stringValue ?? "") + (alert["muted_until"]?.stringValue == nil ? "" : ", muted")
            },
            .made("Severity", importance: 3) { alert in
                // What is over has none any more.
                alert["state"]?.stringValue == "firing" ? alert["severity"]?.stringValue ?? "" : ""
            },
            .member("Value", "value", importance: 1, number: true), .time("Since", "since", importance: 2),
            .time("Muted until", "muted_until", importance: 4),
        ],
        facts: [
            .value("rule"), .value("subject"), .value("state"), .value("severity"), .value("level"),
            .figure("value"), .unit("value_unit", at: "value"), .value("summary"), .time("since"), .time("muted_until"),
        ],
        empty: "nothing is firing, and nothing ever has"
    )

    private static let rules = ListPrinter(
        member: "rules",
        columns: [
            .member("Rule", "name"), .member("Watches", "on", importance: 3),
            .whole("Fires when") { $0["condition"]?.stringValue ?? "" }, .member("Sent to", "to", importance: 2),
            .standing("Now") { rule in
                let firing = rule["firing"]?.intValue ?? 0
                let state = firing == 0 ? "quiet" : "\(firing) firing"
                return state + (rule["muted_until"]?.stringValue == nil ? "" : ", muted")
            },
            .time("Muted until", "muted_until", importance: 4),
        ],
        empty: "no rules"
    )

    private static func list(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let body = try await client.get("/v1/alerts")
        let document = try JSON.decode(JSONValue.self, from: body)
        let alerts = document["alerts"]?.arrayValue ?? []
        if arguments.has("json") || arguments.has("csv") {
            try firing.print(body, arguments)
        } else if document["rules"]?.arrayValue?.isEmpty ?? true {
            Output.note("nothing is watched: the configuration has no `alerts` (docs/alerts.md)")
        } else {
            if alerts.isEmpty { Output.note("nothing is firing") } else { firing.printTable(alerts) }
            for alert in alerts where alert["state"]?.stringValue == "firing" {
                Output.data("\(alert["rule"]?.stringValue ?? ""): \(alert["summary"]?.stringValue ?? "")")
            }
            rules.printTable(document["rules"]?.arrayValue ?? [])
        }
        guard arguments.has("check") else { return }
        let severities = alerts.filter { $0["state"]?.stringValue == "firing" }.map { $0["severity"]?.stringValue }
        if severities.contains("critical") {
            throw CommandFailure("a critical alert is firing", code: ExitCode.exceeded)
        }
        if !severities.isEmpty { throw CommandFailure("an alert is firing", code: ExitCode.warned) }
    }

    private static let told = ListPrinter(
        member: "events",
        columns: [
            .recent("At", "at"), .member("Event", "type", importance: 1),
            .member("Rule", "rule"), .whole("Subject") { $0["subject"]?.stringValue ?? "" },
            .made("Sent to") { event in
                if event["muted"]?.boolValue == true { return "muted" }
                return (event["deliveries"]?.arrayValue ?? []).map(summary).joined(separator: ", ")
            }, .id("Id", importance: 2),
        ],
        facts: [
            .time("at"), .value("type"), .value("rule"), .value("subject"), .value("severity"), .value("title"),
            .value("muted"), .value("destination", at: "delivery", "destination"),
            .value("delivery_status", at: "delivery", "status"),
            .value("delivery_attempts", at: "delivery", "attempts"),
            .time("delivery_ended_at", at: "delivery", "ended_at"),
            .value("http_status", at: "delivery", "http_status"), .value("last_error", at: "delivery", "last_error"),
            .value("id"),
        ],
        empty: "no events",
        unfold: ListPrinter.unfolding("deliveries", as: "delivery")
    )

    /// `ops delivered`, `ops pending (3 tries)`.
    private static func summary(_ delivery: JSONValue) -> String {
        let name = delivery["destination"]?.stringValue ?? ""
        let status = delivery["status"]?.stringValue ?? ""
        let tries = delivery["attempts"]?.intValue ?? 0
        return status == "delivered"
            ? "\(name) delivered" : "\(name) \(status) (\(Counted.text(tries, "try", "tries")))"
    }

    private static func events(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let query = [("limit", arguments.text("limit")), ("dead", arguments.has("dead") ? "true" : nil)]
        try told.print(try await client.get("/v1/alerts/events", query: query), arguments)
    }

    // MARK: - Acting

    private static func test(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let names = arguments.texts("DESTINATION")
        let wish = names.isEmpty ? [String: [String]]() : ["destinations": names]
        let begun = try JSON.decode(JSONValue.self, from: try await client.post("/v1/alerts/test", json: wish))
        let id = begun["event"]?.stringValue ?? ""
        let end = SteadyInstant.now + patience
        while true {
            let body = try await client.get("/v1/alerts/events/\(APIClient.encode(id))")
            let deliveries = try JSON.decode(JSONValue.self, from: body)["deliveries"]?.arrayValue ?? []
            // One that failed once waits for its next try: its first failure is what a test wants to know.
            let isOver = deliveries.allSatisfy {
                $0["status"]?.stringValue != "pending" || $0["last_error"]?.stringValue != nil
            }
            if isOver || SteadyInstant.now >= end {
                if arguments.has("json") { Output.data(body) } else { tell(deliveries) }
                let failed = deliveries.filter { $0["status"]?.stringValue != "delivered" }
                guard !failed.isEmpty else { return }
                let untouched = deliveries.allSatisfy { $0["attempts"]?.intValue == 0 }
                throw CommandFailure(
                    untouched
                        ? "not sent yet: is a process with the reporting daemon and this `alerts` section running?"
                        : "\(failed.count) of \(deliveries.count) did not arrive"
                )
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private static func tell(_ deliveries: [JSONValue]) {
        for delivery in deliveries {
            let name = delivery["destination"]?.stringValue ?? ""
            let error = delivery["last_error"]?.stringValue
            switch delivery["status"]?.stringValue {
            case "delivered": Output.data("\(name): delivered")
            case "dead": Output.data("\(name): given up: \(error ?? "")")
            default: Output.data("\(name): \(error.map { "failed, will be tried again: \($0)" } ?? "not sent yet")")
            }
        }
    }

    private struct MuteWish: Encodable {
        let rule: String
        let subject: String?
        let until: String
    }

    private static func mute(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let length = arguments.text("for").flatMap { DurationText.parse($0) } ?? .seconds(3600)
        let wish = MuteWish(
            rule: arguments.text("RULE") ?? "",
            subject: arguments.text("subject"),
            until: (TimeSource.system.now + length).description
        )
        try await prove(subject: wish.subject, client)
        let body = try await client.post("/v1/alerts/mutes", json: wish)
        if arguments.has("json") { return Output.data(body) }
        let about = wish.subject.map { " about \($0)" } ?? ""
        Output.data("muted \(wish.rule)\(about) until \(ListPrinter.moment(.string(wish.until)))")
        // A longer one that stands already is not shortened by it.
        let longer = try await mutes(client)
            .filter { mute in
                mute["rule"]?.stringValue == wish.rule
                    && (mute["subject"]?.stringValue == nil || mute["subject"]?.stringValue == wish.subject)
            }
            .compactMap { $0["until"]?.stringValue.flatMap { Timestamp($0) } }.max()
        if let longer, let until = Timestamp(wish.until), longer > until {
            Output.data(
                "another mute lasts longer, until \(ListPrinter.moment(.string(longer.description))); "
                    + "`easel alert unmute \(wish.rule)` ends both"
            )
        }
    }

    /// A mute of something that does not exist would be silent about nothing, and nobody would notice.
    private static func prove(subject: String?, _ client: APIClient) async throws {
        guard let subject, let colon = subject.firstIndex(of: ":"),
            let kind = KnownNames.Kind(rawValue: String(subject[..<colon]))
        else { return }
        // `team:design/month` is a budget of the team.
        let name = subject[subject.index(after: colon)...].prefix { $0 != "/" }
        try await KnownNames.prove(kind, String(name), client)
    }

    private static func unmute(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let name = arguments.text("RULE") ?? ""
        let all = try await mutes(client)
        let ended = all.filter { $0["rule"]?.stringValue == name || $0["id"]?.stringValue == name.lowercased() }
        guard !ended.isEmpty else { throw CommandFailure("\(name) is not muted") }
        for id in ended.compactMap({ $0["id"]?.stringValue }) { try await client.delete("/v1/alerts/mutes/\(id)") }
        Output.data("ended \(ended.map(describe).joined(separator: "; "))")
        let rules = Set(ended.compactMap { $0["rule"]?.stringValue })
        let left = all.filter { mute in rules.contains(mute["rule"]?.stringValue ?? "") && !ended.contains(mute) }
        if !left.isEmpty { Output.data("still in force: \(left.map(describe).joined(separator: "; "))") }
    }

    private static func mutes(_ client: APIClient) async throws -> [JSONValue] {
        try JSON.decode(JSONValue.self, from: try await client.get("/v1/alerts"))["mutes"]?.arrayValue ?? []
    }

    /// `the mute of budgets about team:design until 2026-11-30 12:00:00 UTC`.
    private static func describe(_ mute: JSONValue) -> String {
        let about = mute["subject"]?.stringValue.map { " about \($0)" } ?? ""
        return "the mute of \(mute["rule"]?.stringValue ?? "")\(about) until \(ListPrinter.moment(mute["until"]))"
    }

    private struct ReplayWish: Encodable {
        let events: [String]?
        let all: Bool?
    }

    private static func replay(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let ids = arguments.texts("EVENT")
        guard ids.isEmpty == arguments.has("all") else {
            throw CommandFailure("name events, or use --all", code: ExitCode.usage)
        }
        let wish = ReplayWish(events: ids.isEmpty ? nil : ids, all: ids.isEmpty ? true : nil)
        let body = try await client.post("/v1/alerts/replay", json: wish)
        let count = try JSON.decode(JSONValue.self, from: body)["replayed"]?.intValue ?? 0
        Output.data("\(Counted.text(count, "delivery", "deliveries")) sent again")
    }
}
