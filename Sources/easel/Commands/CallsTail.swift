import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel calls tail`: calls as they end, until a signal.
enum CallsTail {
    private static let filters = ["team", "provider", "status", "nsfw", "copyright"]

    static let spec = CommandSpec(
        "tail",
        "calls as they end",
        discussion: "Shows the last calls first, then each call as it ends, until interrupted.",
        options: [
            .option("team", ValueSpec("NAME"), "one team only"),
            .option("provider", ValueSpec("NAME"), "delivered by this provider"),
            .option(
                "status",
                ValueSpec("STATUS", .choice(["succeeded", "partial", "refused", "failed"])),
                "only calls that ended like this"
            ),
            .option(
                "nsfw",
                ValueSpec("BOOL", .choice(["true", "false"])),
                "true: with a flagged image, false: without"
            ),
            .option(
                "copyright",
                ValueSpec("VERDICT", .choice(["not_requested", "clear", "flagged", "undetermined"])),
                "with an image of this verdict"
            ),
            .option("last", short: "n", ValueSpec("N", .integer(0...500)), default: "10", "how many earlier ones"),
            .option("interval", ValueSpec("TIME", .duration), default: "1s", "how often it looks"),
            SharedOptions.json,
        ] + SharedOptions.client,
        examples: ["easel calls tail --status failed"]
    )

    /// A call may take this long from its beginning to its end; later ones are missed.
    private static let longest = Duration.seconds(900)

    static func run(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let interval = try Watch.interval(arguments) ?? .seconds(1)
        let query = filters.map { ($0, arguments.text($0)) }
        // A wrong address or key ends it at once; what happens later is told and waited out.
        let last = Int(arguments.text("last") ?? "10") ?? 10
        // A name that nothing can have would be waited for in vain.
        if let provider = arguments.text("provider") { try await KnownNames.prove(.provider, provider, client) }
        var shown = Shown()
        let first = try await calls(client, query + [("limit", "500")])
        for call in shown.fresh(first).suffix(last) { show(call, arguments) }
        await Watch.untilSignal { [shown] in
            var shown = shown
            while !Output.isUnread {
                do { try await Task.sleep(for: interval) } catch { return }
                do {
                    let since = (TimeSource.system.now - longest).description
                    let found = try await calls(client, query + [("since", since), ("limit", "500")])
                    for call in shown.fresh(found) { show(call, arguments) }
                } catch {
                    if Task.isCancelled { return }
                    Output.note("easel: \(sentence(for: error))")
                }
            }
        }
    }

    private static func calls(_ client: APIClient, _ query: [(String, String?)]) async throws -> [JSONValue] {
        let body = try await client.get("/v1/calls", query: query)
        return try JSON.decode(JSONValue.self, from: body)["calls"]?.arrayValue ?? []
    }

    /// Which calls were shown already: of the newest, which are all that a look can return.
    private struct Shown {
        private var ids: Set<String> = []

        /// Calls that have ended and were not shown, the oldest first.
        mutating func fresh(_ calls: [JSONValue]) -> [JSONValue] {
            let ended = calls.filter { $0["status"] != "in_progress" }
            let fresh = ended.filter { !ids.contains($0["id"]?.stringValue ?? "") }
            ids = ids.intersection(ended.compactMap { $0["id"]?.stringValue }).union(
                fresh.compactMap { $0["id"]?.stringValue }
            )
            return fresh.reversed()
        }
    }

    private static func show(_ call: JSONValue, _ arguments: ParsedArguments) {
        if arguments.has("json") {
            return Output.data(JSONText.bytes(of: call))
        }
        let style = Output.style
        func text(_ name: String) -> String {
            // Names come from callers, and must not send commands to a terminal.
            DisplayWidth.sanitised(call[name].map(ListPrinter.plain) ?? "", ascii: !style.unicode)
        }
        func padded(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(0, width - DisplayWidth.of(text)))
        }
        let status = text("status")
        let word = padded(status == "failed" && !text("error_code").isEmpty ? text("error_code") : status, 16)
        let coloured =
            switch status {
            case "succeeded": style.green(word)
            case "failed": style.red(word)
            default: style.yellow(word)
            }
        let cost = AmountText.dollars(call["cost_usd"], none: "$?")
        let mark = call["cost_basis"]?.stringValue == "provider" ? " " : "*"
        // The id stays whole and on the line: it is what people paste elsewhere.
        let parts: [(importance: Int, text: String)] = [
            (0, ListPrinter.recentTime(call["received_at"]) + "Z"), (0, coloured), (4, padded(text("team"), 12)),
            (3, padded(text("model"), 12)), (1, padded(text("provider").isEmpty ? "-" : text("provider"), 10)),
            (5, padded("\(text("images_delivered"))/\(text("images_requested"))", 5)), (0, padded(cost + mark, 7)),
            (2, padded("\(text("latency_ms")) ms", 9)), (0, text("id")),
        ]
        Output.data(fitted(parts, plainStatus: word, coloured, style.width))
    }

    /// The line without what has no room in it, the least important first.
    private static func fitted(
        _ parts: [(importance: Int, text: String)],
        plainStatus: String,
        _ coloured: String,
        _ width: Int?
    ) -> String {
        var shown = parts
        func columns() -> Int {
            // Escapes of colours take none.
            shown.reduce(-2) { $0 + 2 + DisplayWidth.of($1.text == coloured ? plainStatus : $1.text) }
        }
        while let width, columns() > width, let least = shown.map(\.importance).max(), least > 0 {
            shown.removeAll { $0.importance == least }
        }
        return shown.map(\.text).joined(separator: "  ")
    }
}
