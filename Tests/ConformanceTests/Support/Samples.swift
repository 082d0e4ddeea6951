import EaselCore
import EaselImaging

/// Images and requests that every provider takes.
enum Samples {
    static let prompt = "a red kite over the harbour"

    static func image(width: Int = 96, height: Int = 96, format: ImageFormat = .png) throws -> SourceImage {
        var bytes: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width { bytes += [UInt8(column * 255 / width), UInt8(row * 255 / height), 90, 255] }
        }
        let pixels = Pixels(width: width, height: height, hasAlpha: false, bytes: bytes)
        let file = try ImageCodec.encode(pixels, as: format)
        return SourceImage(bytes: file, format: format, size: pixels.size)
    }

    static func request(
        _ model: RemixModel,
        _ change: (inout RemixRequest) throws -> Void = { _ in }
    ) throws -> RemixRequest {
        var request = RemixRequest(model: model, prompt: prompt, image: try image())
        try change(&request)
        return request
    }

    /// Every parameter of a model at once.
    static func everything(_ model: RemixModel) throws -> RemixRequest {
        try request(model) { request in
            request.image = try image(width: 96, height: 64, format: .webp)
            request.strength = 0.35
            request.size = model.sizes[3]
            request.count = 2
            request.renderingSpeed = .turbo
            request.copyrightDetection = true
            request.safetyCheck = true
            if model.offers(.negativePrompt) { request.negativePrompt = "blur" }
            if model.offers(.magicPrompt) { request.magicPrompt = .on }
            if model.offers(.styleType) { request.styleType = .design }
            if model.offers(.styleReferenceImages) {
                request.styleReferenceImages = [try image(format: .jpg), try image(width: 64, format: .webp)]
            }
            if model.offers(.stylePreset) { request.stylePreset = "BAUHAUS" }
            if model.offers(.characterReferenceImages) {
                request.characterReferenceImages = [try image(format: .jpg)]
                request.characterReferenceMasks = [try image()]
            }
            if model.offers(.seed) { request.seed = 4711 }
        }
    }
}
