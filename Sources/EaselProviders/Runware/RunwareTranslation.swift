import EaselCore

/// What Runware makes of a request: sizes are always needed, seeds cannot be given, the rest depends on the model.
enum RunwareTranslation {
    static let imagesPerRequest = 20

    /// The size asked for, or the one of the model's table that is nearest to the source's shape: Runware's pages mark
    /// width and height as required
    /// (docs/providers/runware.md, 3.3 and 3.4).
    static func size(for request: RemixRequest) -> PixelSize {
        request.size ?? SizeTable.closestShape(to: request.image.size, model: request.model)
    }

    /// Nil for the provider's default.
    static func outputType(_ type: OutputOptions.Kind) -> String? {
        switch type {
        case .url: nil
        case .base64: "base64Data"
        case .dataURI: "dataURI"
        }
    }

    static func translate(_ request: RemixRequest) -> ProviderTranslation {
        let isFour = request.model == .ideogram4
        let home = isFour ? "settings" : "providerSettings.ideogram"
        var entries = [
            TranslationEntry(.prompt, "positivePrompt", .mapped),
            TranslationEntry(.image, isFour ? "inputs.seedImage" : "inputs.referenceImages", .mapped),
        ]
        if let strength = request.strength { entries.append(influence(strength, isFour: isFour)) }
        if request.size != nil {
            entries.append(TranslationEntry(.width, "width", .mapped))
            entries.append(TranslationEntry(.height, "height", .mapped))
        } else {
            let note = "not given; \(size(for: request)) is nearest to the source's shape, and Runware needs a size"
            entries.append(TranslationEntry(.width, "width", .mapped, note))
            entries.append(TranslationEntry(.height, "height", .mapped, note))
        }
        if request.count > 1 { entries.append(TranslationEntry(.count, "numberResults", .mapped)) }
        if request.renderingSpeed != nil {
            entries.append(TranslationEntry(.renderingSpeed, "\(home).renderingSpeed", .mapped))
        }
        if request.copyrightDetection {
            entries.append(
                isFour
                    ? TranslationEntry(.copyrightDetection, "settings.copyrightDetection", .mapped)
                    : TranslationEntry(.copyrightDetection, nil, .dropped, "Runware offers it for 4.0 only")
            )
        }
        if request.safetyCheck { entries.append(TranslationEntry(.safetyCheck, "safety.checkContent", .mapped)) }
        if request.negativePrompt != nil {
            entries.append(TranslationEntry(.negativePrompt, "negativePrompt", .mapped))
        }
        let settings: [(RemixParameter, String, Bool)] = [
            (.magicPrompt, "magicPrompt", request.magicPrompt != nil),
            (.styleType, "styleType", request.styleType != nil),
            (.stylePreset, "stylePreset", request.stylePreset != nil),
            (.styleCode, "styleCode", request.styleCode != nil),
            (.styleReferenceImages, "styleReferenceImages", !request.styleReferenceImages.isEmpty),
            (.characterReferenceImages, "characterReferenceImages", !request.characterReferenceImages.isEmpty),
            (.characterReferenceMasks, "characterReferenceImagesMask", !request.characterReferenceMasks.isEmpty),
        ]
        for (parameter, name, isGiven) in settings where isGiven {
            entries.append(TranslationEntry(parameter, "\(home).\(name)", .mapped))
        }
        let output = request.output
        if output.type != .url || output.format != .jpg || output.quality != nil {
            entries.append(TranslationEntry(.output, "outputType, outputFormat, outputQuality", .mapped))
        }
        if request.seed != nil {
            entries.append(TranslationEntry(.seed, nil, .dropped, "Runware's remix models accept no seed"))
        }
        return ProviderTranslation(
            providerModel: request.model.air,
            entries: entries,
            imagesPerRequest: imagesPerRequest,
            takesTaskID: true
        )
    }

    private static func influence(_ strength: Double, isFour: Bool) -> TranslationEntry {
        if isFour {
            let value = Influence.runwareStrength(strength)
            return Influence.isExact(strength, reached: value)
                ? TranslationEntry(.strength, "strength", .mapped)
                : TranslationEntry(.strength, "strength", .approximated, "rounded to \(value), in steps of 0.01")
        }
        let value = Influence.remixStrength(strength)
        let name = "providerSettings.ideogram.remixStrength"
        return Influence.isExact(strength, reached: Double(value) / 100)
            ? TranslationEntry(.strength, name, .mapped)
            : TranslationEntry(.strength, name, .approximated, "sent as \(value) of 100")
    }
}
