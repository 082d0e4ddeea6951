import EaselBase
package import EaselCore
import Foundation

/// The request of one Ideogram call: the path and the parts, exactly as documented (docs/providers/ideogram.md, 1.2
/// and 2).
package struct IdeogramRequest: Sendable, Hashable {
    /// Below the base URL.
    package let path: String
    package let body: MultipartBody

    /// The request for `count` images. `image` is the source, cropped already where the translation asks for it.
    package init(_ request: RemixRequest, image: SourceImage, count: Int, delivery: DeliveryMethod) {
        var body = MultipartBody()
        switch request.model {
        case .ideogram4:
            path = delivery == .async ? "/v1/ideogram-v4/async/remix" : "/v1/ideogram-v4/remix"
            body.addFile("image", image)
            body.add("text_prompt", request.prompt)
            body.add("image_weight", request.strength.map { String(Influence.imageWeight($0)) })
            body.add("resolution", request.size?.description)
            body.add("rendering_speed", request.renderingSpeed?.wireName)
            if request.copyrightDetection { body.add("enable_copyright_detection", "true") }
        case .ideogram3:
            path = "/v1/ideogram-v3/remix"
            body.addFile("image", image)
            body.add("prompt", request.prompt)
            body.add("image_weight", request.strength.map { String(Influence.imageWeight($0)) })
            body.add("resolution", IdeogramTranslation.closest(request).description)
            body.add("rendering_speed", request.renderingSpeed?.wireName)
            body.add("magic_prompt", request.magicPrompt?.wireName)
            body.add("negative_prompt", request.negativePrompt)
            body.add("num_images", count > 1 ? String(count) : nil)
            body.add("seed", request.seed.map { String($0) })
            if let style = request.styleType, IdeogramTranslation.styleTypesOf3.contains(style) {
                body.add("style_type", style.wireName)
            }
            body.add("style_preset", request.stylePreset)
            body.add("style_codes", request.styleCode)
            for image in request.styleReferenceImages { body.addFile("style_reference_images", image) }
            for image in request.characterReferenceImages { body.addFile("character_reference_images", image) }
            for image in request.characterReferenceMasks { body.addFile("character_reference_images_mask", image) }
        case .ideogram1:
            path = "/remix"
            body.addJSON("image_request", LegacyRequest(request, count: count).text)
            body.addFile("image_file", image)
        }
        self.body = body
    }
}

/// The JSON part of the legacy interface.
private struct LegacyRequest: Encodable {
    let prompt: String
    let aspect_ratio: String
    let image_weight: Int?
    let model: String
    let magic_prompt_option: String?
    let negative_prompt: String?
    let num_images: Int?
    let seed: Int?

    init(_ request: RemixRequest, count: Int) {
        prompt = request.prompt
        aspect_ratio = IdeogramTranslation.aspectRatio(IdeogramTranslation.closest(request))
        image_weight = request.strength.map(Influence.imageWeight)
        model = request.renderingSpeed == .turbo ? "V_1_TURBO" : "V_1"
        magic_prompt_option = request.magicPrompt?.wireName
        negative_prompt = request.negativePrompt
        num_images = count > 1 ? count : nil
        seed = request.seed
    }

    var text: String {
        // Strings and numbers always encode.
        (try? JSON.text(self, sorted: true)) ?? "{}"
    }
}
