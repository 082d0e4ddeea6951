import EaselBase
import EaselConfiguration
import EaselReporting
import Foundation

/// `easel provider status`: how the providers stand now, once or again and again.
enum ProviderStatusCommand {
    static func run(_ arguments: ParsedArguments) async throws {
        let client = try APIClient(arguments)
        let isJSON = arguments.has("json")
        let isData = isJSON || arguments.has("csv")
        @Sendable func frame() async throws -> String {
            let body = try await client.get("/v1/providers")
            return isJSON ? String(decoding: body, as: UTF8.self) : try text(body, arguments)
        }
        guard arguments.has("watch") else {
            let text = try await frame()
            return isData ? Output.raw(text) : Output.data(text)
        }
        try await Watch.run(arguments, redraws: !isData, frame: frame)
    }

    // MARK: - The table

    /// With `--models`: a line for each model of a provider.
    private static let modelFacts: [CSVFact] = [
        .value("model", at: "of_model", "model"), .value("model_state", at: "of_model", "state"),
        .value("model_breaker", at: "of_model", "breaker"), .value("model_reason", at: "of_model", "reason"),
        .value("model_attempts", at: "of_model", "attempts"),
        .value("model_error_rate", at: "of_model", "error_rate"),
        .value("model_latency_ms_p50", at: "of_model", "latency_ms", "p50"),
        .value("model_latency_ms_p95", at: "of_model", "latency_ms", "p95"),
    ]

    static func text(_ body: [UInt8], _ arguments: ParsedArguments) throws -> String {
        let document = try JSON.decode(JSONValue.self, from: body)
        let providers = document["providers"]?.arrayValue ?? []
        if arguments.has("csv") {
            guard arguments.has("models") else { return CSVFact.csv(ProviderCommand.facts, providers) }
            return CSVFact.csv(
                ProviderCommand.facts + modelFacts,
                providers.flatMap(ListPrinter.unfolding("models", as: "of_model"))
            )
        }
        return ProviderStatusTable.text(
            providers,
            models: arguments.has("models"),
            style: Output.style
        )
    }
}
