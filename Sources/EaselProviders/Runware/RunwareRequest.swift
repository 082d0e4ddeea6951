import EaselBase
package import EaselCore
package import Foundation

/// An `imageInference` task as Runware's pages of the three remix models describe it (docs/providers/runware.md, 3.2 to
/// 3.4). What is not asked for is left out, so that the provider's defaults hold.
package struct RunwareInference: Encodable, Sendable {
    package struct Inputs: Encodable, Sendable {
        var seedImage: String?
        var referenceImages: [String]?
    }

    package struct Settings: Encodable, Sendable {
        var renderingSpeed: String?
        var copyrightDetection: Bool?
    }

    package struct ProviderSettings: Encodable, Sendable {
        package struct Ideogram: Encodable, Sendable {
            var renderingSpeed: String?
            var magicPrompt: String?
            var styleType: String?
            var remixStrength: Int?
            var styleReferenceImages: [String]?
            var stylePreset: String?
            var styleCode: String?
            var characterReferenceImages: [String]?
            var characterReferenceImagesMask: [String]?

            var isEmpty: Bool {
                renderingSpeed == nil && magicPrompt == nil && styleType == nil && remixStrength == nil
                    && styleReferenceImages == nil && stylePreset == nil && styleCode == nil
                    && characterReferenceImages == nil && characterReferenceImagesMask == nil
            }
        }

        var ideogram: Ideogram
    }

    package struct Safety: Encodable, Sendable {
        var checkContent: Bool
    }

    var taskType = "imageInference"
    var taskUUID: String
    var model: String
    var positivePrompt: String
    var negativePrompt: String?
    var width: Int
    var height: Int
    var strength: Double?
    var inputs: Inputs
    var settings: Settings?
    var providerSettings: ProviderSettings?
    var numberResults: Int?
    var outputType: String?
    var outputFormat: String?
    var outputQuality: Int?
    var deliveryMethod: String?
    var safety: Safety?
    /// Always: the provider's own figure is the only one that needs no estimate.
    var includeCost = true

    package init(_ request: RemixRequest, taskID: UUID, count: Int, delivery: DeliveryMethod) {
        let size = RunwareTranslation.size(for: request)
        taskUUID = taskID.text
        model = request.model.air
        positivePrompt = request.prompt
        negativePrompt = request.negativePrompt
        width = size.width
        height = size.height
        numberResults = count > 1 ? count : nil
        outputType = RunwareTranslation.outputType(request.output.type)
        outputFormat = request.output.format == .jpg ? nil : request.output.format.rawValue.uppercased()
        outputQuality = request.output.quality
        deliveryMethod = delivery == .async ? "async" : nil
        safety = request.safetyCheck ? Safety(checkContent: true) : nil
        if request.model == .ideogram4 {
            inputs = Inputs(seedImage: request.image.dataURI)
            strength = request.strength.map(Influence.runwareStrength)
            if request.renderingSpeed != nil || request.copyrightDetection {
                settings = Settings(
                    renderingSpeed: request.renderingSpeed?.wireName,
                    copyrightDetection: request.copyrightDetection ? true : nil
                )
            }
        } else {
            inputs = Inputs(referenceImages: [request.image.dataURI])
            let ideogram = ProviderSettings.Ideogram(
                renderingSpeed: request.renderingSpeed?.wireName,
                magicPrompt: request.magicPrompt?.wireName,
                styleType: request.styleType?.wireName,
                remixStrength: request.strength.map(Influence.remixStrength),
                styleReferenceImages: Self.list(request.styleReferenceImages),
                stylePreset: request.stylePreset,
                styleCode: request.styleCode,
                characterReferenceImages: Self.list(request.characterReferenceImages),
                characterReferenceImagesMask: Self.list(request.characterReferenceMasks)
            )
            if !ideogram.isEmpty { providerSettings = ProviderSettings(ideogram: ideogram) }
        }
    }

    private static func list(_ images: [SourceImage]) -> [String]? {
        images.isEmpty ? nil : images.map(\.dataURI)
    }
}

/// A question about a task: `getResponse` while it runs or shortly after, `getTaskDetails` from the archive
/// (docs/providers/runware.md, 4.2 and 4.3).
struct RunwareQuestion: Encodable {
    var taskType: String
    var taskUUID: String
}
