import EaselConfiguration
import EaselReporting
import Foundation

/// `easel report usage` and `easel report shadow`.
enum ReportCommand {
    static let shadowSpec = CommandSpec(
        "shadow",
        "a second provider beside the first: cost, latency, NSFW, copyright, failures",
        discussion:
            "Compares the first request of each shadowed call with its shadow. Month to date unless told otherwise.",
        options: [
            .option("since", ValueSpec("WHEN"), default: "month", "a date, a time, 7d, 24h, today or month"),
            .option("until", ValueSpec("WHEN"), default: "now", "a date or a time"),
            .option("policy", ValueSpec("NAME"), "one policy only"),
            .option("team", ValueSpec("NAME"), "one team only"),
            CommandTree.json, CommandTree.csv,
        ] + CommandTree.client,
        examples: ["easel report shadow --since 7d --policy cheapest"]
    )

    static func run(_ arguments: ParsedArguments) async throws {
        if arguments.command.last == "shadow" { return try await shadow(arguments) }
        let client = try APIClient(arguments)
        let body = try await client.get(
            "/v1/reports/usage",
            query: [
                ("from", arguments.text("since")), ("to", arguments.text("until")),
                ("group_by", arguments.text("by") ?? "team,provider"), ("timezone", arguments.text("tz")),
                ("team", arguments.text("team")),
            ]
        )
        if arguments.has("json") { return Output.data(body) }
        let renderer = UsageReportRenderer(try UsageReportReading.report(from: body))
        if arguments.has("csv") { return Output.data(renderer.csv()) }
        Output.data(renderer.table(Terminal.of(.standardOutput).style))
    }

    private static func shadow(_ arguments: ParsedArguments) async throws {
        let body = try await APIClient(arguments).get(
            "/v1/reports/shadow",
            query: [
                ("from", arguments.text("since")), ("to", arguments.text("until")),
                ("policy", arguments.text("policy")), ("team", arguments.text("team")),
            ]
        )
        if arguments.has("json") { return Output.data(body) }
        let renderer = ShadowReportRenderer(try ShadowReportReading.report(from: body))
        if arguments.has("csv") { return Output.data(renderer.csv()) }
        Output.data(renderer.table(Terminal.of(.standardOutput).style))
    }
}
