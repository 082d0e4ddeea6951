import EaselBase
import EaselCore

extension Shapes {
    /// A remix request, as JSON and as a form.
    static let remixRequest = Schema.object([
        .required("model", .choice(RemixModel.knownNames), "A model, by its name or its AIR id."),
        .required(
            "prompt",
            .text(1...2048),
            "What the image is to become. "
                + RemixModel.allCases.map { model in
                    "\(model.promptLength.lowerBound) to \(model.promptLength.upperBound) characters for \(model.rawValue)"
                }
                .joined(separator: ", ") + "."
        ),
        .required("image", .text, "The source: a URL, a data URI, base64, or in a form a file. PNG, JPEG or WebP."),
        .optional(
            "strength",
            .share,
            "0 keeps the source, 1 follows the prompt; the provider or 0.5 decides otherwise."
        ),
        .optional("width", .integer(1...100_000), "Pixels, with `height`, from the model's table."),
        .optional("height", .integer(1...100_000), "Pixels, with `width`."),
        .optional("count", .integer(RemixValidation.countRange), "Images; 1 unless told otherwise."),
        .optional(
            "rendering_speed",
            .choice(RenderingSpeed.self),
            "How much time the provider spends; it decides the price."
        ),
        .optional("copyright_detection", .flag, "False unless told otherwise."),
        .optional("safety_check", .flag, "False unless told otherwise."),
        .optional("negative_prompt", .text(1...2000), only(.negativePrompt)),
        .optional("magic_prompt", .choice(MagicPrompt.self), only(.magicPrompt)),
        .optional("style_type", .choice(StyleType.self), only(.styleType)),
        .optional("style_preset", .choice(StylePresets.all.sorted()), only(.stylePreset)),
        .optional("style_code", .text(matching: "^[0-9A-Fa-f]{8}$"), only(.styleCode)),
        .optional(
            "style_reference_images",
            .list(of: .text, 1...RemixValidation.styleReferenceLimit),
            only(.styleReferenceImages)
        ),
        .optional("character_reference_images", .list(of: .text, 1...1), only(.characterReferenceImages)),
        .optional("character_reference_masks", .list(of: .text, 1...1), only(.characterReferenceMasks)),
        .optional("seed", .integer(RemixValidation.seedRange), only(.seed)),
        .optional(
            "output",
            .object([
                .optional("type", .choice(OutputOptions.Kind.self), "`url` unless told otherwise."),
                .optional("format", .choice(ImageFormat.self), "As the provider sends it unless told otherwise."),
                .optional("quality", .integer(RemixValidation.qualityRange), "Of JPEG and WebP."),
            ]),
            "How images are given, whichever provider answers."
        ),
        .optional(
            "policy",
            .either([.text, .map(of: .any)]),
            "The name of a routing policy; or a policy where the key may."
        ),
        .optional("project", .text(1...RemixValidation.projectLimit), "What it counts for."),
        .optional(
            "tags",
            Schema.map(of: .text(0...RemixValidation.tagValueLimit))
                .rule("maxProperties", .count(RemixValidation.tagLimit)),
            "Names and values of the caller's own, for reports."
        ),
        .optional("max_cost_usd", .amount, "What the call may cost, all attempts together."),
        .optional("deadline", .text, "How long it may take, such as `90s`: 100ms to 1h."),
        .optional("strict", .flag, "Refuse rather than approximate or drop a parameter."),
    ])

    private static func only(_ parameter: RemixParameter) -> String {
        let models = RemixModel.allCases.filter { $0.offers(parameter) }.map(\.rawValue)
        return "Of \(models.joined(separator: ", "))."
    }
}
