import EaselCore
import EaselImaging

/// An input image that was found to be one.
struct SourceImage: Sendable {
    let bytes: [UInt8]
    let info: ImageInfo
    /// Tells sources apart in the painter's cache.
    let key: Int

    init(_ bytes: [UInt8]) throws(ImageError) {
        info = try ImageProbe.probe(bytes)
        self.bytes = bytes
        key = bytes.hashValue
    }

    /// The size as people see it.
    var size: PixelSize { info.displaySize }

    /// Stands in for images that are not fetched.
    static let placeholder: SourceImage? = {
        let (width, height) = (192, 128)
        var bytes: [UInt8] = []
        for row in 0..<height {
            for column in 0..<width {
                bytes += [UInt8(column), UInt8(row * 2 - row / 64), 128, 255]
            }
        }
        let pixels = Pixels(width: width, height: height, hasAlpha: false, bytes: bytes)
        guard let file = try? ImageCodec.encode(pixels, as: .png) else { return nil }
        return try? SourceImage(file)
    }()
}
