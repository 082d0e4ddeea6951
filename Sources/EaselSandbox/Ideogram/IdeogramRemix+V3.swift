import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// `POST /v1/ideogram-v3/remix`.
extension IdeogramRemix {
    private static let aspectRatios = [
        "1x3", "3x1", "1x2", "2x1", "9x16", "16x9", "10x16", "16x10", "2x3", "3x2", "3x4", "4x3", "4x5", "5x4", "1x1",
    ]

    /// Reads the form as the page of Remix 3.0 has it; unknown fields are ignored.
    static func v3(_ fields: FormFields) throws(IdeogramError) -> IdeogramRemix {
        let source = try fields.requiredImage("image")
        let prompt = try fields.requiredText("prompt")
        let weight = try fields.integer("image_weight", 1...100) ?? 50
        let seed = try fields.integer("seed", 0...2_147_483_647)
        let resolution = try fields.choice("resolution", Sizes.ideogram3.map(\.description)).flatMap { PixelSize($0) }
        let ratio = try fields.choice("aspect_ratio", aspectRatios).flatMap { PixelSize($0) }
        let speed = try fields.choice("rendering_speed", ["FLASH", "TURBO", "DEFAULT", "QUALITY"]) ?? "DEFAULT"
        _ = try fields.choice("magic_prompt", ["AUTO", "ON", "OFF"])
        let count = try fields.integer("num_images", 1...8) ?? 1
        let styleType = try fields.choice("style_type", ["AUTO", "GENERAL", "REALISTIC", "DESIGN", "FICTION"])
        _ = try fields.choice("style_preset", StylePresets.all)
        if let palette = fields.form.text("color_palette") { try ColourPalette.check(palette) }
        let codes = try styleCodes(fields.form)
        let styles = try fields.images("style_reference_images", atMost: 4)
        let characters = try fields.images("character_reference_images", atMost: 1)
        let masks = try fields.images("character_reference_images_mask", atMost: 1)
        guard resolution == nil || ratio == nil else {
            throw .rule("resolution and aspect_ratio cannot be used together.")
        }
        guard codes.isEmpty || (styleType == nil && styles.isEmpty) else {
            throw .rule("style_codes cannot be used with style_type or style_reference_images.")
        }
        guard masks.isEmpty || masks.count == characters.count else {
            throw .rule("There must be as many character masks as character reference images.")
        }
        for (mask, character) in zip(masks, characters) where mask.size != character.size {
            throw .rule("A character mask must have the size of its reference image.")
        }
        return IdeogramRemix(
            model: "ideogram-v3",
            prompt: prompt,
            source: source,
            size: resolution ?? Sizes.nearest(to: ratio ?? PixelSize(width: 1, height: 1), in: Sizes.ideogram3),
            imageWeight: weight,
            count: count,
            seed: seed,
            detectsCopyright: false,
            styleType: styleType ?? "GENERAL",
            pricePerImage: Prices.perImage(characters.isEmpty ? .ideogram3 : .ideogram3WithCharacter, speed: speed),
            isV4: false
        )
    }

    /// Repeated parts, with or without `[]` behind the name; the page does not say which.
    private static func styleCodes(_ form: MultipartForm) throws(IdeogramError) -> [String] {
        let codes = (form.all("style_codes") + form.all("style_codes[]")).map { $0.text ?? "" }
        for code in codes where !(code.count == 8 && code.allSatisfy(\.isHexDigit)) {
            throw .schema("'\(code)' does not match '^[0-9a-fA-F]{8}$' - 'style_codes'")
        }
        return codes
    }
}
