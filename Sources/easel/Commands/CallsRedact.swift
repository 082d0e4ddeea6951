import EaselBase
import EaselConfiguration
import Foundation

/// `easel calls redact`: takes a person's prompts out of the log.
enum CallsRedact {
    static let spec = CommandSpec(
        "redact",
        "remove prompts from the log, for good",
        discussion:
            "Removes prompts and negative prompts of the calls that match all options; figures, costs and images stay. "
            + "Admins only. Backups of the database are not touched.",
        options: [
            .option("call", ValueSpec("ID"), "one call"),
            .option("key", ValueSpec("ID"), "every call of a key"),
            .option("team", ValueSpec("NAME"), "every call of a team"),
            .option("tag", ValueSpec("K=V", .pair), "calls with this tag, such as user=1234"),
            .option("before", ValueSpec("WHEN", .moment()), "only calls that were received before a time"),
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
        // `user=` names the calls whose user is empty.
        let tag = arguments.pairs("tag").first
        let wish = Wish(
            call: arguments.text("call"),
            key: arguments.text("key"),
            team: arguments.text("team"),
            tag_name: tag?.key,
            tag_value: tag?.value,
            before: arguments.text("before")
        )
        guard ["call", "key", "team", "tag"].contains(where: { arguments.has($0) }) else {
            throw CommandFailure(
                "name whose prompts to remove: --call, --key, --team or --tag; --before alone is not enough",
                code: ExitCode.usage
            )
        }
        let answer = try JSON.decode(JSONValue.self, from: try await client.post("/v1/calls/redact", json: wish))
        Output.data("removed the prompts of \(Counted.text(answer["redacted"]?.intValue ?? 0, "call"))")
    }
}
