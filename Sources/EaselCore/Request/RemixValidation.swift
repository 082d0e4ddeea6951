import EaselBase

/// Checks a draft against the providers' documents and names every fault at once.
package enum RemixValidation {
    package static let countRange = 1...20
    package static let seedRange = 0...2_147_483_647
    package static let qualityRange = 20...99
    package static let styleReferenceLimit = 4
    package static let tagLimit = 16
    package static let tagNameLimit = 64
    package static let tagValueLimit = 256
    package static let projectLimit = 128
    package static let deadlineRange = Duration.milliseconds(100)...Duration.seconds(3600)

    /// A draft whose every value is allowed, with the images still to come.
    package struct Checked: Sendable {
        fileprivate let model: RemixModel
        fileprivate let prompt: String
        fileprivate var apply: @Sendable (inout RemixRequest) -> Void

        /// The request, once its images are read.
        package func request(with images: ResolvedImages) -> RemixRequest {
            var request = RemixRequest(model: model, prompt: prompt, image: images.image)
            request.styleReferenceImages = images.styleReferences
            request.characterReferenceImages = images.characterReferences
            request.characterReferenceMasks = images.characterMasks
            apply(&request)
            return request
        }
    }

    /// The checked draft, or every fault. `known` holds faults found while reading the draft, so that they are told with
    /// the others.
    package static func check(
        _ draft: RemixDraft,
        known: [RequestFault] = []
    ) -> Result<Checked, RequestFaults> {
        var draft = draft
        draft.composeNames()
        var check = Check(draft: draft, faults: FaultList(known))
        return check.run()
    }
}

/// Several faults as one error.
package struct RequestFaults: Error, Sendable, Hashable {
    package let faults: [RequestFault]

    package init(_ faults: [RequestFault]) {
        self.faults = faults
    }
}

private struct Check {
    let draft: RemixDraft
    var faults: FaultList

    /// A field that could not even be read has its fault already.
    mutating func fault(_ parameter: RemixParameter, _ message: String) {
        faults.addOnce(RequestFault(parameter, message))
    }

    mutating func run() -> Result<RemixValidation.Checked, RequestFaults> {
        let model = checkModel()
        let prompt = checkText(
            draft.prompt,
            .prompt,
            length: model?.promptLength ?? 1...2048,
            required: true
        )
        checkImage()
        let strength = checkStrength()
        let size = checkSize(model)
        let count = checkNumber(draft.count, .count, in: RemixValidation.countRange)
        let speed: RenderingSpeed? = checkEnum(draft.renderingSpeed, .renderingSpeed)
        if let model { checkOffered(by: model) }
        let negative = checkText(draft.negativePrompt, .negativePrompt, length: 1...2000, required: false)
        let magic: MagicPrompt? = checkEnum(draft.magicPrompt, .magicPrompt)
        let style: StyleType? = checkEnum(draft.styleType, .styleType)
        checkStyles()
        checkReferences()
        let seed = checkNumber(draft.seed, .seed, in: RemixValidation.seedRange)
        let output = checkOutput()
        checkAttribution()
        let maxCost = checkMaxCost()
        let deadline = checkDeadline()

        guard faults.isEmpty, let model, let prompt else { return .failure(RequestFaults(faults.all())) }
        let draft = self.draft
        return .success(
            RemixValidation.Checked(model: model, prompt: prompt) { request in
                request.strength = strength
                request.size = size
                request.count = count ?? 1
                request.renderingSpeed = speed
                request.copyrightDetection = draft.copyrightDetection ?? false
                request.safetyCheck = draft.safetyCheck ?? false
                request.negativePrompt = negative
                request.magicPrompt = magic
                request.styleType = style
                request.stylePreset = draft.stylePreset
                request.styleCode = draft.styleCode
                request.seed = seed
                request.output = output
                request.policy = draft.policy
                request.project = draft.project
                request.tags = draft.tags ?? [:]
                request.maxCost = maxCost
                request.deadline = deadline
                request.strict = draft.strict ?? false
                request.allowsUnchecked = draft.strict == false
            }
        )
    }

