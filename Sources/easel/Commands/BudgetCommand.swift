import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel budget list|set|explain|raise|rm`.
enum BudgetCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        switch arguments.command.last {
        case "set": try await set(client, arguments)
        case "explain": try await explain(client, arguments)
        case "raise": try await raise(client, arguments)
        case "rm":
            let id = try await find(client, arguments)
            let all = try await budgets(client)
            try await client.delete("/v1/budgets/\(id)")
            let gone = all.first { $0["id"]?.stringValue == id.lowercased() }
            Output.note("removed\(gone.map { " " + describe($0) } ?? "")")
        default: try await showAll(client, arguments)
        }
    }

    // MARK: - Showing

    private static func showAll(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let body = try await client.get("/v1/budgets")
        try list.print(body, arguments)
        guard arguments.has("check") else { return }
        let levels = (try JSON.decode(JSONValue.self, from: body)["budgets"]?.arrayValue ?? [])
            .compactMap { $0["level"]?.stringValue }
        if levels.contains("exceeded") { throw CommandFailure("a budget is used up", code: ExitCode.exceeded) }
        if levels.contains("warning") {
            throw CommandFailure("a budget is past its warning threshold", code: ExitCode.warned)
        }
    }

    private static let list = ListPrinter(
        member: "budgets",
        columns: [
            .member("Scope", "scope"), .member("Period", "period"),
            .made("Limit", number: true) { budget in
                // A raise that holds now is in the figure, and ends.
                guard let raised = amount(budget, "limit_now") else { return (amount(budget, "limit") ?? "") + " " }
                return raised + "+"
            },
            .made("Spent", number: true) { used($0, "spent") },
            .made("Reserved", importance: 1, number: true) { used($0, "reserved") },
            .made("Left", number: true) { amount($0, "remaining") ?? "" },
            .made("Used", number: true) { used(percentOf: $0) },
            .whole("", importance: 7) { bar($0) },
            .made("Forecast", importance: 3, number: true) {
                $0["forecast_usd"]?.stringValue.map { rounded($0) } ?? ""
            },
            .made("Kind", importance: 2) { $0["hard"]?.boolValue == false ? "soft" : "hard" },
            .time("Resets", "resets_at", importance: 4), .id("Id", importance: 5),
        ],
        facts: [
            .value("scope"), .value("period"), .money("limit_usd"), .value("limit_images"),
            .money("limit_now_usd").or("limit_usd"),
            .value("limit_now_images").or("limit_images"), .value("hard"), .words("warn_at"), .value("timezone"),
            .money("raise_by_usd", at: "raise", "by_usd"), .value("raise_by_images", at: "raise", "by_images"),
            .time("raise_from", at: "raise", "from"), .time("raise_until", at: "raise", "until"),
            .time("window_start"), .time("resets_at"), .money("spent_usd"), .money("reserved_usd"),
            .money("remaining_usd"), .value("spent_images"), .value("reserved_images"), .value("remaining_images"),
            .money("unreserved_usd"), .value("spent_percent"), .money("forecast_usd"), .value("level"), .value("id"),
        ],
        empty: "no budgets; `easel budget set team:NAME --limit USD` makes one"
    )

    private static func countsImages(_ budget: JSONValue) -> Bool { budget["limit_images"] != nil }

    private static func amount(_ budget: JSONValue, _ name: String) -> String? {
        if let amount = budget["\(name)_usd"]?.stringValue { return dollars(amount) }
        return budget["\(name)_images"]?.intValue.map { "\($0) img" }
    }

    private static func used(_ budget: JSONValue, _ name: String) -> String {
        countsImages(budget)
            ? "\(budget["\(name)_images"]?.intValue ?? 0) img" : dollars(budget["\(name)_usd"]?.stringValue ?? "?")
    }

    /// Dollars and cents: a forecast is no exact figure.
    private static func rounded(_ text: String) -> String {
        guard let money = Money(usd: text) else { return text }
        let cents = (money + Money(nanodollars: 5_000_000)).nanodollars / 10_000_000
        return "~\(Money(nanodollars: cents * 10_000_000).dollars)"
    }

    private static func dollars(_ text: String) -> String { AmountText.dollars(text) }

    /// `66%`, and `100% !` past a threshold; never cut, for it is what people look for.
    private static func used(percentOf budget: JSONValue) -> String {
        let mark = budget["level"]?.stringValue == "ok" ? "  " : " !"
        return "\(budget["spent_percent"]?.intValue ?? 0)%\(mark)"
    }

    private static func bar(_ budget: JSONValue) -> String {
        let filled = min(10, max(0, (budget["spent_percent"]?.intValue ?? 0) / 10))
        guard Output.style.unicode else {
            return String(repeating: "#", count: filled) + String(repeating: ".", count: 10 - filled)
        }
        return String(repeating: "█", count: filled) + String(repeating: "░", count: 10 - filled)
    }

    private static func explain(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let id = try await find(client, arguments)
        let body = try await client.get("/v1/budgets/\(id)/explain", query: [("limit", arguments.text("limit"))])
        if arguments.has("json") { return Output.data(body) }
        let told = try JSON.decode(JSONValue.self, from: body)
        let budget = told["budget"] ?? .null
        let style = Output.style
        func text(_ name: String) -> String { budget[name].map(ListPrinter.plain) ?? "" }
        var lines = [
            style.bold("\(text("scope")), \(text("period")) budget") + " (\(text("hard") == "yes" ? "hard" : "soft"))",
            "window     \(window(budget))",
            "limit      \(amount(budget, "limit") ?? "")",
        ]
        if let raise = budget["raise"], raise != .null {
            let when = "from \(ListPrinter.time(raise["from"])) until \(ListPrinter.moment(raise["until"]))"
            lines.append("raise      \(amount(raise, "by") ?? "") \(when)")
        }
        lines.append(
            "spent      \(used(budget, "spent")), reserved \(used(budget, "reserved")), left \(amount(budget, "remaining") ?? "")"
        )
        if let beyond = budget["unreserved_usd"]?.stringValue, beyond != "0" {
            lines.append("beyond     \(dollars(beyond)) was charged beyond what was reserved")
        }
        Output.data(lines.joined(separator: "\n"))
        section("spent by", told["groups"], groups)
        section("newest calls", told["calls"], calls)
        section("reserved by", told["reservations"], reservations)
    }

    private static func window(_ budget: JSONValue) -> String {
        guard budget["window_start"]?.stringValue != nil else { return "no end" }
        return "\(ListPrinter.time(budget["window_start"])) to \(ListPrinter.moment(budget["resets_at"])), calendar of "
            + (budget["timezone"]?.stringValue ?? "UTC")
    }

    private static func section(_ title: String, _ rows: JSONValue?, _ printer: ListPrinter) {
        guard let rows = rows?.arrayValue, !rows.isEmpty else { return }
        Output.data("\n\(title)")
        printer.printTable(rows)
    }

    private static let groups = ListPrinter(
        member: "groups",
        columns: [
            .member("Provider", "provider"), .member("Status", "status"), .member("Calls", "calls", number: true),
            .member("Images", "images", number: true), .money("Cost USD", "cost_usd"),
        ],
        empty: ""
    )

    private static let calls = ListPrinter(
        member: "calls",
        columns: [
            .recent("Received", "received_at", importance: 1), .member("Team", "team", importance: 3),
            .member("Provider", "provider"), .member("Status", "status", importance: 2), .cost("Cost USD"), .id("Call"),
        ],
        empty: ""
    )

    private static let reservations = ListPrinter(
        member: "reservations",
        columns: [
            .recent("Since", "received_at", importance: 1), .member("Team", "team", importance: 3),
            .member("Why", "reason"), .money("Reserved USD", "amount_usd", none: "?"),
            .recent("Lease ends", "lease_ends_at", importance: 2), .id("Owner", "gateway_id", importance: 4),
            .id("Call", "call_id"),
        ],
        empty: ""
    )

    // MARK: - Changing

    /// What is nil stays as it was.
    private struct Wish: Encodable {
        let scope: String
        let period: String?
        let limit_usd: String?
        let limit_images: Int?
        let hard: Bool?
        let warn_at: [Int]?
        let timezone: String?
    }

    private static func set(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let warnings = try arguments.text("warn-at").map { text in
            try text.split(separator: ",").map { part in
                let number = part.hasSuffix("%") ? part.dropLast() : part
                guard let percent = Int(number.trimmingCharacters(in: .whitespaces)) else {
                    throw CommandFailure(
                        "--warn-at takes percents such as 50,80,100, not \(part)",
                        code: ExitCode.usage
                    )
                }
                return percent
            }
        }
        let body = try await client.patch(
            "/v1/budgets",
            json: Wish(
                scope: arguments.text("SCOPE") ?? "",
                period: arguments.text("period"),
                limit_usd: arguments.text("limit"),
                limit_images: arguments.integer("images"),
                hard: arguments.has("hard") ? true : arguments.has("soft") ? false : nil,
                warn_at: warnings,
                timezone: arguments.text("tz")
            )
        )
        try show(body, arguments)
        if !arguments.has("json") { tellChange(try JSON.decode(JSONValue.self, from: body)) }
    }

    /// `org, month: was $100.00, soft, … → now $200.00, soft, …`.
    private static func tellChange(_ budget: JSONValue) {
        func text(_ name: String) -> String { budget[name]?.stringValue ?? "" }
        let name = "\(text("scope")), \(text("period"))"
        let now = text("terms")
        switch budget["terms_were"]?.stringValue {
        case nil: Output.data("\(name): new, now \(now)")
        case now?: Output.data("\(name): nothing changed; it was already \(now)")
        case let was?: Output.data("\(name): was \(was) → now \(now)")
        }
        tellRaise(budget)
    }

    /// A raise that stands beside what was set.
    private static func tellRaise(_ budget: JSONValue) {
        guard let raise = budget["raise"], raise != .null, let by = amount(raise, "by") else { return }
        let span = "from \(ListPrinter.time(raise["from"])) until \(ListPrinter.moment(raise["until"]))"
        let each = budget["period"]?.stringValue.map { $0 == "total" ? "" : ", in every \($0) of that time" } ?? ""
        Output.data("raised by \(by) \(span)\(each)")
    }

    private struct Raise: Encodable {
        let by_usd: String?
        let by_images: Int?
        let from: String?
        let until: String?
    }

    private static func raise(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let isEnd = arguments.has("end")
        if !isEnd {
            guard arguments.has("by") != arguments.has("by-images"), arguments.has("until") else {
                throw CommandFailure(
                    "give --by USD (or --by-images N) and --until TIME, or --end",
                    code: ExitCode.usage
                )
            }
        }
        let id = try await find(client, arguments)
        if isEnd {
            let budget = try await budgets(client).first { $0["id"]?.stringValue == id.lowercased() }
            if let budget, budget["raise"] ?? .null == .null {
                throw CommandFailure("there is no raise on \(describe(budget)); nothing was changed")
            }
        }
        let path = "/v1/budgets/\(id)/raise"
        let from = arguments.text("from")
        let body =
            isEnd
            ? try await client.deleteReturning(path)
            : try await client.post(
                path,
                json: Raise(
                    by_usd: arguments.text("by"),
                    by_images: arguments.integer("by-images"),
                    from: from == "now" ? nil : from,
                    until: arguments.text("until")
                )
            )
        try show(body, arguments)
        if !arguments.has("json") {
            if isEnd { Output.data("the raise has ended") }
            tellRaise(try JSON.decode(JSONValue.self, from: body))
        }
    }

    private static func show(_ body: [UInt8], _ arguments: ParsedArguments) throws {
        if arguments.has("json") { return Output.data(body) }
        list.printTable([try JSON.decode(JSONValue.self, from: body)])
    }

    /// `the hard month budget of org, $200.00`.
    private static func describe(_ budget: JSONValue) -> String {
        func text(_ name: String) -> String { budget[name]?.stringValue ?? "" }
        let kind = budget["hard"]?.boolValue == false ? "soft" : "hard"
        return "the \(kind) \(text("period")) budget of \(text("scope")), \(amount(budget, "limit") ?? "")"
    }

    private static func budgets(_ client: APIClient) async throws -> [JSONValue] {
        try JSON.decode(JSONValue.self, from: try await client.get("/v1/budgets"))["budgets"]?.arrayValue ?? []
    }

    /// The id behind what was given: an id, or a scope that names one budget, with its period where there are several.
    private static func find(_ client: APIClient, _ arguments: ParsedArguments) async throws -> String {
        let given = arguments.text("BUDGET") ?? ""
        let period = arguments.text("period")
        if UUID(uuidString: given) != nil {
            guard period == nil else {
                throw CommandFailure(
                    "--period has no effect beside an id, which names one budget",
                    code: ExitCode.usage
                )
            }
            return given
        }
        let found = try await budgets(client).filter { budget in
            budget["scope"]?.stringValue == given && (period == nil || budget["period"]?.stringValue == period)
        }
        if found.count == 1, let id = found[0]["id"]?.stringValue { return id }
        if found.isEmpty {
            let name = "\(period.map { "\($0) " } ?? "")budget of \(given)"
            throw CommandFailure("there is no \(name); `easel budget list` shows all", code: ExitCode.usage)
        }
        let ids = found.map { "  \($0["id"]?.stringValue ?? "")  \(describe($0))" }
        throw CommandFailure(
            "\(given) has several budgets; name one by its id, or with --period:\n" + ids.joined(separator: "\n"),
            code: ExitCode.usage
        )
    }
}
