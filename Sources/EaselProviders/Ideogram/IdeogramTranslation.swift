package import EaselCore

/// What Ideogram's own interface makes of a request (docs/providers/ideogram.md, 2 and 3).
package enum IdeogramTranslation {
    /// What 3.0 has at Ideogram (docs/providers/ideogram.md, 3.3).
    static let styleTypesOf3: Set<StyleType> = [.auto, .general, .realistic, .design, .fiction]

    package static func translate(_ request: RemixRequest) -> ProviderTranslation {
        var translation =
            switch request.model {
            case .ideogram4: translate4(request)
            case .ideogram3: translate3(request)
            case .ideogram1: translate1(request)
            }
        let largest =
            [request.image.bytes.count] + request.styleReferenceImages.map(\.bytes.count)
            + request.characterReferenceImages.map(\.bytes.count)
        if largest.contains(where: { $0 > IdeogramProvider.imageLimit }) {
            translation.impossible = "an image is larger than the 10 MB that Ideogram accepts"
        }
        return translation
    }

    // MARK: - Remix 4.0

    private static func translate4(_ request: RemixRequest) -> ProviderTranslation {
        var entries = [TranslationEntry(.prompt, "text_prompt", .mapped)]
        if let target = cropRatio(for: request) {
            let note =
                "cropped to the shape of \(target): 4.0 rejects image_weight with a shape other than the source's"
            entries.append(TranslationEntry(.image, "image", .approximated, note))
        } else {
            entries.append(TranslationEntry(.image, "image", .mapped))
        }
        entries += influence(request)
        if request.size != nil { entries += size("resolution", .mapped) }
        if request.count > 1 {
            entries.append(TranslationEntry(.count, nil, .mapped, "\(request.count) requests of one image each"))
        }
        if request.renderingSpeed != nil {
            entries.append(TranslationEntry(.renderingSpeed, "rendering_speed", .mapped))
        }
        if request.copyrightDetection {
            entries.append(TranslationEntry(.copyrightDetection, "enable_copyright_detection", .mapped))
        }
        entries += common(request)
        return ProviderTranslation(
            providerModel: "ideogram-v4/remix",
            entries: entries,
            imagesPerRequest: 1
        )
    }

    /// The size whose shape the source must be cropped to: where a weight and a resolution of another shape come together,
    /// 4.0 answers 400 (docs/providers/ideogram.md, 2.1).
    static func cropRatio(for request: RemixRequest) -> PixelSize? {
        guard request.model == .ideogram4, request.strength != nil, let size = request.size else { return nil }
        let source = request.image.size
        return source.width * size.height == source.height * size.width ? nil : size
    }

    // MARK: - Remix 3.0

    private static func translate3(_ request: RemixRequest) -> ProviderTranslation {
        var entries = [
            TranslationEntry(.prompt, "prompt", .mapped),
            TranslationEntry(.image, "image", .mapped),
        ]
        entries += influence(request)
        if request.size != nil {
            entries += size("resolution", .mapped)
        } else {
            let target = closest(request)
            let note = "not given; \(target) is nearest to the source's shape, the provider's default is square"
            entries += size("resolution", .mapped, note)
        }
        if request.count > 1 { entries.append(TranslationEntry(.count, "num_images", .mapped)) }
        if let style = request.styleType {
            entries.append(
                styleTypesOf3.contains(style)
                    ? TranslationEntry(.styleType, "style_type", .mapped)
                    : TranslationEntry(.styleType, nil, .dropped, "3.0 has no \(style.rawValue) at Ideogram")
            )
        }
        let fields: [(RemixParameter, String, Bool)] = [
            (.renderingSpeed, "rendering_speed", request.renderingSpeed != nil),
            (.negativePrompt, "negative_prompt", request.negativePrompt != nil),
            (.magicPrompt, "magic_prompt", request.magicPrompt != nil),
            (.stylePreset, "style_preset", request.stylePreset != nil),
            (.styleCode, "style_codes", request.styleCode != nil),
            (.styleReferenceImages, "style_reference_images", !request.styleReferenceImages.isEmpty),
            (.characterReferenceImages, "character_reference_images", !request.characterReferenceImages.isEmpty),
            (.characterReferenceMasks, "character_reference_images_mask", !request.characterReferenceMasks.isEmpty),
            (.seed, "seed", request.seed != nil),
        ]
        for (parameter, name, isGiven) in fields where isGiven {
            entries.append(TranslationEntry(parameter, name, .mapped))
        }
        entries += noCopyrightCheck(request) + common(request)
        return ProviderTranslation(providerModel: "ideogram-v3/remix", entries: entries, imagesPerRequest: 8)
    }

    // MARK: - Remix 1.0 (legacy)

    private static func translate1(_ request: RemixRequest) -> ProviderTranslation {
        var entries = [
            TranslationEntry(.prompt, "image_request.prompt", .mapped),
            TranslationEntry(.image, "image_file", .mapped),
        ]
        entries += influence(request)
        let note = "by aspect ratio (\(aspectRatio(closest(request)))); Ideogram chooses the pixels of 1.0"
        entries += size("image_request.aspect_ratio", request.size == nil ? .mapped : .approximated, note)
        if request.count > 1 { entries.append(TranslationEntry(.count, "image_request.num_images", .mapped)) }
        switch request.renderingSpeed {
        case .quality?:
            let note = "1.0 has no quality setting at Ideogram; V_1 is its best"
            entries.append(TranslationEntry(.renderingSpeed, "image_request.model", .approximated, note))
        case .turbo?, .default?: entries.append(TranslationEntry(.renderingSpeed, "image_request.model", .mapped))
        case nil: break
        }
        let fields: [(RemixParameter, String, Bool)] = [
            (.negativePrompt, "negative_prompt", request.negativePrompt != nil),
            (.magicPrompt, "magic_prompt_option", request.magicPrompt != nil),
            (.seed, "seed", request.seed != nil),
        ]
        for (parameter, name, isGiven) in fields where isGiven {
            entries.append(TranslationEntry(parameter, "image_request.\(name)", .mapped))
        }
        if let style = request.styleType {
            entries.append(
                style == .auto
                    ? TranslationEntry(.styleType, nil, .mapped, "automatic is the only choice for 1.0")
                    : TranslationEntry(.styleType, nil, .dropped, "Ideogram offers style types from 2.0 on")
            )
        }
        if !request.styleReferenceImages.isEmpty {
            entries.append(TranslationEntry(.styleReferenceImages, nil, .dropped, "Ideogram's 1.0 accepts none"))
        }
        entries += noCopyrightCheck(request) + common(request)
        return ProviderTranslation(
            providerModel: request.renderingSpeed == .turbo ? "remix/V_1_TURBO" : "remix/V_1",
            entries: entries,
            imagesPerRequest: 8
        )
    }

    /// The legacy name of a size's shape: `ASPECT_16_10`. Every size of 1.0 has one.
    static func aspectRatio(_ size: PixelSize) -> String {
        let named: [(Int, Int)] = [
            (10, 16), (16, 10), (9, 16), (16, 9), (3, 2), (2, 3), (4, 3), (3, 4), (1, 1), (1, 3), (3, 1),
        ]
        func distance(_ ratio: (Int, Int)) -> Double {
            let wanted = Double(size.width) / Double(size.height)
            let offered = Double(ratio.0) / Double(ratio.1)
            return max(wanted / offered, offered / wanted)
        }
        let best = named.min { distance($0) < distance($1) } ?? (1, 1)
        return "ASPECT_\(best.0)_\(best.1)"
    }

    // MARK: - Shared

    /// The size asked for, or the one of the table nearest to the source's shape.
    static func closest(_ request: RemixRequest) -> PixelSize {
        request.size ?? SizeTable.closestShape(to: request.image.size, model: request.model)
    }

    private static func influence(_ request: RemixRequest) -> [TranslationEntry] {
        guard let strength = request.strength else { return [] }
        let weight = Influence.imageWeight(strength)
        let name = request.model == .ideogram1 ? "image_request.image_weight" : "image_weight"
        return [
            Influence.isExact(1 - strength, reached: Double(weight) / 100)
                ? TranslationEntry(.strength, name, .mapped, "inverted: \(weight) of 100 keeps the source")
                : TranslationEntry(.strength, name, .approximated, "sent as \(weight) of 100, which keeps the source")
        ]
    }

    private static func size(
        _ name: String,
        _ action: TranslationEntry.Action,
        _ note: String? = nil
    ) -> [TranslationEntry] {
        [TranslationEntry(.width, name, action, note), TranslationEntry(.height, name, action, note)]
    }

    private static func noCopyrightCheck(_ request: RemixRequest) -> [TranslationEntry] {
        guard request.copyrightDetection else { return [] }
        return [TranslationEntry(.copyrightDetection, nil, .dropped, "Ideogram offers it for 4.0 only")]
    }

    private static func common(_ request: RemixRequest) -> [TranslationEntry] {
        var entries: [TranslationEntry] = []
        if request.safetyCheck {
            entries.append(TranslationEntry(.safetyCheck, nil, .mapped, "Ideogram checks every image"))
        }
        if request.output.format != .png || request.output.quality != nil || request.output.type != .url {
            entries.append(TranslationEntry(.output, nil, .mapped, "converted by Easel; Ideogram delivers PNG by link"))
        }
        return entries
    }
}
