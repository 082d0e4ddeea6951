import CImageCodecs
import EaselCore

/// WebP through libwebp.
enum WebPCodec {
    /// The format has 14 bits for each side.
    private static let maxSide = 16_383

    /// The pixels as stored, in sRGB. `info` is the probe's answer for the same bytes.
    static func decode(_ bytes: [UInt8], info: ImageInfo) throws(ImageError) -> Pixels {
        var pixels = try samples(bytes, info: info, size: info.size)
        if let profile = WebPChunks(bytes).first("ICCP") {
            ColourProfile(Array(bytes[profile]))?.convert(&pixels, isGray: false)
        }
        return Pixels(width: info.size.width, height: info.size.height, hasAlpha: info.hasAlpha, bytes: pixels)
    }

    /// Whether all of the image is there: everything is decoded, and little of it kept. Throws `truncated` or `corrupt`.
    static func prove(_ bytes: [UInt8], info: ImageInfo) throws(ImageError) {
        guard WebPChunks(bytes).isWhole else { throw .truncated }
        let size = PixelSize(width: (info.size.width + 7) / 8, height: (info.size.height + 7) / 8)
        _ = try samples(bytes, info: info, size: size)
    }

    /// Four bytes a pixel at `size`.
    private static func samples(
        _ bytes: [UInt8],
        info: ImageInfo,
        size: PixelSize
    ) throws(ImageError) -> [UInt8] {
        var config = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&config) != 0 else { throw .corrupt("libwebp has another version") }
        let status = WebPGetFeatures(bytes, bytes.count, &config.input)
        guard status == VP8_STATUS_OK else { throw failure(status) }
        guard config.input.has_animation == 0 else { throw .unsupportedFormat("animated WebP") }
        // The canvas was bounded by the probe; the frame inside must not claim another size.
        guard Int(config.input.width) == info.size.width, Int(config.input.height) == info.size.height else {
            throw .corrupt("the WebP frame does not fit its canvas")
        }
        if size != info.size {
            config.options.use_scaling = 1
            config.options.scaled_width = Int32(size.width)
            config.options.scaled_height = Int32(size.height)
        }
        var pixels = [UInt8](repeating: 0, count: size.width * size.height * 4)
        let result = pixels.withUnsafeMutableBufferPointer { target in
            config.output.colorspace = MODE_RGBA
            config.output.is_external_memory = 1
            config.output.u.RGBA.rgba = target.baseAddress
            config.output.u.RGBA.stride = Int32(size.width * 4)
            config.output.u.RGBA.size = target.count
            let result = WebPDecode(bytes, bytes.count, &config)
            WebPFreeDecBuffer(&config.output)
            return result
        }
        guard result == VP8_STATUS_OK else { throw failure(result) }
        return pixels
    }

    /// A WebP at `quality`, with a lossless alpha plane when the pixels have one; `isLossless` keeps every pixel.
    static func encode(_ pixels: Pixels, quality: Int, isLossless: Bool = false) throws(ImageError) -> [UInt8] {
        guard pixels.width <= maxSide, pixels.height <= maxSide else {
            throw .encodingFailed("WebP ends at \(maxSide) pixels a side")
        }
        var config = WebPConfig()
        var picture = WebPPicture()
        guard WebPConfigPreset(&config, WEBP_PRESET_DEFAULT, Float(quality)) != 0, WebPPictureInit(&picture) != 0 else {
            throw .encodingFailed("libwebp has another version")
        }
        // Method 2 of 6: about half the time of the default for a few per cent more bytes.
        config.method = 2
        if isLossless {
            config.lossless = 1
            config.exact = 1
            // Effort, where nothing can be lost.
            config.quality = 20
        }
        picture.use_argb = isLossless ? 1 : 0
        picture.width = Int32(pixels.width)
        picture.height = Int32(pixels.height)
        defer { WebPPictureFree(&picture) }
        let stride = Int32(pixels.stride)
        let imported =
            pixels.hasAlpha
            ? WebPPictureImportRGBA(&picture, pixels.bytes, stride)
            : WebPPictureImportRGBX(&picture, pixels.bytes, stride)
        guard imported != 0 else { throw .encodingFailed("libwebp has no memory") }
        var writer = WebPMemoryWriter()
        WebPMemoryWriterInit(&writer)
        defer { WebPMemoryWriterClear(&writer) }
        // The writer is only used by the call inside this closure, where its address is stable.
        let done = withUnsafeMutablePointer(to: &writer) { target in
            picture.writer = WebPMemoryWrite
            picture.custom_ptr = UnsafeMutableRawPointer(target)
            return WebPEncode(&config, &picture)
        }
        guard done != 0, let file = writer.mem else {
            throw .encodingFailed("libwebp error \(picture.error_code.rawValue)")
        }
        return [UInt8](UnsafeBufferPointer(start: file, count: writer.size))
    }

    private static func failure(_ status: VP8StatusCode) -> ImageError {
        switch status {
        case VP8_STATUS_NOT_ENOUGH_DATA, VP8_STATUS_SUSPENDED: .truncated
        case VP8_STATUS_BITSTREAM_ERROR: .corrupt("the WebP data cannot be decoded")
        case VP8_STATUS_UNSUPPORTED_FEATURE: .corrupt("the WebP data uses an unknown feature")
        default: .corrupt("libwebp error \(status.rawValue)")
        }
    }
}
