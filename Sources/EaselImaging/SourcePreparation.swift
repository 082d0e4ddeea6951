import EaselCore

/// What is done once to every image of a caller, before anything else looks at it: it is proven whole, turned upright, and
/// what it says beside its look is taken out.
///
/// Providers differ in whether they look at an orientation, and none of them has to know where and with what an image was
/// taken. No image is decoded for this unless it must be turned and its blocks cannot be moved as they are.
package struct SourcePreparation: Sendable {
    /// Whether place, device, comments and the rest stay in.
    package var keepsMetadata: Bool
    /// How long an image may be that has to be written anew, in bytes.
    package var maxBytes: Int
    /// How large an image may be.
    package var limits: ImageLimits

    /// The rules for one gateway.
    package init(keepsMetadata: Bool = false, maxBytes: Int = 10_000_000, limits: ImageLimits = .standard) {
        self.keepsMetadata = keepsMetadata
        self.maxBytes = maxBytes
        self.limits = limits
    }

    /// An image that is ready to be sent, with the size that people see.
    package struct Prepared: Sendable {
        /// The file.
        package let bytes: [UInt8]
        /// What it is; the orientation is 1.
        package let info: ImageInfo
    }

    /// The image, or nil when making it takes time that an event loop does not have: call ``prepare(_:)`` elsewhere.
    package func prepareQuickly(_ bytes: [UInt8]) throws(ImageError) -> Prepared? {
        let info = try ImageProbe.probe(bytes, limits: limits)
        guard info.orientation == 1 else { return nil }
        guard info.format == .jpg else { return try still(bytes, info) }
        let file = try JPEGFile(bytes)
        return file.hasEnd ? still(file) : nil
    }

    /// The image. Throws what probing and decoding throw, and `truncated`.
    package func prepare(_ bytes: [UInt8]) throws(ImageError) -> Prepared {
        let info = try ImageProbe.probe(bytes, limits: limits)
        guard info.format == .jpg else {
            let prepared = try still(bytes, info)
            return info.orientation == 1 ? prepared : try rewritten(bytes, info)
        }
        let file = try JPEGFile(bytes)
        if !file.hasEnd { try JPEGCodec.prove(file, isStrict: false) }
        guard info.orientation != 1 else { return still(file) }
        guard let moved = try JPEGCodec.turned(file, orientation: info.orientation) else {
            return try rewritten(bytes, info)
        }
        let carried = file.carried(keepsMetadata ? .everything : .looks)
        let whole = try JPEGFile.insert(carried, into: moved)
        return Prepared(bytes: whole, info: try ImageProbe.probe(whole, limits: limits))
    }

    /// The very same pixels, and with `keepsMetadata` the very same file.
    private func still(_ file: JPEGFile) -> Prepared {
        let bytes = keepsMetadata || !file.hasMore ? file.bytes : file.written(.looks)
        return Prepared(bytes: bytes, info: file.header.info)
    }

    /// The same for the two formats whose end tells whether they are whole.
    private func still(_ bytes: [UInt8], _ info: ImageInfo) throws(ImageError) -> Prepared {
        let clean: [UInt8]?
        if info.format == .png {
            let chunks = PNGChunks(bytes)
            guard chunks.hasEnd else { throw .truncated }
            clean = keepsMetadata ? nil : chunks.onlyLooks()
        } else {
            let chunks = WebPChunks(bytes)
            guard chunks.isWhole else { throw .truncated }
            clean = keepsMetadata ? nil : chunks.onlyLooks()
        }
        return Prepared(bytes: clean ?? bytes, info: info)
    }

    private func rewritten(_ bytes: [UInt8], _ info: ImageInfo) throws(ImageError) -> Prepared {
        let pixels = try ImageCodec.decode(bytes, limits: limits)
        var file = try written(pixels, like: bytes, info.format)
        if keepsMetadata, try ImageProbe.probe(file).format == info.format {
            switch info.format {
            case .jpg: file = try JPEGFile.insert(try JPEGFile(bytes).carried(.everythingButProfile), into: file)
            case .png: file = PNGChunks(bytes).carried(into: file)
            case .webp: file = WebPChunks(file).carrying(WebPChunks(bytes), size: pixels.size)
            }
        }
        return Prepared(bytes: file, info: try ImageProbe.probe(file, limits: limits))
    }

    private func written(_ pixels: Pixels, like bytes: [UInt8], _ format: ImageFormat) throws(ImageError) -> [UInt8] {
        if format == .webp, WebPChunks(bytes).isLossless {
            let file = try WebPCodec.encode(pixels, quality: 100, isLossless: true)
            if file.count <= maxBytes { return file }
        }
        if format == .jpg {
            // A photo that a camera made small is not made twice as long by the highest quality that there is.
            let aim = min(maxBytes, bytes.count * 3 / 2)
            if let file = try? ImageEditing.encode(pixels, preferring: .jpg, maxBytes: aim) { return file }
        }
        return try ImageEditing.encode(pixels, preferring: format, maxBytes: maxBytes)
    }
}
