import EaselCore

/// The three remix models: which parameters each takes, exactly as its page lists them (docs/providers/runware.md, 3).
enum RunwareModel: String, Sendable, CaseIterable {
    case remix4 = "ideogram:4@remix"
    case remix3 = "ideogram:4@2"
    case remix1 = "ideogram:1@2"

    /// The name in usage reports.
    var title: String {
        switch self {
        case .remix4: "Ideogram 4.0 Remix"
        case .remix3: "Ideogram 3.0 Remix"
        case .remix1: "Ideogram 1.0 Remix"
        }
    }

    /// The name of its page.
    var page: String {
        switch self {
        case .remix4: "ideogram-4-0-remix"
        case .remix3: "ideogram-3-0-remix"
        case .remix1: "ideogram-1-0-remix"
        }
    }

    /// The only sizes that it takes.
    var sizes: [PixelSize] {
        switch self {
        case .remix4: Sizes.ideogram4
        case .remix3: Sizes.ideogram3
        case .remix1: Sizes.ideogram1
        }
    }

    /// The parameters of its tasks; width and height have rules of their own, because they go together.
    var parameters: [Parameter] {
        let options: [Parameter] = [
            Parameter("taskType", .choice(["imageInference"]), required: true), Parameter("taskUUID", .text(1...64)),
            Parameter("model", .text(1...256)), Parameter("outputType", .choice(["URL", "base64Data", "dataURI"])),
            Parameter("outputFormat", .choice(["JPG", "PNG", "WEBP"])), Parameter("outputQuality", .integer(20...99)),
            Parameter("webhookURL", .url), Parameter("deliveryMethod", .choice(["sync", "async"])),
            Parameter("uploadEndpoint", .url), Parameter("ttl", .integer(60...Int.max)),
            Parameter("includeCost", .flag), Parameter("numberResults", .integer(1...20)),
            Parameter("routing", .anyObject), Parameter("advancedFeatures", .anyObject),
            Parameter("width", .integer(256...16_383)), Parameter("height", .integer(256...16_383)),
        ]
        switch self {
        case .remix4:
            return options + [
                Parameter("safety", .object([Parameter("checkContent", .flag)])),
                Parameter("inputs", .object([Parameter("seedImage", .image, required: true)]), required: true),
                Parameter("positivePrompt", .text(2...2048), required: true), Parameter("strength", .hundredths),
                Parameter(
                    "settings",
                    .object([Parameter("copyrightDetection", .flag), Parameter("renderingSpeed", .choice(Self.speeds))])
                ),
            ]
        case .remix3, .remix1:
            return options + [
                Parameter(
                    "safety",
                    .object([Parameter("checkContent", .flag), Parameter("mode", .choice(["none", "fast"]))])
                ),
                Parameter(
                    "inputs",
                    .object([Parameter("referenceImages", .images(1...1), required: true)]),
                    required: true
                ),
                Parameter("positivePrompt", .text(1...2000), required: true),
                Parameter("negativePrompt", .text(1...2000)),
                Parameter("providerSettings", .object([Parameter("ideogram", .object(providerSettings))])),
            ]
        }
    }

    private var providerSettings: [Parameter] {
        let shared: [Parameter] = [
            Parameter("magicPrompt", .choice(["AUTO", "ON", "OFF"])), Parameter("remixStrength", .integer(1...100)),
            Parameter("renderingSpeed", .choice(Self.speeds)), Parameter("styleReferenceImages", .images(1...4)),
            Parameter(
                "styleType",
                .choice(["AUTO", "GENERAL", "REALISTIC", "DESIGN", "RENDER_3D", "ANIME", "FICTION"])
            ),
        ]
        guard self == .remix3 else { return shared }
        return shared + [
            Parameter("characterReferenceImages", .images(1...1)),
            Parameter("characterReferenceImagesMask", .images(1...1)), Parameter("styleCode", .styleCode),
            Parameter("stylePreset", .choice(StylePresets.all)),
        ]
    }

    private static let speeds = ["TURBO", "DEFAULT", "QUALITY"]

    /// Parameters that other models have: naming one is `unsupportedParameter` instead of `unknownParameter`.
    static let knownElsewhere: Set<String> = [
        "negativePrompt", "seed", "strength", "settings", "providerSettings", "seedImage", "maskImage",
        "referenceImages", "upscaleFactor", "CFGScale", "steps", "scheduler", "lora", "controlNet", "clipSkip", "vae",
        "promptWeighting", "checkNSFW", "structuredPrompt", "copyrightDetection", "renderingSpeed", "magicPrompt",
        "styleType", "stylePreset", "styleCode", "colorPalette", "remixStrength", "characterReferenceImages",
        "characterReferenceImagesMask", "styleReferenceImages", "mode", "inputs", "acceleration", "outpaint",
        "maskMargin", "refiner", "embeddings", "ipAdapters", "resolution", "aspectRatio",
    ]

    /// Providers whose settings exist, but are not for these models.
    static let otherProviders: Set<String> = [
        "bfl", "bytedance", "google", "openai", "klingai", "minimax", "runway", "bria", "alibaba", "midjourney", "xai",
    ]
}
