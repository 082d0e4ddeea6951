import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel provider status`: how the providers stand now, once or again and again.
enum ProviderStatusCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        let isJSON = arguments.has("json")
        @Sendable func frame() async throws -> String {
            let body = try await client.get("/v1/providers")
            return isJSON ? String(decoding: body, as: UTF8.self) : try text(body, arguments)
        }
        guard arguments.has("watch") else { return Output.data(try await frame()) }
        try await Watch.run(arguments, redraws: !isJSON, frame: frame)
    }

    // MARK: - The table

    static func text(_ body: [UInt8], _ arguments: ParsedArguments) throws -> String {
        let document = try JSON.decode(JSONValue.self, from: body)
        return ProviderStatusTable.text(
            document["providers"]?.arrayValue ?? [],
            models: arguments.has("models"),
            style: Terminal.of(.standardOutput).style
        )
    }
}
