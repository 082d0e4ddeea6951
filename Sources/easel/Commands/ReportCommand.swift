import EaselBase
import EaselConfiguration
import EaselCore
import EaselReporting
import Foundation

/// `easel report usage|latency|safety|failover|providers|budgets|diff|top|shadow`.
enum ReportCommand {
    private static let formats: [OptionSpec] = [
        SharedOptions.json, SharedOptions.csv,
        .flag("md", "print a Markdown table").excluding("json", "csv", "ndjson", "focus", "define"),
        .flag("ndjson", "print one JSON object for each row").excluding("json", "csv", "md", "focus", "define"),
        .flag("define", "print the definition of each column, and nothing else").excluding("watch", "focus"),
    ]
    private static let check = OptionSpec.flag("check", "exit code 5 when figures are missing")
        .excluding("watch", "define")
    private static let time: [OptionSpec] = [
        .option("since", SharedOptions.since, default: "month", "a date, a time, 7d, 24h, today or month"),
        .option("until", SharedOptions.since, default: "now", "a date, a time, 24h, today, month or now"),
        .option("tz", SharedOptions.zone, default: "UTC", "the time zone of days and hours"),
        .option("team", ValueSpec("NAME"), "one team only"),
    ]
    private static let allGroups = "team, provider, model, project, key, day, hour, tag:NAME"
    private static let attemptGroups = "team, provider, model, day, hour"

