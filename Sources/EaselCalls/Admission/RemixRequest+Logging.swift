import EaselBase
import EaselCore
import Foundation

extension LoggingSettings.Prompts {
    /// What is kept of a prompt.
    func keep(_ prompt: String) -> String? {
        switch self {
        case .full: prompt
        case .hash: "sha256:" + Hex.encode(Crypto.sha256(Array(prompt.utf8)))
        case .none: nil
        }
    }
}

extension RemixRequest {
    /// The project that the call's cost belongs to: the request's, or else the key's.
    func project(of account: Account) -> String? { project ?? account.project }

    /// The parameters as they are stored with the call: no images, and prompts as the configuration allows.
    func parameters(prompts: LoggingSettings.Prompts) -> JSONValue {
        func logged(_ image: SourceImage) -> JSONValue {
            .object([
                "format": .string(image.format.rawValue), "width": .number(.init(image.size.width)),
                "height": .number(.init(image.size.height)), "bytes": .number(.init(image.bytes.count)),
            ])
        }
        var members: [String: JSONValue] = [
            "image": logged(image),
            "output": .object([
                "type": .string(output.type.rawValue), "format": .string(output.format.rawValue),
                "quality": output.quality.map { .number(.init($0)) } ?? .null,
            ]),
            "copyright_detection": .bool(copyrightDetection),
            "safety_check": .bool(safetyCheck),
        ]
        func put(_ parameter: RemixParameter, _ value: JSONValue?) {
            if let value { members[parameter.rawValue] = value }
        }
        put(.strength, strength.map { .number(.init($0)) })
        put(.width, size.map { .number(.init($0.width)) })
        put(.height, size.map { .number(.init($0.height)) })
        put(.renderingSpeed, renderingSpeed.map { .string($0.rawValue) })
        put(.negativePrompt, negativePrompt.flatMap(prompts.keep).map { .string($0) })
        put(.magicPrompt, magicPrompt.map { .string($0.rawValue) })
        put(.styleType, styleType.map { .string($0.rawValue) })
        put(.stylePreset, stylePreset.map { .string($0) })
        put(.styleCode, styleCode.map { .string($0) })
        put(.styleReferenceImages, styleReferenceImages.isEmpty ? nil : .array(styleReferenceImages.map(logged)))
        put(
            .characterReferenceImages,
            characterReferenceImages.isEmpty ? nil : .array(characterReferenceImages.map(logged))
        )
        put(.seed, seed.map { .number(.init($0)) })
        put(.strict, strict ? true : nil)
        return .object(members)
    }
}
