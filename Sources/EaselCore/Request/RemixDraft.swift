package import EaselBase

/// An image as a caller gives it.
package enum ImageInput: Sendable, Hashable {
    /// A URL, a data URI or plain base64.
    case text(String)
    /// The bytes of a file part.
    case bytes([UInt8])
}

/// A remix request as it came in: each field of the right kind, nothing checked yet.
package struct RemixDraft: Sendable {
    package var model: String?
    package var prompt: String?
    package var image: ImageInput?
    package var strength: Double?
    package var width: Int?
    package var height: Int?
    package var count: Int?
    package var renderingSpeed: String?
    package var copyrightDetection: Bool?
    package var safetyCheck: Bool?
    package var negativePrompt: String?
    package var magicPrompt: String?
    package var styleType: String?
    package var stylePreset: String?
    package var styleCode: String?
    package var styleReferenceImages: [ImageInput]?
    package var characterReferenceImages: [ImageInput]?
    package var characterReferenceMasks: [ImageInput]?
    package var seed: Int?
    package var outputType: String?
    package var outputFormat: String?
    package var outputQuality: Int?
    package var policy: String?
    /// A policy of the request's own, as it was given; not together with `policy`.
    package var inlinePolicy: JSONValue?
    package var project: String?
    package var tags: [String: String]?
    package var maxCostUSD: String?
    package var deadline: String?
    package var strict: Bool?

    package init() {}
}

/// The images of a draft, read and proven.
package struct ResolvedImages: Sendable {
    package var image: SourceImage
    package var styleReferences: [SourceImage]
    package var characterReferences: [SourceImage]
    package var characterMasks: [SourceImage]

    package init(
        image: SourceImage,
        styleReferences: [SourceImage] = [],
        characterReferences: [SourceImage] = [],
        characterMasks: [SourceImage] = []
    ) {
        self.image = image
        self.styleReferences = styleReferences
        self.characterReferences = characterReferences
        self.characterMasks = characterMasks
    }
}

extension RemixDraft {
    /// Names in the form in which they are kept, whichever door they came by. Of two tags whose names are then the same one
    /// stays: the later in the order of their spellings.
    package mutating func composeNames() {
        policy = policy?.nfc
        project = project?.nfc
        tags = tags.map { tags in
            tags.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
                .reduce(into: [:]) { $0[$1.key.nfc] = $1.value.nfc }
        }
    }
}
