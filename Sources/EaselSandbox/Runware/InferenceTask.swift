import EaselBase
import EaselCore
import Foundation

/// A valid `imageInference` task.
struct InferenceTask: Sendable {
    let model: RunwareModel
    let taskUUID: String
    let prompt: String
    /// Nil follows the source's shape (4.0 only).
    let size: PixelSize?
    let sourceText: String
    /// Style and character references and masks, which must be readable images too.
    let otherImages: [(parameter: String, text: String)]
    /// 0 keeps the source, 1 leaves nothing of it.
    let strength: Double
    let count: Int
    let outputType: String
    let format: ImageFormat
    let quality: Int
    let isAsynchronous: Bool
    let webhookURL: String?
    let uploadEndpoint: String?
    let includesCost: Bool
    let checksContent: Bool
    let detectsCopyright: Bool
    let lifetime: Duration?
    let pricePerImage: Money
    /// The task as it was sent.
    let original: JSONValue
}

extension InferenceTask {
    /// Checks a task against its model's page. Throws every fault at once.
    init(_ members: [String: JSONValue], taskUUID: String) throws(RunwareFaults) {
        guard let name = members["model"], name != .null else {
            throw RunwareFaults([
                RunwareError(
                    code: "missingModel",
                    message: "The parameter 'model' is required.",
                    parameters: ["model"],
                    type: "string"
                ).about(taskUUID)
            ])
        }
        guard let model = name.stringValue.flatMap({ RunwareModel(rawValue: $0) }) else {
            throw RunwareFaults([
                RunwareError(
                    code: "invalidModel",
                    message: "The model is not available. The sandbox knows the Ideogram remix models only.",
                    parameters: ["model"],
                    type: "string",
                    allowedValues: RunwareModel.allCases.map { .string($0.rawValue) }
                ).about(taskUUID)
            ])
        }
        var errors = ParameterRule.check(members, model.parameters)
        let (size, sizeErrors) = Self.size(members, model)
        // One complaint about a side is enough.
        let sides: Set<String> = ["width", "height"]
        if !errors.contains(where: { !sides.isDisjoint(with: $0.parameters) }) { errors += sizeErrors }
        errors += Self.rules(members, model)
        guard errors.isEmpty else {
            throw RunwareFaults(errors.map { $0.about(taskUUID, documentation: model.page) })
        }

        let settings = members["settings"]
        let own = members["providerSettings"]?["ideogram"]
        let inputs = members["inputs"]
        let safety = members["safety"]
        self.model = model
        self.taskUUID = taskUUID
        self.size = size
        prompt = members["positivePrompt"]?.stringValue ?? ""
        let images = inputs?["referenceImages"]?.arrayValue
        sourceText = inputs?["seedImage"]?.stringValue ?? images?.first?.stringValue ?? ""
        otherImages = ["styleReferenceImages", "characterReferenceImages", "characterReferenceImagesMask"].flatMap {
            name in
            (own?[name]?.arrayValue ?? []).map { (parameter: name, text: $0.stringValue ?? "") }
        }
        // What the page calls automatic is the middle here.
        switch model {
        case .remix4:
            strength = members["strength"]?.numberValue.map { NSDecimalNumber(decimal: $0).doubleValue } ?? 0.5
        case .remix3, .remix1: strength = Double(own?["remixStrength"]?.intValue ?? 50) / 100
        }
        count = members["numberResults"]?.intValue ?? 1
        outputType = members["outputType"]?.stringValue ?? "URL"
        format = ImageFormat(rawValue: (members["outputFormat"]?.stringValue ?? "JPG").lowercased()) ?? .jpg
        quality = members["outputQuality"]?.intValue ?? 95
        webhookURL = members["webhookURL"]?.stringValue
        uploadEndpoint = members["uploadEndpoint"]?.stringValue
        isAsynchronous = members["deliveryMethod"]?.stringValue == "async" || webhookURL != nil
        includesCost = members["includeCost"]?.boolValue ?? false
        // The mode wins over the flag.
        checksContent = safety?["mode"]?.stringValue.map { $0 != "none" } ?? safety?["checkContent"]?.boolValue ?? false
        detectsCopyright = settings?["copyrightDetection"]?.boolValue ?? false
        lifetime = members["ttl"]?.intValue.map { .seconds(min($0, 1_000_000_000)) }
        let speed = (settings ?? own)?["renderingSpeed"]?.stringValue ?? "DEFAULT"
        let family: Prices.Family =
            switch model {
            case .remix4: .ideogram4
            case .remix3: own?["characterReferenceImages"] == nil ? .ideogram3 : .ideogram3WithCharacter
            case .remix1: .ideogram1
            }
        pricePerImage = Prices.perImage(family, speed: speed)
        original = .object(members)
    }

    /// Width and height: both or, for 4.0, neither; and a pair of the model's table.
    private static func size(_ members: [String: JSONValue], _ model: RunwareModel) -> (PixelSize?, [RunwareError]) {
        switch (members["width"]?.intValue, members["height"]?.intValue) {
        case (nil, nil) where model == .remix4: return (nil, [])
        case (let width?, let height?):
            let size = PixelSize(width: width, height: height)
            if model.sizes.contains(size) { return (size, []) }
            let error = RunwareError(
                code: "unsupportedDimensions",
                message: "The model does not support \(size).",
                parameters: ["width", "height"],
                type: "integer",
                allowedValues: model.sizes.map { .string($0.description) }
            )
            return (nil, [error])
        default:
            let error = RunwareError(
                code: "missingDimensionParameters",
                message: "The parameters 'width' and 'height' must be used together.",
                parameters: ["width", "height"],
                type: "integer"
            )
            return (nil, [error])
        }
    }

    /// The rules between parameters.
    private static func rules(_ members: [String: JSONValue], _ model: RunwareModel) -> [RunwareError] {
        guard model != .remix4, let settings = members["providerSettings"]?.objectValue else { return [] }
        var errors: [RunwareError] = []
        if let own = settings["ideogram"] {
            let clashing = ["styleType", "styleReferenceImages"].filter { own[$0] != nil }
            if own["styleCode"] != nil, !clashing.isEmpty {
                errors.append(
                    RunwareError(
                        code: "incompatibleParameters",
                        message: "'styleCode' cannot be used with 'styleType' or 'styleReferenceImages'.",
                        parameters: (["styleCode"] + clashing).map { "providerSettings.ideogram." + $0 }
                    )
                )
            }
            let characters = own["characterReferenceImages"]?.arrayValue?.count ?? 0
            if let masks = own["characterReferenceImagesMask"]?.arrayValue?.count, masks != characters {
                errors.append(
                    RunwareError(
                        code: "invalidCharacterReferenceImagesMask",
                        message: "There must be as many masks as character reference images.",
                        parameters: ["providerSettings.ideogram.characterReferenceImagesMask"],
                        type: "array",
                        min: Decimal(characters),
                        max: Decimal(characters)
                    )
                )
            }
        }
        return errors
    }
}

/// All that is wrong with one task.
struct RunwareFaults: Error, Sendable {
    let errors: [RunwareError]

    init(_ errors: [RunwareError]) { self.errors = errors }
}
