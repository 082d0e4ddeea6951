import EaselBase
import EaselConfiguration
import Foundation

/// `easel calls redact`: takes a person's prompts out of the log.
enum CallsRedact {
    static let spec = CommandSpec(
        "redact",
        "take prompts out of the log, for good",
        discussion:
            "Prompts and negative prompts of the calls that all options name are removed; figures, costs and pictures stay. "
            + "Admins only. Backups of the database are yours to look after.",
        options: [
            .option("call", ValueSpec("ID"), "one call"),
            .option("key", ValueSpec("ID"), "every call of a key"),
            .option("team", ValueSpec("NAME"), "every call of a team"),
            .option("tag", ValueSpec("K=V", .pair), "calls with this tag, such as user=1234"),
            .option("before", ValueSpec("WHEN"), "only calls that were received before a time"),
        ] + SharedOptions.client,
        examples: ["easel calls redact --tag user=1234"]
    )

    private struct Wish: Encodable {
        let call: String?
        let key: String?
        let team: String?
        let tag_name: String?
        let tag_value: String?
        let before: String?
    }

    static func run(_ client: APIClient, _ arguments: ParsedArguments) async throws {
        let tag = arguments.text("tag")?.split(separator: "=", maxSplits: 1).map(String.init) ?? []
        let wish = Wish(
            call: arguments.text("call"),
            key: arguments.text("key"),
            team: arguments.text("team"),
            tag_name: tag.first,
            tag_value: tag.count == 2 ? tag[1] : nil,
            before: arguments.text("before")
        )
        let answer = try JSON.decode(JSONValue.self, from: try await client.post("/v1/calls/redact", json: wish))
        Output.data("took the prompts out of \(answer["redacted"]?.intValue ?? 0) calls")
    }
}