    private mutating func checkModel() -> RemixModel? {
        guard let name = draft.model else {
            fault(.model, "is required: one of \(RemixModel.knownNames.joined(separator: ", "))")
            return nil
        }
        guard let model = RemixModel(alias: name) else {
            fault(.model, "is not known: use one of \(RemixModel.knownNames.joined(separator: ", "))")
            return nil
        }
        return model
    }

    private mutating func checkText(
        _ text: String?,
        _ parameter: RemixParameter,
        length: ClosedRange<Int>,
        required: Bool
    ) -> String? {
        guard let text else {
            if required { fault(parameter, "is required") }
            return nil
        }
        // A scalar has four bytes at most: what is far too long is not counted, on a loop that others wait for.
        guard text.utf8.count <= length.upperBound * 4 else {
            let bytes = text.utf8.count
            fault(parameter, "must have \(length.lowerBound) to \(length.upperBound) characters; it has \(bytes) bytes")
            return nil
        }
        let count = text.unicodeScalars.count
        guard !text.unicodeScalars.contains("\u{0}") else {
            fault(parameter, "must not contain the character U+0000")
            return nil
        }
        guard length.contains(count) else {
            fault(parameter, "must have \(length.lowerBound) to \(length.upperBound) characters; it has \(count)")
            return nil
        }
        return text
    }

    private mutating func checkNumber(_ number: Int?, _ parameter: RemixParameter, in range: ClosedRange<Int>) -> Int? {
        guard let number else { return nil }
        guard range.contains(number) else {
            fault(parameter, "must be \(range.lowerBound) to \(range.upperBound); it is \(number)")
            return nil
        }
        return number
    }

    private mutating func checkEnum<Value: RawRepresentable & CaseIterable>(
        _ text: String?,
        _ parameter: RemixParameter
    ) -> Value? where Value.RawValue == String {
        guard let text else { return nil }
        guard let value = Value(rawValue: text) else {
            let allowed = Value.allCases.map(\.rawValue).joined(separator: ", ")
            fault(parameter, "must be one of \(allowed)")
            return nil
        }
        return value
    }

    private mutating func checkImage() {
        if draft.image == nil {
            fault(.image, "is required: a URL, a data URI, base64, or a file part of multipart/form-data")
        }
    }

    private mutating func checkStrength() -> Double? {
        guard let strength = draft.strength else { return nil }
        guard strength.isFinite, (0...1).contains(strength) else {
            fault(.strength, "must be between 0 (keeps the source) and 1 (follows the prompt)")
            return nil
        }
        return strength
    }

    private mutating func checkSize(_ model: RemixModel?) -> PixelSize? {
        switch (draft.width, draft.height) {
        case (nil, nil): return nil
        case (_?, nil):
            fault(.height, "is required together with width")
            return nil
        case (nil, _?):
            fault(.width, "is required together with height")
            return nil
        case (let width?, let height?):
            guard (1...100_000).contains(width), (1...100_000).contains(height) else {
                fault(.width, "width and height must be positive numbers of pixels")
                return nil
            }
            let size = PixelSize(width: width, height: height)
            guard let model, !model.sizes.contains(size) else { return size }
            let nearest = SizeTable.nearest(to: size, model: model).map(\.description).joined(separator: ", ")
            fault(.width, "\(size) is not a size of \(model.rawValue); the nearest are \(nearest)")
            return nil
        }
    }

    private mutating func checkOffered(by model: RemixModel) {
        let given: [(RemixParameter, Bool)] = [
            (.negativePrompt, draft.negativePrompt != nil),
            (.magicPrompt, draft.magicPrompt != nil),
            (.styleType, draft.styleType != nil),
            (.stylePreset, draft.stylePreset != nil),
            (.styleCode, draft.styleCode != nil),
            (.styleReferenceImages, draft.styleReferenceImages != nil),
            (.characterReferenceImages, draft.characterReferenceImages != nil),
            (.characterReferenceMasks, draft.characterReferenceMasks != nil),
            (.seed, draft.seed != nil),
        ]
        for (parameter, isGiven) in given where isGiven && !model.offers(parameter) {
            let models = RemixModel.allCases.filter { $0.offers(parameter) }.map(\.rawValue).joined(separator: ", ")
            fault(parameter, "\(model.rawValue) has no such parameter; these models do: \(models)")
        }
    }

