import EaselBase
import EaselCore

/// `POST /v1/ideogram-v4/remix` and its asynchronous twin.
extension IdeogramRemix {
    /// Reads the form as the page of Remix 4.0 has it. Fields that the page does not name (seed, num_images ...) are
    /// ignored, as the service does.
    static func v4(_ fields: FormFields, _ configuration: SandboxConfiguration) throws(IdeogramError) -> IdeogramRemix {
        let source = try fields.requiredImage("image")
        let prompt = try fields.requiredText("text_prompt")
        let weight = try fields.integer("image_weight", 1...100)
        let sizes = Sizes.ideogram4 + (configuration.ideogramTakes1KSizes ? Sizes.ideogram4Small : [])
        let resolution = try fields.choice("resolution", sizes.map(\.description)).flatMap { PixelSize($0) }
        let speed = try fields.choice("rendering_speed", ["FLASH", "TURBO", "DEFAULT", "QUALITY"]) ?? "DEFAULT"
        let detects = try fields.flag("enable_copyright_detection") ?? false
        guard speed != "FLASH" else { throw .rule("Rendering speed FLASH is not available for this model.") }
        if configuration.ideogramAspectRatioRule, weight != nil, let resolution,
            !hasRatio(of: resolution, source.size)
        {
            throw .rule(
                "image_weight cannot be used with a resolution whose aspect ratio differs from the input image."
            )
        }
        return IdeogramRemix(
            model: "ideogram-v4",
            prompt: prompt,
            source: source,
            size: resolution ?? Sizes.nearest(to: source.size, in: sizes),
            // Automatic without a weight: here the middle.
            imageWeight: weight ?? 50,
            count: 1,
            seed: nil,
            detectsCopyright: detects,
            styleType: nil,
            pricePerImage: Prices.perImage(.ideogram4, speed: speed),
            isV4: true
        )
    }

    /// Equal ratios, up to the one pixel that a size in whole pixels may be off.
    private static func hasRatio(of resolution: PixelSize, _ image: PixelSize) -> Bool {
        let difference = abs(image.width * resolution.height - image.height * resolution.width)
        return difference <= max(resolution.width, resolution.height)
    }
}
