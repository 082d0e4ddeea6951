import EaselConfiguration
import EaselReporting
import Foundation

/// `easel report usage`.
enum ReportCommand {
    static func run(_ arguments: ParsedArguments) async throws {
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
}
