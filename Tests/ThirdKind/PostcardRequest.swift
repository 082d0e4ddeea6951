package import EaselBase
package import EaselCore
import Foundation

/// The request as a value: pure.
package struct PostcardRequest: Sendable, Hashable {
    static let model = "card-1"
    /// Images of one request.
    static let mostCopies = 4

    package let json: JSONValue

    package init(_ request: RemixRequest, count: Int) {
        let size = Self.size(request)
        var members: [String: JSONValue] = [
            "words": .string(request.prompt), "copies": .count(count),
            "picture": .string(Data(request.image.bytes).base64EncodedString()),
            "width": .count(size.width), "height": .count(size.height),
        ]
        if let seed = request.seed { members["seed"] = .count(seed) }
        json = .object(members)
    }

    /// Nil is never met: text and numbers always encode.
    var body: [UInt8]? { try? JSON.encode(json, sorted: true) }

    private static func size(_ request: RemixRequest) -> PixelSize {
        request.size ?? SizeTable.closestShape(to: request.image.size, model: request.model)
    }

    /// What becomes of each parameter that the request carries.
    static func entries(_ request: RemixRequest) -> [TranslationEntry] {
        var entries = [TranslationEntry(.prompt, "words", .mapped), TranslationEntry(.image, "picture", .mapped)]
        func add(_ parameter: RemixParameter, _ name: String?, _ note: String? = nil, if isSet: Bool) {
            guard isSet else { return }
            let action: TranslationEntry.Action = name == nil ? .dropped : .mapped
            entries.append(TranslationEntry(parameter, name, action, note ?? (name == nil ? "it has none" : nil)))
        }
        add(.strength, nil, if: request.strength != nil)
        add(.width, "width", if: request.size != nil)
        add(.height, "height", if: request.size != nil)
        add(.count, "copies", if: request.count > 1)
        add(.renderingSpeed, nil, if: request.renderingSpeed != nil)
        add(.copyrightDetection, nil, if: request.copyrightDetection)
        add(.safetyCheck, "safe", "always checked", if: request.safetyCheck)
        add(.negativePrompt, nil, if: request.negativePrompt != nil)
        add(.magicPrompt, nil, if: request.magicPrompt != nil)
        add(.styleType, nil, if: request.styleType != nil)
        add(.stylePreset, nil, if: request.stylePreset != nil)
        add(.styleCode, nil, if: request.styleCode != nil)
        add(.styleReferenceImages, nil, if: !request.styleReferenceImages.isEmpty)
        add(.characterReferenceImages, nil, if: !request.characterReferenceImages.isEmpty)
        add(.characterReferenceMasks, nil, if: !request.characterReferenceMasks.isEmpty)
        add(.seed, "seed", if: request.seed != nil)
        entries.append(TranslationEntry(.output, nil, .mapped, "converted by Easel"))
        return entries
    }
}
