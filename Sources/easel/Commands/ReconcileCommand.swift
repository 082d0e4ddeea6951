import EaselBase
import EaselConfiguration
import EaselCore
import EaselReporting
import Foundation

/// `easel reconcile`, `easel reconcile list` and `easel reconcile show`.
enum ReconcileCommand {
    static let spec = CommandSpec(
        "reconcile",
        "compare the log with what a provider says it charged",
        subcommands: [
            CommandSpec(
                "run",
                "compare day by day (UTC) and model by model, and keep the result",
                discussion:
                    "Every difference is explained by the attempts listed, or reported as unexplained. Whole days are "
                    + "compared. With --check the exit code is 5 when something is unexplained.",
                options: [
                    .option("provider", ValueSpec("NAME"), required: true, "a provider of the configuration"),
                    .option("since", SharedOptions.since, default: "7d", "a date, a time, 7d, today or month"),
                    .option("until", SharedOptions.since, default: "now", "a date or a time; its day is included"),
                    .option(
                        "csv",
                        ValueSpec("FILE", .file),
                        "an invoice with a date and an amount column instead of asking the provider"
                    ),
                    // Beside --csv, which names an input here.
                    .flag("json", "print JSON"), .flag("check", "exit code 5 when something is unexplained"),
                ] + SharedOptions.client,
                examples: [
                    "easel reconcile --provider runware --since 7d",
                    "easel reconcile --provider ideogram --since month --csv invoice.csv --check",
                ]
            ),
            CommandSpec(
                "list",
                "past comparisons, newest first",
                options: [
                    .option("provider", ValueSpec("NAME"), "one provider only"),
                    .option("limit", short: "n", ValueSpec("N", .integer(1...200)), default: "20", "how many"),
                    SharedOptions.json, SharedOptions.csv,
                ] + SharedOptions.client,
                examples: ["easel reconcile list --provider runware"]
            ),
            CommandSpec(
                "show",
                "one comparison",
                arguments: [ArgumentSpec("ID", .text, "its id, from easel reconcile list")],
                options: [SharedOptions.json, SharedOptions.csv] + SharedOptions.client,
                examples: ["easel reconcile show 01931c2e-7a00-7000-8000-000000000000"]
            ),
        ],
        defaultSubcommand: "run",
        examples: ["easel reconcile --provider runware --since 7d"]
    )

    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        switch arguments.command.last {
        case "list":
            let query = [("provider", arguments.text("provider")), ("limit", arguments.text("limit") ?? "20")]
            let body = try await client.get("/v1/reconciliations", query: query)
            try await KnownNames.check(body, "reconciliations", client, provider: arguments.text("provider"))
            try list.print(body, arguments)
        case "show":
            let id = APIClient.encode(arguments.text("ID") ?? "")
            let body = try await client.get("/v1/reconciliations/\(id)")
            if arguments.has("csv"), !arguments.has("json") {
                let rows = try JSON.decode(JSONValue.self, from: body)["rows"]?.arrayValue ?? []
                return Output.raw(CSVFact.csv(rowFacts, rows))
            }
            _ = try show(body, arguments)
        default: try await compare(client, arguments)
        }
    }

    private struct Row: Encodable {
        let day: CivilDay
        let model: String?
        let images: Int?
        let requests: Int?
        let cost_usd: Money?
    }

    private struct Request: Encodable {
        let provider: String
        let from: String?
        let to: String?
        let rows: [Row]?
        let source: String?
    }

    private static func compare(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let file = arguments.text("csv")
        let request = Request(
            provider: arguments.text("provider") ?? "",
            from: arguments.text("since"),
            to: arguments.text("until"),
            rows: try file.map(rows),
            source: file.map { String(($0 as NSString).lastPathComponent.prefix(100)) }
        )
        // A provider may take its time, and a busy month is many rows to mark.
        let body = try await client.post(
            "/v1/reconciliations",
            body: try JSON.encode(request),
            type: "application/json",
            timeout: .seconds(600)
        )
        let unexplained = try show(body, arguments)
        if arguments.has("check"), unexplained > 0 {
            throw CommandFailure(
                "\(Counted.text(unexplained, "difference is", "differences are")) not explained",
                code: ExitCode.dataGap
            )
        }
    }

    private static func rows(_ file: String) throws -> [Row] {
        let bytes = try InputFile.bytes(file)
        do throws(InvoiceCSV.Faults) {
            return try InvoiceCSV(bytes).rows.map {
                Row(day: $0.day, model: $0.model, images: $0.images, requests: $0.requests, cost_usd: $0.cost)
            }
        } catch {
            let named = error.faults.prefix(20).map { "  \(file):\($0.line): \($0.message)" }
            let more = error.faults.count > named.count ? ["  and \(error.faults.count - named.count) more"] : []
            throw CommandFailure(
                (["\(file) cannot be compared; nothing was sent"] + named + more).joined(separator: "\n"),
                code: ExitCode.usage
            )
        }
    }

    /// How many rows are unexplained.
    private static func show(_ body: [UInt8], _ arguments: ParsedArguments) throws -> Int {
        let reconciliation = try JSON.decode(Reconciliation.self, from: body)
        if arguments.has("json") {
            Output.data(body)
        } else {
            Output.data(ReconciliationText(reconciliation, style: Output.style).render())
        }
        return reconciliation.totals.unexplained
    }

    private static let rowFacts: [CSVFact] = [
        .value("day"), .value("model"), .words("log_models"), .value("status"), .money("log_usd"),
        .money("estimated_usd"), .money("provider_usd"), .money("difference_usd"), .money("unexplained_usd"),
        .value("log_requests"), .value("provider_requests"), .value("log_images"), .value("provider_images"),
        .size("explanations"),
    ]

    /// `11-23..11-30`, with the year where it is not the present one; one day alone.
    private static func days(_ reconciliation: JSONValue) -> String {
        let year = TimeSource.system.now.description.prefix(5)
        let days = ["from", "to"].map { name in
            let day = reconciliation[name]?.stringValue ?? ""
            return day.hasPrefix(year) ? String(day.dropFirst(5)) : day
        }
        return days[0] == days[1] ? days[0] : days.joined(separator: "..")
    }

    private static let list = ListPrinter(
        member: "reconciliations",
        columns: [
            .recent("Made", "created_at", importance: 2), .member("Provider", "provider"),
            .whole("Days") { days($0) }, .member("Figures from", "source", importance: 5),
            .money("Log USD", importance: 1) { $0["totals"]?["log_usd"] },
            .money("Provider USD", importance: 3) { $0["totals"]?["provider_usd"] },
            .made("Equal", importance: 6, number: true) { ListPrinter.plain($0["totals"]?["equal"] ?? .null) },
            .made("Explained", importance: 4, number: true) { ListPrinter.plain($0["totals"]?["explained"] ?? .null) },
            .made("Unexplained", number: true) { ListPrinter.plain($0["totals"]?["unexplained"] ?? .null) },
            .id("Id"),
        ],
        facts: [
            .time("created_at"), .value("provider"), .value("from"), .value("to"), .value("source"),
            .money("log_usd", at: "totals", "log_usd"), .money("estimated_usd", at: "totals", "estimated_usd"),
            .money("provider_usd", at: "totals", "provider_usd"), .value("equal", at: "totals", "equal"),
            .value("explained", at: "totals", "explained"), .value("unexplained", at: "totals", "unexplained"),
            .value("id"),
        ],
        empty: "no comparisons"
    )
}
