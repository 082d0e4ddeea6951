import EaselBase
import EaselCore

/// Which parameters each provider honours for each model, found by asking its translation: one source for what a policy
/// may require and for what is done with a request.
struct ProviderAbilities: Sendable {
    private var known: [String: [RemixModel: RemixParameters]] = [:]

    init(_ providers: [any Provider]) {
        for provider in providers {
            var models: [RemixModel: RemixParameters] = [:]
            for model in RemixModel.allCases { models[model] = Self.abilities(of: provider, model) }
            known[provider.name] = models
        }
    }

    func of(_ provider: String, _ model: RemixModel) -> RemixParameters { known[provider]?[model] ?? [] }

    private static func abilities(of provider: any Provider, _ model: RemixModel) -> RemixParameters {
        let plain = request(model)
        guard provider.translate(plain).impossible == nil else { return [] }
        return RemixParameters(
            RemixParameter.allCases.filter { parameter in
                guard model.offers(parameter), let probe = carrying(parameter, plain) else { return false }
                let translation = provider.translate(probe)
                return translation.impossible == nil
                    && !translation.entries.contains { $0.action == .dropped && $0.parameter == parameter.rawValue }
            }
        )
    }

    private static func request(_ model: RemixModel) -> RemixRequest {
        let size = model.sizes.first { $0.width == $0.height } ?? model.sizes[0]
        return RemixRequest(model: model, prompt: "a probe", image: SourceImage(bytes: [], format: .png, size: size))
    }

    /// The request with the parameter set; parameters that every request has stay as they are.
    private static func carrying(_ parameter: RemixParameter, _ plain: RemixRequest) -> RemixRequest? {
        var request = plain
        switch parameter {
        case .model, .prompt, .image, .policy, .project, .tags, .maxCostUSD, .deadline, .strict: break
        case .strength: request.strength = 0.5
        case .width, .height: request.size = plain.image.size
        case .count: request.count = 2
        case .renderingSpeed: request.renderingSpeed = .default
        case .copyrightDetection: request.copyrightDetection = true
        case .safetyCheck: request.safetyCheck = true
        case .negativePrompt: request.negativePrompt = "none"
        case .magicPrompt: request.magicPrompt = .on
        case .styleType: request.styleType = .general
        case .stylePreset:
            guard let preset = StylePresets.all.min() else { return nil }
            request.stylePreset = preset
        case .styleCode: request.styleCode = "AAFF64E9"
        case .styleReferenceImages: request.styleReferenceImages = [plain.image]
        case .characterReferenceImages: request.characterReferenceImages = [plain.image]
        case .characterReferenceMasks:
            request.characterReferenceImages = [plain.image]
            request.characterReferenceMasks = [plain.image]
        case .seed: request.seed = 1
        case .output: request.output.format = .webp
        }
        return request
    }
}
