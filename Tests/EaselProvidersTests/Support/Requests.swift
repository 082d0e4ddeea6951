import EaselCore
import Foundation

/// Requests that the tests translate and write down.
enum Requests {
    /// Not an image: bodies only carry the bytes, and short ones keep the golden files readable.
    static let image = SourceImage(
        bytes: Array("picture".utf8),
        format: .png,
        size: PixelSize(width: 96, height: 96)
    )
    static let style = SourceImage(bytes: Array("style".utf8), format: .jpg, size: PixelSize(width: 64, height: 48))
    static let secondStyle = SourceImage(
        bytes: Array("style 2".utf8),
        format: .webp,
        size: PixelSize(width: 64, height: 48)
    )
    static let character = SourceImage(bytes: Array("face".utf8), format: .jpg, size: PixelSize(width: 48, height: 48))
    static let mask = SourceImage(bytes: Array("mask".utf8), format: .png, size: PixelSize(width: 48, height: 48))
    static let taskID = UUID(uuidString: "3F6C1C52-8E0E-4D5B-9A55-6F2F3B7C0A11") ?? UUID()

    static func minimal(_ model: RemixModel) -> RemixRequest {
        RemixRequest(model: model, prompt: "a red kite", image: image)
    }

    static func make(_ model: RemixModel, _ change: (inout RemixRequest) -> Void) -> RemixRequest {
        var request = minimal(model)
        change(&request)
        return request
    }

    /// Every parameter that the model has, at once; a style code excludes style types and references, so it is apart.
    static func everything(_ model: RemixModel) -> RemixRequest {
        make(model) { request in
            request.strength = 0.3
            request.size = model.sizes.last
            request.count = 3
            request.renderingSpeed = .quality
            request.copyrightDetection = true
            request.safetyCheck = true
            request.output = OutputOptions(type: .base64, format: .webp, quality: 80)
            if model.offers(.negativePrompt) { request.negativePrompt = "blur, \"noise\"" }
            if model.offers(.magicPrompt) { request.magicPrompt = .off }
            if model.offers(.styleType) { request.styleType = .realistic }
            if model.offers(.styleReferenceImages) { request.styleReferenceImages = [style, secondStyle] }
            if model.offers(.stylePreset) { request.stylePreset = "WATERCOLOR" }
            if model.offers(.characterReferenceImages) { request.characterReferenceImages = [character] }
            if model.offers(.characterReferenceMasks) { request.characterReferenceMasks = [mask] }
            if model.offers(.seed) { request.seed = 2_147_483_647 }
        }
    }

    /// A name and a request for each value of each parameter.
    static func variations(_ model: RemixModel) -> [(name: String, request: RemixRequest)] {
        var rows: [(name: String, request: RemixRequest)] = []
        func add(_ name: String, _ change: (inout RemixRequest) -> Void) { rows.append((name, make(model, change))) }
        add("minimal") { _ in }
        add("prompt with everything that must be escaped") { $0.prompt = "\"a\\b\"/\r\n--easel\té 🪁 \u{1}" }
        for strength in [0, 0.01, 0.29, 0.5, 0.999, 1] { add("strength \(strength)") { $0.strength = strength } }
        add("size") { $0.size = model.sizes[1] }
        add("count 2") { $0.count = 2 }
        add("count 8") { $0.count = 8 }
        for speed in RenderingSpeed.allCases { add("rendering_speed \(speed)") { $0.renderingSpeed = speed } }
        add("copyright_detection") { $0.copyrightDetection = true }
        add("safety_check") { $0.safetyCheck = true }
        for type in OutputOptions.Kind.allCases { add("output.type \(type.rawValue)") { $0.output.type = type } }
        for format in ImageFormat.allCases { add("output.format \(format)") { $0.output.format = format } }
        for quality in [20, 99] { add("output.quality \(quality)") { $0.output.quality = quality } }
        if model.offers(.negativePrompt) { add("negative_prompt") { $0.negativePrompt = "no blur" } }
        if model.offers(.magicPrompt) {
            for magic in MagicPrompt.allCases { add("magic_prompt \(magic)") { $0.magicPrompt = magic } }
        }
        if model.offers(.styleType) {
            for type in StyleType.allCases { add("style_type \(type.rawValue)") { $0.styleType = type } }
        }
        if model.offers(.stylePreset) { add("style_preset") { $0.stylePreset = "80S_ILLUSTRATION" } }
        if model.offers(.styleCode) { add("style_code") { $0.styleCode = "0aF3b9C1" } }
        if model.offers(.styleReferenceImages) {
            add("style_reference_images") { $0.styleReferenceImages = [style, secondStyle] }
        }
        if model.offers(.characterReferenceImages) {
            add("character_reference_images") { $0.characterReferenceImages = [character] }
            add("character_reference_masks") {
                $0.characterReferenceImages = [character]
                $0.characterReferenceMasks = [mask]
            }
        }
        if model.offers(.seed) { for seed in [0, 12345] { add("seed \(seed)") { $0.seed = seed } } }
        rows.append(("everything", everything(model)))
        return rows
    }
}
