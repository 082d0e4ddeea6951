import EaselBase
import EaselConfiguration
import EaselCore
import EaselProviders
import EaselReporting
import Foundation

/// `easel team list|create|set`.
enum TeamCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        if arguments.command.last == "set" {
            let name = arguments.text("NAME") ?? ""
            let body = try await client.patch("/v1/teams/\(APIClient.encode(name))", json: try change(arguments))
            if arguments.has("json") { return Output.data(body) }
            let document = try JSON.decode(JSONValue.self, from: body)
            if arguments.text("allow-unpriced") != nil {
                func word(_ value: JSONValue?) -> String { value?.boolValue == true ? "true" : "false" }
                let was = word(document["was_allow_unpriced"])
                say(name, "allow-unpriced", was, word(document["allow_unpriced"]))
            }
            if changesProjects(arguments) {
                say(name, "projects", projects(document["was_known_projects"]), projects(document["known_projects"]))
            }
            return
        }
        guard arguments.command.last == "create" else {
            let printer = ListPrinter(
                member: "teams",
                columns: [
                    .member("Team", "name"), .time("Created", "created_at"),
                    .made("Projects", importance: 3) { projects($0["known_projects"]) },
                    .made("Unpriced calls", importance: 2) {
                        $0["allow_unpriced"]?.boolValue == true ? "pass hard budgets" : "stopped by hard budgets"
                    },
                    .member("Id", "id", importance: 1, number: true),
                ],
                facts: [
                    .value("name"), .time("created_at"), .value("allow_unpriced"), .words("known_projects"),
                    .value("id"),
                ],
                empty: "no teams"
            )
            return try printer.print(try await client.get("/v1/teams"), arguments)
        }
        let body = try await client.post("/v1/teams", json: ["name": arguments.text("NAME") ?? ""])
        if arguments.has("json") { return Output.data(body) }
        Output.data("team \(arguments.text("NAME") ?? "") created")
    }
}

extension TeamCommand {
    private static func changesProjects(_ arguments: ParsedArguments) -> Bool {
        arguments.text("known-projects") != nil || arguments.has("any-project")
    }

    /// What is to be different, as the interface takes it.
    private static func change(_ arguments: ParsedArguments) throws -> [String: JSONValue] {
        var change: [String: JSONValue] = [:]
        if let word = arguments.text("allow-unpriced") { change["allow_unpriced"] = .bool(word == "true") }
        if let names = arguments.text("known-projects") {
            change["known_projects"] = .array(
                names.split(separator: ",").map { .string($0.trimmingCharacters(in: .whitespaces)) }
            )
        }
        if arguments.has("any-project") {
            change["known_projects"] = .null
        }
        guard !change.isEmpty else {
            let options = "--allow-unpriced, --known-projects or --any-project"
            throw CommandFailure("name what to change: \(options)", code: ExitCode.usage)
        }
        return change
    }

    private static func projects(_ value: JSONValue?) -> String {
        value?.arrayValue.map { $0.compactMap(\.stringValue).joined(separator: ", ") } ?? "any"
    }

    private static func say(_ team: String, _ what: String, _ was: String, _ now: String) {
        Output.data(
            was == now
                ? "team \(team): nothing changed, \(what) was \(now) already"
                : "team \(team): \(what) was \(was) → now \(now)"
        )
    }
}

/// `easel key list|create|revoke`.
enum KeyCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        switch arguments.command.last {
        case "create": try await create(client, arguments)
        case "revoke":
            let id = arguments.text("ID") ?? ""
            let all = try JSON.decode(JSONValue.self, from: try await client.get("/v1/keys"))["keys"]?.arrayValue ?? []
            let key = all.first { $0["id"]?.stringValue == id.lowercased() }
            try await client.delete("/v1/keys/\(APIClient.encode(id))")
            Output.note(revoked(key))
        default:
            let body = try await client.get("/v1/keys", query: [("team", arguments.text("team"))])
            try await KnownNames.check(body, "keys", client, team: arguments.text("team"))
            try list.print(body, arguments)
        }
    }

    private static let list = ListPrinter(
        member: "keys",
        columns: [
            .id("Begins", "prefix"), .member("Team", "team"), .standing("State") { state($0) },
            .made("Project", importance: 4) { key in
                let bound = key["project_bound"]?.boolValue == true ? " only" : ""
                return key["project"]?.stringValue.map { $0 + bound } ?? ""
            },
            .member("Role", "role", importance: 1), .made("Limits", importance: 5) { limits($0) },
            .time("Created", "created_at", importance: 6), .time("Expires", "expires_at", importance: 2),
            .time("Revoked", "revoked_at", importance: 3), .id("Id"),
        ],
        facts: [
            .value("prefix"), .value("team"), .value("project"), .value("project_bound"), .value("role"),
            .time("created_at"),
            .time("expires_at"), .time("revoked_at"), .value("requests_per_minute"), .value("max_concurrent"),
            .value("inline_policies"), .value("id"),
        ],
        empty: "no keys"
    )

    private static func state(_ key: JSONValue) -> String {
        if key["revoked_at"]?.stringValue != nil { return "revoked" }
        let end = key["expires_at"]?.stringValue.flatMap { Timestamp($0) }
        return end.map { $0 <= TimeSource.system.now } == true ? "expired" : "valid"
    }

    /// `120/min, 4 at once`.
    private static func limits(_ key: JSONValue) -> String {
        [
            key["requests_per_minute"]?.intValue.map { "\($0)/min" },
            key["max_concurrent"]?.intValue.map { "\($0) at once" },
        ]
        .compactMap(\.self).joined(separator: ", ")
    }

    /// Which key it was: a list of ids tells nobody.
    private static func revoked(_ key: JSONValue?) -> String {
        guard let key else { return "revoked" }
        func text(_ name: String) -> String { key[name]?.stringValue ?? "" }
        let name = "\(text("prefix")) of team \(text("team"))"
        if let before = key["revoked_at"]?.stringValue {
            return "\(name) was already revoked, \(ListPrinter.moment(.string(before)))"
        }
        return "revoked \(name) (\(text("role")))"
    }

    private struct NewKey: Encodable {
        let team: String
        let project: String?
        let project_bound: Bool?
        let role: String?
        let expires_at: String?
        let requests_per_minute: Int?
        let inline_policies: Bool?
        let max_concurrent: Int?
    }

    private static func create(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let body = try await client.post(
            "/v1/keys",
            json: NewKey(
                team: arguments.text("team") ?? "",
                project: arguments.text("project"),
                project_bound: arguments.has("project-bound") ? true : nil,
                role: arguments.text("role"),
                expires_at: arguments.text("expires"),
                requests_per_minute: arguments.integer("requests-per-minute"),
                inline_policies: arguments.has("inline-policies") ? true : nil,
                max_concurrent: arguments.integer("max-concurrent")
            )
        )
        if arguments.has("json") { return Output.data(body) }
        let made = try JSON.decode(JSONValue.self, from: body)
        Output.raw(made["key"]?.stringValue ?? "")
        Output.note("This key of team \(arguments.text("team") ?? "") is shown once; only its hash is kept.")
        if made["role"]?.stringValue == "admin" {
            Output.note("It is an admin key for everything: every team, keys, budgets and prices.")
        }
    }
}

