import EaselBase
import EaselCore
import Foundation

/// `POST /remix`: the route of the models 1.0, 2.0 and 2a. All but the image is JSON in the part `image_request`.
extension IdeogramRemix {
    private static let models = ["V_1", "V_1_TURBO", "V_2", "V_2_TURBO", "V_2A", "V_2A_TURBO", "AUTO"]
    private static let aspectRatios = [
        "ASPECT_10_16", "ASPECT_16_10", "ASPECT_9_16", "ASPECT_16_9", "ASPECT_3_2", "ASPECT_2_3", "ASPECT_4_3",
        "ASPECT_3_4", "ASPECT_1_1", "ASPECT_1_3", "ASPECT_3_1",
    ]
    private static let styleTypes = ["AUTO", "GENERAL", "REALISTIC", "DESIGN", "RENDER_3D", "ANIME"]

    static func legacy(_ fields: FormFields) throws(IdeogramError) -> IdeogramRemix {
        let source = try fields.requiredImage("image_file")
        guard let part = fields.form.all("image_request").first else {
            throw .schema("Missing formdata parameter 'image_request'")
        }
        guard let request = (try? JSON.decode(JSONValue.self, from: part.bytes))?.objectValue else {
            throw .schema("Wrong type, expected 'object' for formdata parameter 'image_request'")
        }
        guard let promptValue = request["prompt"] else { throw .schema("'prompt' is a required property") }
        guard let prompt = promptValue.stringValue else {
            throw .schema("\(promptValue.kindName) is not of type 'string' - 'prompt'")
        }
        guard !prompt.isEmpty else { throw .schema("'' is too short - 'prompt'") }
        let weight = try integer(request, "image_weight", 1...100) ?? 50
        let count = try integer(request, "num_images", 1...8) ?? 1
        let seed = try integer(request, "seed", 0...2_147_483_647)
        let model = try choice(request, "model", models) ?? "V_2"
        let ratio = try choice(request, "aspect_ratio", aspectRatios)
        let resolution = try choice(request, "resolution", Sizes.legacy.map { "RESOLUTION_\($0.width)_\($0.height)" })
        let styleType = try choice(request, "style_type", styleTypes)
        _ = try choice(request, "magic_prompt_option", ["AUTO", "ON", "OFF"])
        if let palette = request["color_palette"], palette != .null { try ColourPalette.check(palette) }
        try rules(request, model: model)
        let size =
            resolution.flatMap {
                PixelSize($0.dropFirst("RESOLUTION_".count).split(separator: "_").joined(separator: "x"))
            }
            ?? nearest(ratio ?? "ASPECT_1_1", model: model)
        return IdeogramRemix(
            model: "legacy \(model)",
            prompt: prompt,
            source: source,
            size: size,
            imageWeight: weight,
            count: count,
            seed: seed,
            detectsCopyright: false,
            styleType: model.hasPrefix("V_1") ? nil : styleType ?? "AUTO",
            pricePerImage: Prices.perImage(family(model), speed: "DEFAULT"),
            isV4: false
        )
    }

    /// What the models do not have.
    private static func rules(_ request: [String: JSONValue], model: String) throws(IdeogramError) {
        func isGiven(_ name: String) -> Bool { request[name].map { $0 != .null } ?? false }
        let isFirst = model.hasPrefix("V_1")
        let isA = model.hasPrefix("V_2A")
        guard !(isGiven("resolution") && isGiven("aspect_ratio")) else {
            throw .rule("resolution and aspect_ratio cannot be used together.")
        }
        if isGiven("resolution"), isFirst || isA { throw .rule("resolution is supported by model version 2.0 only.") }
        if isGiven("style_type"), isFirst {
            throw .rule("style_type is supported by model version V_2 and above only.")
        }
        if isGiven("negative_prompt"), isA || model == "AUTO" {
            throw .rule("negative_prompt is supported by model versions V_1, V_1_TURBO, V_2 and V_2_TURBO only.")
        }
        if isGiven("color_palette"), isFirst || isA {
            throw .rule("color_palette is supported by model versions V_2 and V_2_TURBO only.")
        }
    }

    private static func nearest(_ ratio: String, model: String) -> PixelSize {
        let text = ratio.dropFirst("ASPECT_".count).split(separator: "_").joined(separator: "x")
        let sizes = model.hasPrefix("V_1") ? Sizes.ideogram1 : Sizes.legacy
        return Sizes.nearest(to: PixelSize(text) ?? PixelSize(width: 1, height: 1), in: sizes)
    }

    private static func family(_ model: String) -> Prices.Family {
        switch model {
        case "V_1": .ideogram1
        case "V_1_TURBO": .ideogram1Turbo
        case "V_2_TURBO": .ideogram2Turbo
        case "V_2A": .ideogram2a
        case "V_2A_TURBO": .ideogram2aTurbo
        default: .ideogram2
        }
    }

    private static func integer(
        _ request: [String: JSONValue],
        _ name: String,
        _ range: ClosedRange<Int>
    ) throws(IdeogramError) -> Int? {
        guard let value = request[name], value != .null else { return nil }
        guard let number = value.intValue else {
            throw .schema("\(value.kindName) is not of type 'integer' - '\(name)'")
        }
        try FormFields.check(number, range, name)
        return number
    }

    private static func choice(
        _ request: [String: JSONValue],
        _ name: String,
        _ values: [String]
    ) throws(IdeogramError) -> String? {
        guard let value = request[name], value != .null else { return nil }
        guard let text = value.stringValue, values.contains(text) else {
            throw .schema("'\(value.stringValue ?? value.kindName)' is not one of the allowed values - '\(name)'")
        }
        return text
    }
}
