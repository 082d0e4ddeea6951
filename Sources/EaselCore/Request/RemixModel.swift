/// The remix models that Easel knows, by the names callers use.
package enum RemixModel: String, Sendable, Hashable, Codable, CaseIterable {
    case ideogram4 = "ideogram-4.0"
    case ideogram3 = "ideogram-3.0"
    case ideogram1 = "ideogram-1.0"

    /// Accepts the name and the AIR id (`ideogram:4@remix`, `ideogram:4@2`, `ideogram:1@2`: docs/providers/runware.md,
    /// 3.1).
    package init?(alias: String) {
        for model in Self.allCases where model.rawValue == alias || model.air == alias {
            self = model
            return
        }
        return nil
    }

    /// Runware's id of the model.
    package var air: String {
        switch self {
        case .ideogram4: "ideogram:4@remix"
        case .ideogram3: "ideogram:4@2"
        case .ideogram1: "ideogram:1@2"
        }
    }

    /// Every name that `init(alias:)` takes, for messages.
    package static var knownNames: [String] { allCases.map(\.rawValue) + allCases.map(\.air) }

    /// Characters (Unicode scalars) of a prompt: 2 to 2048 for 4.0, 1 to 2000 before (`positivePrompt` in
    /// docs/providers/runware.md, 3.3 and 3.4).
    package var promptLength: ClosedRange<Int> { self == .ideogram4 ? 2...2048 : 1...2000 }

    /// The sizes that can be asked for, in the order of the providers' tables.
    package var sizes: [PixelSize] { SizeTable.sizes(of: self) }

    /// The parameters beyond the common ones that this model has at one provider at least.
    package func offers(_ parameter: RemixParameter) -> Bool {
        switch parameter {
        case .negativePrompt, .magicPrompt, .styleType, .styleReferenceImages, .seed: self != .ideogram4
        case .stylePreset, .styleCode, .characterReferenceImages, .characterReferenceMasks: self == .ideogram3
        default: true
        }
    }
}

/// The fields of a remix request, by the names that JSON, translation reports and errors use.
package enum RemixParameter: String, Sendable, Hashable, Codable, CaseIterable {
    case model, prompt, image, strength, width, height, count
    case renderingSpeed = "rendering_speed"
    case copyrightDetection = "copyright_detection"
    case safetyCheck = "safety_check"
    case negativePrompt = "negative_prompt"
    case magicPrompt = "magic_prompt"
    case styleType = "style_type"
    case stylePreset = "style_preset"
    case styleCode = "style_code"
    case styleReferenceImages = "style_reference_images"
    case characterReferenceImages = "character_reference_images"
    case characterReferenceMasks = "character_reference_masks"
    case seed, output, policy, project, tags
    case maxCostUSD = "max_cost_usd"
    case deadline, strict
}

/// How much time the provider may spend on quality; it decides the price.
package enum RenderingSpeed: String, Sendable, Hashable, Codable, CaseIterable {
    case turbo, `default`, quality

    /// The spelling of both providers' current interfaces.
    package var wireName: String { rawValue.uppercased() }
}

/// Whether the provider may rewrite the prompt.
package enum MagicPrompt: String, Sendable, Hashable, Codable, CaseIterable {
    case auto, on, off

    package var wireName: String { rawValue.uppercased() }
}

/// The rendering approach; which ones a provider takes differs by model (docs/providers/runware.md, 3.4;
/// docs/providers/ideogram.md, 3.3).
package enum StyleType: String, Sendable, Hashable, Codable, CaseIterable {
    case auto, general, realistic, design, render3D = "render_3d", anime, fiction

    package var wireName: String { rawValue.uppercased() }
}