/// `easel provider list|status`.
enum ProviderCommand {
    /// What is known of a provider as a whole.
    static let facts: [CSVFact] = [
        .value("provider", at: "name"), .value("kind"), .value("state"), .value("breaker"), .value("reason"),
        .value("retry_after_ms"), .value("in_flight"), .value("max_in_flight"), .value("waiting"),
        .value("error_rate"), .value("last_outcome"), .time("last_attempt_at"), .money("spend_today_usd"),
    ]

    /// The usual time, or from that of the fastest model to that of the slowest: `provider status --models` tells each.
    private static func usual(_ provider: JSONValue) -> String {
        let times = (provider["latency_ms"]?.objectValue ?? [:]).values.compactMap(\.intValue)
        guard let fastest = times.min(), let slowest = times.max() else { return "" }
        return fastest == slowest ? "\(fastest)" : "\(fastest)-\(slowest)"
    }

    static func run(_ arguments: ParsedArguments) async throws {
        if arguments.command.last == "status" { return try await ProviderStatusCommand.run(arguments) }
        let printer = ListPrinter(
            member: "providers",
            columns: [
                .member("Provider", "name"), .member("Kind", "kind", importance: 3), .member("State", "state"),
                .made("In flight", number: true) {
                    "\(ListPrinter.plain($0["in_flight"] ?? .null))/\(ListPrinter.plain($0["max_in_flight"] ?? .null))"
                },
                .made("Usual ms", importance: 2, number: true) { usual($0) },
                .member("Last", "last_outcome", importance: 1),
                .money("Today USD", "spend_today_usd"),
            ],
            facts: facts
                + RemixModel.allCases.map { .value("latency_ms_\($0.rawValue)", at: "latency_ms", $0.rawValue) },
            empty: "no providers"
        )
        try printer.print(try await APIClient(arguments).get("/v1/providers"), arguments)
    }
}

/// `easel route explain`.
enum RouteCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        if arguments.command.last == "simulate" { return try await SimulateCommand.run(arguments) }
        let file = arguments.text("FILE") ?? "-"
        let bytes = try InputFile.bytes(file)
        let body = try await APIClient(arguments).post(
            "/v1/route/explain",
            body: bytes,
            type: "application/json"
        )
        let plan = try JSON.decode(JSONValue.self, from: body)["plan"] ?? .null
        if arguments.has("json") {
            Output.data(body)
        } else {
            let style = Output.style
            for line in PlanText.lines(plan, style: style, width: style.width) { Output.data(line) }
        }
        // Whoever asks where a request would go wants to know by the exit code that it goes nowhere.
        if plan["candidates"]?.arrayValue?.isEmpty ?? true {
            throw CommandFailure("this request would fail: no provider can be asked")
        }
    }
}

/// `easel config check|example`.
enum ConfigCommand {
    static func run(_ arguments: ParsedArguments) throws {
        let kinds = ProviderRegistry.standard.profiles
        if arguments.command.last == "example" { return Output.raw(Configuration.example(kinds: kinds)) }
        let path = arguments.text("config") ?? "easel.yaml"
        let configuration = try Configuration.load(path: path, kinds: kinds)
        Output.raw(configuration.redactedDescription)
        Output.note("\(path) is sound")
    }
}

/// `easel version`.
enum VersionCommand {
    static func run(_ arguments: ParsedArguments) {
        Output.data(arguments.has("json") ? "{\"version\":\"\(Version.text)\"}" : "easel \(Version.text)")
    }
}
