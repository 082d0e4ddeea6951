package import EaselBase
import Foundation

/// What a program asks for: validated, typed, with its images at hand. The value that a plan is made of.
package struct RemixRequest: Sendable {
    package var model: RemixModel
    package var prompt: String
    package var image: SourceImage
    /// 0 keeps the source, 1 follows the prompt; nil leaves it to the provider (4.0) or means 0.5 (3.0, 1.0).
    package var strength: Double?
    package var size: PixelSize?
    /// 1 to 20.
    package var count: Int
    package var renderingSpeed: RenderingSpeed?
    package var copyrightDetection: Bool
    package var safetyCheck: Bool
    package var negativePrompt: String?
    package var magicPrompt: MagicPrompt?
    package var styleType: StyleType?
    package var stylePreset: String?
    /// Eight hexadecimal digits.
    package var styleCode: String?
    package var styleReferenceImages: [SourceImage]
    package var characterReferenceImages: [SourceImage]
    package var characterReferenceMasks: [SourceImage]
    /// 0 to 2147483647.
    package var seed: Int?
    package var output: OutputOptions
    /// The name of the routing policy asked for; nil means the default one.
    package var policy: String?
    package var project: String?
    package var tags: [String: String]
    package var maxCost: Money?
    package var deadline: Duration?
    /// Refuse instead of approximating or dropping a parameter (R5).
    package var strict: Bool
    /// The caller wrote `strict: false`: a safety check may be dropped like any other parameter.
    package var allowsUnchecked: Bool

    package init(model: RemixModel, prompt: String, image: SourceImage) {
        self.model = model
        self.prompt = prompt
        self.image = image
        count = 1
        copyrightDetection = false
        safetyCheck = false
        styleReferenceImages = []
        characterReferenceImages = []
        characterReferenceMasks = []
        output = OutputOptions()
        tags = [:]
        strict = false
        allowsUnchecked = false
    }

    /// The rendering speed that decides the price.
    package var effectiveSpeed: RenderingSpeed { renderingSpeed ?? .default }

    /// Whether the dearer price with a character reference applies (docs/providers/ideogram.md, 6.2).
    package var usesCharacterReference: Bool { !characterReferenceImages.isEmpty }
}

/// An image given by the caller: proven by its bytes (S5) and upright, so that what is stored is what people see.
package struct SourceImage: Sendable {
    package let bytes: [UInt8]
    package let format: ImageFormat
    /// Size in pixels.
    package let size: PixelSize

    package init(bytes: [UInt8], format: ImageFormat, size: PixelSize) {
        self.bytes = bytes
        self.format = format
        self.size = size
    }

    /// `data:image/png;base64,...`
    package var dataURI: String {
        "data:\(format.mediaType);base64," + Data(bytes).base64EncodedString()
    }
}

/// How the caller wants the images.
package struct OutputOptions: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case url, base64
        case dataURI = "data_uri"
    }

    package var type: Kind
    package var format: ImageFormat
    /// 20 to 99; nil means the provider's default of 95.
    package var quality: Int?

    package init(type: Kind = .url, format: ImageFormat = .jpg, quality: Int? = nil) {
        self.type = type
        self.format = format
        self.quality = quality
    }
}

/// One fault of a request: which parameter, and a sentence that says what is wrong and how to mend it.
package struct RequestFault: Sendable, Hashable, Codable {
    package let parameter: String
    package let message: String

    package init(_ parameter: String, _ message: String) {
        self.parameter = parameter
        self.message = message
    }

    package init(_ parameter: RemixParameter, _ message: String) {
        self.init(parameter.rawValue, message)
    }
}

/// What happened to one parameter on its way to the provider (R5): nothing is lost silently.
package struct TranslationEntry: Sendable, Hashable, Codable {
    package enum Action: String, Sendable, Hashable, Codable, CaseIterable {
        case mapped, approximated, dropped
    }

    package let parameter: String
    package let providerParameter: String?
    package let action: Action
    package let note: String?

    package init(_ parameter: RemixParameter, _ providerParameter: String?, _ action: Action, _ note: String? = nil) {
        self.parameter = parameter.rawValue
        self.providerParameter = providerParameter
        self.action = action
        self.note = note
    }

    private enum CodingKeys: String, CodingKey {
        case parameter
        case providerParameter = "provider_parameter"
        case action, note
    }
}

extension TranslationEntry: JSONWritable {
    package func write(to text: inout JSONText) {
        text.object { text in
            text.member("parameter", parameter)
            text.member("provider_parameter", providerParameter)
            text.member("action", action.rawValue)
            text.member("note", note)
        }
    }
}
