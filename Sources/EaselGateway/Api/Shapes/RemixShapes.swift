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
        .required("image", .text, "The source: a URL, a data URI, base64, or a file in a form. PNG, JPEG or WebP."),
        .optional(
            "strength",
            .share,
            "0 keeps the source, 1 follows the prompt; if absent, the provider's default or 0.5."
        ),
        .optional("width", .integer(1...100_000), "Pixels, with `height`, from the model's table."),
        .optional("height", .integer(1...100_000), "Pixels, with `width`."),
        .optional("count", .integer(RemixValidation.countRange), "Images; 1 by default."),
        .optional(
            "rendering_speed",
            .choice(RenderingSpeed.self),
            "How much time the provider spends; the price depends on it."
        ),
        .optional("copyright_detection", .flag, "False by default."),
        .optional("safety_check", .flag, "False by default."),
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
                .optional("type", .choice(OutputOptions.Kind.self), "`url` by default."),
                .optional("format", .choice(ImageFormat.self), "As the provider sends it by default."),
                .optional("quality", .integer(RemixValidation.qualityRange), "For JPEG and WebP."),
            ]),
            "The form of the images, whichever provider answers."
        ),
        .optional(
            "policy",
            .either([.text, .map(of: .any)]),
            "The name of a routing policy, or a policy if the key allows it."
        ),
        .optional("project", .text(1...RemixValidation.projectLimit), "The project that the call counts for."),
        .optional(
            "tags",
            Schema.map(of: .text(0...RemixValidation.tagValueLimit))
                .rule("maxProperties", .count(RemixValidation.tagLimit)),
            "The caller's own names and values, for reports."
        ),
        .optional("max_cost_usd", .amount, "The most the call may cost, all attempts together."),
        .optional("deadline", .text, "The longest it may take, such as `90s`: 100ms to 1h."),
        .optional("strict", .flag, "Fail rather than approximate or drop a parameter."),
    ])

    private static func only(_ parameter: RemixParameter) -> String {
        let models = RemixModel.allCases.filter { $0.offers(parameter) }.map(\.rawValue)
        return "For \(models.joined(separator: ", "))."
    }
}
