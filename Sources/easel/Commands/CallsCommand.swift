import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel calls list|show|tail|redact`.
enum CallsCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        switch arguments.command.last {
        case "show": return try await show(client, arguments)
        case "tail": return try await CallsTail.run(client, arguments)
        case "download": return try await CallsDownload.run(client, arguments)
        case "redact": return try await CallsRedact.run(client, arguments)
        default: break
        }
        let names = ["team", "provider", "status", "nsfw", "copyright", "since"]
        let query = names.map { ($0, arguments.text($0)) } + [("limit", arguments.text("limit") ?? "20")]
        let body = try await client.get("/v1/calls", query: query)
        try await KnownNames.check(body, "calls", client, provider: arguments.text("provider"))
        try list.print(body, arguments)
    }

    private static let list = ListPrinter(
        member: "calls",
        columns: [
            .recent("Received", "received_at"),
            .member("Team", "team", importance: 3),
            .member("Model", "model", importance: 5),
            .member("Provider", "provider", importance: 1),
            .member("Status", "status"),
            .made("Images", importance: 4, number: true) {
                "\(ListPrinter.plain($0["images_delivered"] ?? .null))/\(ListPrinter.plain($0["images_requested"] ?? .null))"
            },
            .cost("Cost USD"),
            .member("ms", "latency_ms", importance: 2, number: true),
            .member("Attempts", "attempt_count", importance: 6, number: true),
            .id("Call"),
        ],
        facts: [
            .time("received_at"), .value("team"), .value("key_id"), .value("project"), .value("policy"),
            .value("model"), .value("provider"), .value("status"), .value("error_code"), .value("images_requested"),
            .value("images_delivered"), .money("cost_usd"), .value("cost_basis"), .money("estimated_usd"),
            .value("latency_ms"), .value("attempt_count"), .value("failover"), .value("tags"), .value("id"),
        ],
        empty: "no calls"
    )

    private static func show(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let id = arguments.text("ID") ?? ""
        let body = try await client.get("/v1/calls/\(APIClient.encode(id))")
        if arguments.has("json") { return Output.data(body) }
        let call = try JSON.decode(JSONValue.self, from: body)
        func text(_ name: String) -> String { Printable.line(call[name].map(ListPrinter.plain) ?? "") }
        let style = Output.style
        var lines = [
            style.bold("call \(text("id"))"),
            "received   \(ListPrinter.moment(call["received_at"])) by team \(text("team"))\(text("project").isEmpty ? "" : ", project \(text("project"))")",
            "request    \(text("model")), \(Counted.text(call["images_requested"]?.intValue ?? 0, "image")), policy \(text("policy"))",
            "outcome    \(outcome(call))",
            "cost       \(cost(call))",
        ]
        var flags = ImageVerdicts()
        for image in call["images"]?.arrayValue ?? [] {
            flags.add(
                nsfw: image["nsfw"]?.boolValue,
                copyright: image["copyright"]?.stringValue,
                withheld: image["withheld"]?.boolValue ?? false
            )
        }
        if let flagged = flags.text { lines.append("images     \(flagged)") }
        if !text("prompt").isEmpty { lines.append("prompt     \(text("prompt"))") }
        if !text("tags").isEmpty { lines.append("tags       \(text("tags"))") }
        Output.data(lines.joined(separator: "\n"))
        section("attempts", call, attempts)
        section("images", call, images)
        // Whole and by themselves: a link that is cut leads nowhere.
        for image in call["images"]?.arrayValue ?? [] {
            if let url = image["url"]?.stringValue { Output.data(url) }
        }
        section("translation", call, translation)
        if arguments.has("plan"), let plan = call["plan"] {
            Output.data("\nplan")
            for line in PlanText.lines(plan, style: style, width: style.width) { Output.data(line) }
            if let offers = plan["inputs"]?["offers"]?.arrayValue, !offers.isEmpty {
                Output.data("\nwhat was known about the providers")
                offersTable.printTable(offers)
            }
        }
    }

    private static func outcome(_ call: JSONValue) -> String {
        func text(_ name: String) -> String? { call[name]?.stringValue.map { Printable.line($0) } }
        // What has not ended has neither a provider nor a length.
        guard text("status") != "in_progress" else { return "in progress" }
        let code = text("error_code").map { " (\($0))" } ?? ""
        let time = call["latency_ms"]?.intValue.map { " in \($0) ms" } ?? ""
        return "\(text("status") ?? "")\(code) by \(text("provider") ?? "nobody")\(time)"
    }

    private static func cost(_ call: JSONValue) -> String {
        let basis = call["cost_basis"]?.stringValue.map { ", basis \($0)" } ?? ""
        let isOpen = call["status"]?.stringValue == "in_progress"
        return AmountText.dollars(call["cost_usd"], none: isOpen ? "not known yet" : "not known") + basis
    }

    private static func section(_ name: String, _ call: JSONValue, _ printer: ListPrinter) {
        guard let rows = call[name]?.arrayValue, !rows.isEmpty else { return }
        Output.data("\n\(name)")
        printer.printTable(rows)
    }

    private static let attempts = ListPrinter(
        member: "attempts",
        columns: [
            .member("Provider", "provider"), .member("Outcome", "outcome"), .member("Reason", "reason"),
            .member("Code", "error_code", importance: 2), .member("HTTP", "http_status", importance: 3, number: true),
            .time("Started", "started_at", importance: 4),
            .member("ms", "latency_ms", number: true),
            .money("Cost USD", "cost_usd", none: "?"), .member("Basis", "cost_basis", importance: 1),
        ],
        empty: ""
    )

    private static let offersTable = ListPrinter(
        member: "offers",
        columns: [
            .member("Provider", "provider"),
            .money("USD an image", "price_usd", none: "?"),
            .member("Usual ms", "usual_ms", importance: 1, number: true),
            .member("Slow ms", "slow_ms", importance: 3, number: true),
            .member("Success", "success", importance: 2, number: true),
            .made("Load", importance: 2, number: true) { "\($0["load_percent"]?.intValue ?? 0)%" },
            .member("Wait ms", "wait_ms", importance: 3, number: true),
            .made("Loses", importance: 1) { offer in
                (offer["losses"]?.objectValue ?? [:]).keys.sorted().joined(separator: ", ")
            },
            .made("Standing") { offer in
                offer["unavailable"]?.stringValue ?? offer["demoted"]?.stringValue
                    ?? (offer["probe"] == true ? "to be tried again" : "healthy")
            },
        ],
        empty: ""
    )

    private static let images = ListPrinter(
        member: "images",
        columns: [
            .made("Size") { image in
                // An image that was withheld has none.
                guard let width = image["width"]?.intValue, let height = image["height"]?.intValue else { return "" }
                return "\(width)x\(height)"
            },
            .member("Format", "format"), .member("Seed", "seed", importance: 2, number: true),
            .member("NSFW", "nsfw"), .member("Copyright", "copyright"), .member("Withheld", "withheld"),
        ],
        empty: ""
    )

    private static let translation = ListPrinter(
        member: "translation",
        columns: [
            .member("Parameter", "parameter"), .member("At the provider", "provider_parameter"),
            .member("Action", "action"), .member("Note", "note", importance: 1),
        ],
        empty: ""
    )
}
