import EaselBase
import EaselConfiguration
import EaselCore
import EaselReporting
import Foundation

/// `easel route simulate`.
enum SimulateCommand {
    static let spec = CommandSpec(
        "simulate",
        "what another policy would have done with the calls in the log; nothing is sent",
        discussion:
            "FILE holds one policy, applied to every call, or a `routing` section, in which each call looks up its own "
            + "policy by name. Calls whose plan stays the same count as they went; the others are projected from the "
            + "providers' attempts.",
        options: [
            .option("policy", ValueSpec("FILE", .file), required: true, "the policy in YAML, or - for standard input"),
            .option("since", SharedOptions.since, default: "30d", "a date, a time, 7d, 24h, today or month"),
            .option("until", SharedOptions.since, default: "now", "a date, a time, 24h, today, month or now"),
            .option("team", ValueSpec("NAME"), "one team only"),
            .option(
                "limit",
                short: "n",
                ValueSpec("N", .integer(1...SimulationQuery.mostCalls)),
                default: "\(SimulationQuery.usualCalls)",
                "replay at most this many calls: a sample, if there are more"
            ),
            SharedOptions.json, SharedOptions.csv,
        ] + SharedOptions.client,
        examples: ["easel route simulate --policy cheaper.yaml --since 30d"]
    )

    /// A line for what happened and one for what would have; the losses and first choices by name are in `--json`.
    private static let facts: [CSVFact] = [
        .value("side"), .value("calls"), .money("cost_usd"), .value("unpriced_calls"), .value("images"),
        .value("mean_latency_ms"), .value("succeeded"), .value("refused"), .value("failed"), .value("unknown"),
        .value("turned_away"), .value("attempts"), .value("failovers"), .value("lossy_calls"),
    ]

    private struct Wish: Encodable {
        let policy: String
        let since: String?
        let until: String?
        let team: String?
        let limit: Int?
    }

    static func run(_ arguments: ParsedArguments) async throws {
        let file = arguments.text("policy") ?? "-"
        let data = try InputFile.bytes(file)
        let wish = Wish(
            policy: String(decoding: data, as: UTF8.self),
            since: arguments.text("since"),
            until: arguments.text("until"),
            team: arguments.text("team"),
            limit: arguments.integer("limit")
        )
        let body: [UInt8]
        do {
            body = try await APIClient(arguments).post(
                "/v1/route/simulate",
                body: try JSON.encode(wish),
                type: "application/json",
                timeout: .seconds(600)
            )
        } catch let failure as CommandFailure {
            // The server knows the text as `policy`.
            let name = file == "-" ? "standard input" : file
            throw CommandFailure(failure.message.replacing("--policy: policy:", with: "\(name):"), code: failure.code)
        }
        if arguments.has("json") { return Output.data(body) }
        if arguments.has("csv") {
            let document = try JSON.decode(JSONValue.self, from: body)
            let sides = ["log", "simulated"].compactMap { side in
                document[side]?.objectValue.map { JSONValue.object($0.merging(["side": .string(side)]) { $1 }) }
            }
            return Output.raw(CSVFact.csv(facts, sides))
        }
        let report = try JSON.decode(SimulationReport.self, from: body)
        Output.data(SimulationText(report, style: Output.style).render())
    }
}
