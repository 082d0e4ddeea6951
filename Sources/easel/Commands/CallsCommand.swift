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
        try list.print(try await client.get("/v1/calls", query: query), arguments)
    }

    private static let list = ListPrinter(
        member: "calls",
        columns: [
            .whole("Received") { ListPrinter.recentTime($0["received_at"]) },
            .member("Team", "team", importance: 3),
            .member("Model", "model", importance: 5),
            .member("Provider", "provider", importance: 1),
            .member("Status", "status"),
            .made("Images", importance: 4, number: true) {
                "\(ListPrinter.plain($0["images_delivered"] ?? .null))/\(ListPrinter.plain($0["images_requested"] ?? .null))"
            },
            .made("Cost USD", number: true) { call in
                guard let cost = call["cost_usd"]?.stringValue else { return "?" }
                return cost + (call["cost_basis"]?.stringValue == "provider" ? "" : "*")
            },
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
            "received   \(ListPrinter.time(call["received_at"])) UTC by team \(text("team"))\(text("project").isEmpty ? "" : ", project \(text("project"))")",
            "request    \(text("model")), \(text("images_requested")) picture(s), policy \(text("policy"))",
            "outcome    \(text("status"))\(text("error_code").isEmpty ? "" : " (\(text("error_code")))") by \(text("provider").isEmpty ? "nobody" : text("provider")) in \(text("latency_ms")) ms",
            "cost       \(call["cost_usd"]?.stringValue.map { "$\($0)" } ?? "not known"), basis \(text("cost_basis"))",
        ]
        var flags = PictureVerdicts()
        for image in call["images"]?.arrayValue ?? [] {
            flags.add(
                nsfw: image["nsfw"]?.boolValue,
                copyright: image["copyright"]?.stringValue,
                withheld: image["withheld"]?.boolValue ?? false
            )
        }
        if let flagged = flags.text { lines.append("pictures   \(flagged)") }
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
                Output.data("\nwhat was known of the providers")
                offersTable.printTable(offers)
            }
        }
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
            .made("Cost USD", number: true) { $0["cost_usd"]?.stringValue ?? "?" },
            .member("Basis", "cost_basis", importance: 1),
        ],
        empty: ""
    )

    private static let offersTable = ListPrinter(
        member: "offers",
        columns: [
            .member("Provider", "provider"),
            .made("USD a picture", number: true) { $0["price_usd"]?.stringValue ?? "?" },
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
                    ?? (offer["probe"] == true ? "to be tried again" : "well")
            },
        ],
        empty: ""
    )

    private static let images = ListPrinter(
        member: "images",
        columns: [
            .made("Size") { "\(ListPrinter.plain($0["width"] ?? .null))x\(ListPrinter.plain($0["height"] ?? .null))" },
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
