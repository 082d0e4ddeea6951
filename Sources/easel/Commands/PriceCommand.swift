import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel price list|set|import|history|recompute`.
enum PriceCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        switch arguments.command.last {
        case "set": try await set(client, arguments)
        case "import": try await importFile(client, arguments)
        case "history":
            let body = try await client.get("/v1/prices/history", query: [("limit", arguments.text("limit") ?? "50")])
            try history.print(body, arguments)
        case "recompute": try await recompute(client, arguments)
        default: try list.print(try await client.get("/v1/prices"), arguments)
        }
    }

    private static let line: [ListPrinter.Column] = [
        .member("Provider", "provider"), .member("Model", "model"),
        .made("Speed") { $0["rendering_speed"]?.stringValue ?? "any" },
        .member("Character", "character_reference", importance: 1),
        .money("USD an image", "usd_per_image"),
        .time("From", "effective_from", importance: 2), .member("Source", "source", importance: 4),
    ]

    private static let lineFacts: [CSVFact] = [
        .value("provider"), .value("model"), .value("rendering_speed"), .value("character_reference"),
        .money("usd_per_image"), .time("effective_from"), .value("source"),
    ]

    private static let list = ListPrinter(
        member: "prices",
        columns: line + [
            .standing("In force") { $0["in_force"].map(ListPrinter.plain) ?? "" }
        ],
        facts: lineFacts + [.value("in_force")],
        empty: "no prices"
    )

    private static let written = ListPrinter(
        member: "prices",
        columns: line + [.standing("Changed") { $0["changed"].map(ListPrinter.plain) ?? "" }],
        empty: "no prices"
    )

    private static let history = ListPrinter(
        member: "changes",
        columns: [
            .recent("Changed", "changed_at"), .member("By", "changed_by"), .member("Provider", "provider"),
            .member("Model", "model"), .made("Speed", importance: 1) { $0["rendering_speed"]?.stringValue ?? "any" },
            .member("Character", "character_reference", importance: 3),
            .money("Before", "old_usd_per_image", importance: 2), .money("USD", "usd_per_image"),
            .time("From", "effective_from", importance: 4), .member("Source", "source", importance: 5),
        ],
        facts: [.time("changed_at"), .value("changed_by"), .money("old_usd_per_image")] + lineFacts,
        empty: "no changes: these are the prices that Easel came with"
    )

    // MARK: - Changing

    private struct Line: Encodable {
        let provider: String
        let model: String
        let rendering_speed: String?
        let character_reference: Bool?
        let usd_per_image: String
        let effective_from: String?
        let source: String?
    }

    private static func set(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let from = arguments.text("from")
        let line = Line(
            provider: arguments.text("PROVIDER") ?? "",
            model: arguments.text("MODEL") ?? "",
            rendering_speed: arguments.text("speed"),
            character_reference: arguments.has("character") ? true : nil,
            usd_per_image: arguments.text("USD") ?? "",
            effective_from: from == "now" ? TimeSource.system.now.description : from,
            source: arguments.text("source")
        )
        try await put([line], client, arguments)
    }

    private static func put(_ lines: [Line], _ client: APIClient, _ arguments: ParsedArguments) async throws {
        let body = try await client.put("/v1/prices", json: ["prices": lines])
        if arguments.has("json") { return Output.data(body) }
        let lines = try JSON.decode(JSONValue.self, from: body)["prices"]?.arrayValue ?? []
        written.printTable(lines)
        tell(lines)
    }

    /// What a write did beside what was said, and where it does not count.
    private static func tell(_ lines: [JSONValue]) {
        let beside = lines.filter { $0["named"]?.boolValue == false }
        if !beside.isEmpty {
            Output.data(
                "lines for single speeds from the same date were changed too: \(beside.map(name).joined(separator: ", "))"
            )
        }
        if !lines.contains(where: { $0["changed"]?.boolValue != false }) {
            Output.data("nothing changed: the price book already said so")
        }
        for line in lines {
            for other in line["overridden_by"]?.arrayValue ?? [] {
                Output.data("\(name(line)) does not apply everywhere: \(name(other)) takes precedence")
            }
        }
    }

    /// `ideogram ideogram-4.0 turbo at $0.03 from 2026-12-01`.
    private static func name(_ line: JSONValue) -> String {
        func text(_ name: String) -> String { line[name]?.stringValue ?? "" }
        let character = line["character_reference"]?.boolValue == true ? " with a character" : ""
        let speed = line["rendering_speed"]?.stringValue ?? "at any speed"
        return
            "\(text("provider")) \(text("model")) \(speed)\(character), \(AmountText.dollars(text("usd_per_image"))) from "
            + ListPrinter.moment(line["effective_from"])
    }

    private static func importFile(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let file = arguments.text("FILE") ?? "-"
        let data = try InputFile.bytes(file)
        let table: CSVTable
        do {
            table = try CSVTable(String(decoding: data, as: UTF8.self))
        } catch {
            throw CommandFailure("\(file): \(error.message)", code: ExitCode.usage)
        }
        let known = [
            "provider", "model", "rendering_speed", "character_reference", "usd_per_image", "effective_from", "source",
        ]
        let unknown = table.columns.filter { !known.contains($0) }
        guard unknown.isEmpty else {
            throw CommandFailure(
                "\(file): there is no column \(unknown.joined(separator: ", ")); known are \(known.joined(separator: ", "))",
                code: ExitCode.usage
            )
        }
        let lines = try table.rows.map { row in
            func text(_ name: String) -> String? { row.fields[name].flatMap { $0.isEmpty ? nil : $0 } }
            let character = text("character_reference")
            guard character == nil || ["true", "false", "yes", "no"].contains(character) else {
                throw CommandFailure(
                    "\(file), line \(row.line): character_reference must be true or false",
                    code: ExitCode.usage
                )
            }
            return Line(
                provider: text("provider") ?? "",
                model: text("model") ?? "",
                rendering_speed: text("rendering_speed"),
                character_reference: character.map { $0 == "true" || $0 == "yes" },
                usd_per_image: text("usd_per_image") ?? "",
                effective_from: text("effective_from"),
                source: text("source")
            )
        }
        let places = table.rows.map { "\(file), line \($0.line)" }
        let named = client.placing { places.indices.contains($0) ? places[$0] : "\(file), row \($0 + 1)" }
        try await put(lines, named, arguments)
        Output.note("\(Counted.text(lines.count, "price")) written")
    }

    // MARK: - Past estimates

    private struct Recompute: Encodable {
        let since: String
        let apply: Bool
        let reconciled: Bool
    }

    private static func recompute(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let text = arguments.text("since") ?? ""
        let since = DurationText.parse(text).map { (TimeSource.system.now - $0).description } ?? text
        let apply = arguments.has("apply")
        let body = try await client.post(
            "/v1/prices/recompute",
            json: Recompute(since: since, apply: apply, reconciled: arguments.has("reconciled"))
        )
        if arguments.has("json") { return Output.data(body) }
        let told = try JSON.decode(JSONValue.self, from: body)
        let changes = told["changes"]?.arrayValue ?? []
        let examined = told["examined_attempts"]?.intValue ?? 0
        let unpriced = told["still_unpriced_attempts"]?.intValue ?? 0
        let confirmed = told["reconciled"]?["attempts"]?.intValue ?? 0
        if changes.isEmpty {
            let rest = examined - (told["includes_reconciled"]?.boolValue == true ? 0 : confirmed)
            Output.note(
                "nothing to change: \(Counted.text(rest, "estimate agrees", "estimates agree")) with the price book"
            )
        } else {
            recomputed.printTable(changes)
            let total = told["totals"]
            Output.data(
                "\(total?["attempts"]?.intValue ?? 0) of \(Counted.text(examined, "estimate")) "
                    + "\(apply ? "changed" : "would change"), \(AmountText.dollars(total?["difference_usd"], none: "?")) together"
            )
            if !apply { Output.note("nothing was changed; --apply does it") }
        }
        if confirmed > 0 {
            let difference = AmountText.dollars(told["reconciled"]?["difference_usd"], none: "?")
            Output.data(
                told["includes_reconciled"]?.boolValue == true
                    ? "\(confirmed) of them \(apply ? "had been" : "are") confirmed by an invoice, \(difference); "
                        + "\(apply ? "they are" : "they would be") no longer confirmed"
                    : "\(confirmed) confirmed by an invoice \(apply ? "stayed" : "stay") as they are, although the price "
                        + "book differs (\(difference)); --reconciled changes them too"
            )
        }
        if unpriced > 0 {
            Output.note("\(Counted.text(unpriced, "attempt still has", "attempts still have")) no price")
        }
    }

    private static let recomputed = ListPrinter(
        member: "changes",
        columns: [
            .member("Provider", "provider"), .member("Model", "model"), .member("Attempts", "attempts", number: true),
            .member("Unpriced", "unpriced_attempts", importance: 1, number: true),
            .money("Before USD", "before_usd"), .money("After USD", "after_usd"),
            .money("Difference USD", "difference_usd"),
        ],
        empty: ""
    )
}