    private static func by(_ standard: String, _ groups: String) -> OptionSpec {
        .option(
            "by",
            ValueSpec("LIST", .list(groups.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })),
            default: standard,
            groups
        )
    }

    static let specs: [CommandSpec] = [
        CommandSpec(
            "usage",
            "calls, images, cost, latency, NSFW and copyright figures",
            discussion:
                "* marks a cost that no provider confirmed. The default is the month to date, by team and provider.",
            options: [by("team,provider", allGroups)] + time + formats + [check]
                + [
                    .flag("focus", "print CSV with the columns of FOCUS 1.2, by day, team, project, provider and model")
                        .excluding("by", "tz", "json", "csv", "md", "ndjson")
                ]
                + Watch.options + SharedOptions.client,
            examples: ["easel report usage --by team,provider --since 7d", "easel report usage --since month --focus"]
        ),
        figures(
            "latency",
            "how long calls, attempts and their phases take",
            "Percentiles come from histograms and are accurate to 0.8%.",
            by("provider,model", allGroups)
        ),
        figures(
            "safety",
            "NSFW and copyright rates, refusals and withheld images",
            "Rates are shares of the images that were checked.",
            by("team,model", allGroups)
        ),
        figures(
            "failover",
            "how attempts fail, and what that costs",
            "Below the table: how many calls failed over, and how many callers noticed.",
            by("provider", attemptGroups)
        ),
        figures(
            "providers",
            "each provider's success, cost, latency and trend",
            "Success counts attempts; caller success counts the calls that the provider answered.",
            by("provider", attemptGroups)
        ),
        CommandSpec(
            "budgets",
            "what budgets have left, how fast they are spent, and where they will end up",
            discussion: "With --check the exit code is 3 past a warning threshold and 4 when a budget is used up.",
            options: [.option("team", ValueSpec("NAME"), "one team only")] + formats + [check] + Watch.options
                + SharedOptions.client,
            examples: ["easel report budgets --check"]
        ),
        figures(
            "diff",
            "a period compared with the one before it",
            "The earlier period is of the same length and ends where this one begins, unless you name it.",
            by("team", "team, provider, model, project, key, tag:NAME"),
            [
                .option("before-since", SharedOptions.since, "where the earlier period begins"),
                .option("before-until", SharedOptions.since, "where it ends"),
            ]
        ),
        figures(
            "top",
            "the teams, keys, projects or tags with the most of something",
            "The sum of the remaining rows is shown below the table.",
            by("team", allGroups),
            [
                .option(
                    "sort",
                    ValueSpec("WHAT", .choice(TopMeasure.allCases.map(\.rawValue))),
                    default: "cost",
                    "what to sort by"
                ),
                .option("limit", short: "n", ValueSpec("N", .integer(1...1000)), default: "10", "how many"),
            ]
        ),
        CommandSpec(
            "shadow",
            "a second provider compared with the first: cost, latency, NSFW, copyright, failures",
            discussion:
                "Compares the first request of each shadowed call with its shadow. The default is the month to date.",
            options: [
                .option("since", SharedOptions.since, default: "month", "a date, a time, 7d, 24h, today or month"),
                .option("until", SharedOptions.since, default: "now", "a date, a time, 24h, today, month or now"),
                .option("policy", ValueSpec("NAME"), "one policy only"),
                .option("team", ValueSpec("NAME"), "one team only"),
            ] + formats + Watch.options + SharedOptions.client,
            examples: ["easel report shadow --since 7d --policy cheapest"]
        ),
    ]

    private static func figures(
        _ name: String,
        _ summary: String,
        _ discussion: String,
        _ by: OptionSpec,
        _ own: [OptionSpec] = []
    ) -> CommandSpec {
        CommandSpec(
            name,
            summary,
            discussion: discussion,
            options: [by] + own + time + formats + [check] + Watch.options + SharedOptions.client,
            examples: ["easel report \(name) --since 7d"]
        )
    }

    static func run(_ arguments: ParsedArguments) async throws {
        let name = arguments.command.last ?? "usage"
        let client = try APIClient(arguments)
        let query = query(name, arguments)
        @Sendable func page() async throws -> Page {
            let body = try await client.get("/v1/reports/\(name)", query: query)
            return Page(body: body, report: try Report(name, json: body))
        }
        let isText =
            !["json", "csv", "md", "ndjson"].contains { arguments.has($0) }
            && !(name == "usage" && arguments.has("focus"))
        if arguments.has("watch") {
            return try await Watch.run(arguments, redraws: isText) { try await page().text(arguments) }
        }
        let shown = try await page()
        if name == "shadow", let policy = arguments.text("policy"), shown.report.rows.isEmpty {
            try await prove(policy: policy, client)
        }
        let text = shown.text(arguments)
        if isText { Output.data(text) } else { Output.raw(text) }
        if name != "shadow", arguments.has("check") { try shown.check() }
    }

    /// What is asked of the interface; each report has options of its own.
    private static func query(_ name: String, _ arguments: ParsedArguments) -> [(String, String?)] {
        var query: [(String, String?)] = [("team", arguments.text("team"))]
        if name == "budgets" { return query }
        query += [("from", arguments.text("since")), ("to", arguments.text("until"))]
        if name == "shadow" { return query + [("policy", arguments.text("policy"))] }
        query.append(("timezone", arguments.text("tz")))
        var groups = arguments.text("by")
        switch name {
        case "usage":
            if arguments.has("focus") {
                groups = FocusExport.groups.map(\.name).joined(separator: ",")
            }
            groups = groups ?? "team,provider"
        case "top": query += [("sort", arguments.text("sort")), ("limit", arguments.text("limit"))]
        case "diff":
            query += [("before_from", arguments.text("before-since")), ("before_to", arguments.text("before-until"))]
        default: break
        }
        return query + [("group_by", groups)]
    }

    /// A report as it came, and as it is read.
    private struct Page {
        let body: [UInt8]
        let report: Report

        func text(_ arguments: ParsedArguments) -> String {
            if arguments.has("json") { return String(decoding: body, as: UTF8.self) }
            if report.name == Report.usage, arguments.has("focus") { return FocusExport.csv(report) }
            if arguments.has("csv") { return report.csv() }
            if arguments.has("ndjson") { return report.ndjson() }
            let text = ReportText(report, style: Output.style)
            if arguments.has("define") { return text.definitions() }
            return arguments.has("md") ? text.markdown() : text.table()
        }

        /// Ends with the exit code of what a script should know.
        func check() throws {
            let levels = report.cells(of: "level")
            if levels.contains(.name("exceeded")) {
                throw CommandFailure("a budget is used up", code: ExitCode.exceeded)
            }
            if levels.contains(.name("warned")) {
                throw CommandFailure("a budget is past its warning threshold", code: ExitCode.warned)
            }
            if QualityText(report.dataQuality).hasGap {
                throw CommandFailure("the report has a data gap", code: ExitCode.dataGap)
            }
        }
    }

    /// Nothing found may be a slip in the policy's name. No list has their names; a plan that asks for nothing but the policy
    /// is refused for what it lacks, and for the policy too where there is none of that name.
    private static func prove(policy: String, _ client: APIClient) async throws {
        do {
            _ = try await client.post("/v1/route/explain", json: ["policy": policy])
        } catch let failure as CommandFailure {
            let lines = failure.message.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            guard let fault = lines.first(where: { $0.hasPrefix("--policy ") }) else { return }
            throw CommandFailure(fault, code: ExitCode.usage)
        } catch {}
    }
}