    private mutating func checkStyles() {
        if let preset = draft.stylePreset, !StylePresets.all.contains(preset) {
            fault(.stylePreset, "is not one of the \(StylePresets.all.count) presets, such as WATERCOLOR or ART_DECO")
        }
        if let code = draft.styleCode {
            if code.utf8.count != 8 || Hex.decode(code) == nil {
                fault(.styleCode, "must be 8 hexadecimal digits")
            } else if draft.styleType != nil || draft.styleReferenceImages != nil {
                fault(.styleCode, "cannot be combined with style_type or style_reference_images")
            }
        }
    }

    private mutating func checkReferences() {
        if let images = draft.styleReferenceImages, !(1...RemixValidation.styleReferenceLimit).contains(images.count) {
            fault(.styleReferenceImages, "takes 1 to \(RemixValidation.styleReferenceLimit) images")
        }
        if let images = draft.characterReferenceImages, images.count != 1 {
            fault(.characterReferenceImages, "takes exactly 1 image")
        }
        if let masks = draft.characterReferenceMasks, masks.count != (draft.characterReferenceImages?.count ?? 0) {
            fault(.characterReferenceMasks, "needs as many masks as there are character_reference_images")
        }
    }

    private mutating func checkOutput() -> OutputOptions {
        var output = OutputOptions()
        if let text = draft.outputType {
            if let type = OutputOptions.Kind(rawValue: text) {
                output.type = type
            } else {
                fault(.output, "output.type must be one of url, base64, data_uri")
            }
        }
        if let text = draft.outputFormat {
            if let format = ImageFormat(rawValue: text) {
                output.format = format
            } else {
                fault(.output, "output.format must be one of jpg, png, webp")
            }
        }
        if let quality = draft.outputQuality {
            if RemixValidation.qualityRange.contains(quality) {
                output.quality = quality
            } else {
                fault(.output, "output.quality must be 20 to 99; it is \(quality)")
            }
        }
        return output
    }

    private mutating func checkAttribution() {
        if let project = draft.project,
            project.utf8.count > RemixValidation.projectLimit * 4
                || !(1...RemixValidation.projectLimit).contains(project.unicodeScalars.count)
                || project.hasControlCharacters
        {
            fault(.project, "must have 1 to \(RemixValidation.projectLimit) printable characters")
        }
        guard let tags = draft.tags else { return }
        if tags.count > RemixValidation.tagLimit {
            return fault(.tags, "takes at most \(RemixValidation.tagLimit) tags; there are \(tags.count)")
        }
        for (name, value) in tags
        where name.utf8.count > RemixValidation.tagNameLimit * 4 || value.utf8.count > RemixValidation.tagValueLimit * 4
            || !(1...RemixValidation.tagNameLimit).contains(name.unicodeScalars.count)
            || value.unicodeScalars.count > RemixValidation.tagValueLimit
            || name.hasControlCharacters || value.hasControlCharacters
        {
            fault(
                .tags,
                "names have 1 to \(RemixValidation.tagNameLimit) and values at most "
                    + "\(RemixValidation.tagValueLimit) printable characters"
            )
        }
    }

    private mutating func checkMaxCost() -> Money? {
        guard let text = draft.maxCostUSD else { return nil }
        guard let money = Money(usd: text), money > .zero else {
            fault(.maxCostUSD, "must be a positive amount in USD as a decimal string, such as \"0.20\"")
            return nil
        }
        return money
    }

    private mutating func checkDeadline() -> Duration? {
        guard let text = draft.deadline else { return nil }
        guard let duration = DurationText.parse(text), RemixValidation.deadlineRange.contains(duration) else {
            fault(.deadline, "must be a duration between 100ms and 1h, such as \"90s\"")
            return nil
        }
        return duration
    }
}

extension String {
    /// Whether a control character (C0, DEL or C1) is in the text.
    package var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}
