import EaselBase
import EaselCore
public import Foundation

extension Easel {
    /// What is asked for: an image, and how it is to change. What is nil is left to the provider or the configuration.
    ///
    /// Every fault of it is told at once, before anything is sent.
    public struct Remix: Sendable {
        /// The models that remix, by the names that both providers' accounts know them by.
        public enum Model: String, Sendable, CaseIterable {
            case ideogram4 = "ideogram-4.0"
            case ideogram3 = "ideogram-3.0"
            case ideogram1 = "ideogram-1.0"
        }

        /// How much time a provider may spend on quality; it decides the price.
        public enum Speed: String, Sendable, CaseIterable {
            case turbo, `default`, quality
        }

        /// Of images.
        public enum Format: String, Sendable, CaseIterable {
            case jpg, png, webp
        }

        /// An image that goes to the provider.
        public enum Source: Sendable {
            /// JPEG, PNG or WebP.
            case bytes(Data)
            /// Fetched by Easel, from public addresses.
            case url(String)
        }

        /// Which model makes the image.
        public var model: Model
        /// What the image shall become.
        public var prompt: String
        /// What it is made from.
        public var image: Source
        /// 0 keeps the source, 1 follows the prompt.
        public var strength: Double?
        /// In pixels; together with `height`.
        public var width: Int?
        /// In pixels; together with `width`.
        public var height: Int?
        /// Images, 1 to 20; nil: one.
        public var count: Int?
        /// How much time is spent on it.
        public var speed: Speed?
        /// 0 to 2147483647: what is drawn at random begins with it.
        public var seed: Int?
        /// What the image shall not show.
        public var negativePrompt: String?
        /// Images whose style is taken.
        public var styleReferences: [Source] = []
        /// Images of the person who is to appear.
        public var characterReferences: [Source] = []
        /// Whether images are checked for what should not be shown, where a provider does so.
        public var safetyCheck: Bool?
        /// JPEG unless another one is asked for.
        public var format: Format?
        /// A policy of the configuration by its name; nil: its default.
        public var policy: String?
        /// What it is for, in reports and budgets.
        public var project: String?
        /// Names and values that reports group by.
        public var tags: [String: String] = [:]
        /// What the call may cost, in US dollars.
        public var maxCost: Decimal?
        /// How long the call may take.
        public var deadline: Duration?
        /// Whether a provider that does not take a parameter as it is given is passed over.
        public var strict: Bool?

        /// The least that a remix needs; everything else is a property.
        public init(_ prompt: String, image: Source, model: Model = .ideogram4) {
            self.prompt = prompt
            self.image = image
            self.model = model
        }

        /// As any door hands it over; what is wrong with it is found where every door's is.
        var draft: RemixDraft {
            var draft = RemixDraft()
            draft.model = model.rawValue
            draft.prompt = prompt
            draft.image = image.input
            draft.strength = strength
            draft.width = width
            draft.height = height
            draft.count = count
            draft.renderingSpeed = speed?.rawValue
            draft.seed = seed
            draft.negativePrompt = negativePrompt
            draft.styleReferenceImages = styleReferences.isEmpty ? nil : styleReferences.map(\.input)
            draft.characterReferenceImages = characterReferences.isEmpty ? nil : characterReferences.map(\.input)
            draft.safetyCheck = safetyCheck
            draft.outputFormat = format?.rawValue
            draft.policy = policy
            draft.project = project
            draft.tags = tags.isEmpty ? nil : tags
            draft.maxCostUSD = maxCost.map { Money(limit: $0)?.usd ?? "\($0)" }
            draft.deadline = deadline.map { "\($0.milliseconds)ms" }
            draft.strict = strict
            draft.composeNames()
            return draft
        }
    }
}

extension Easel.Remix.Source {
    fileprivate var input: ImageInput {
        switch self {
        case .bytes(let data): .bytes([UInt8](data))
        case .url(let text): .text(text)
        }
    }
}
