import CImageCodecs
import EaselCore
import Glibc

/// PNG through libspng.
enum PNGCodec {
    /// Text, profile and similar chunks: the largest one, and all that are kept together, in bytes.
    private static let maxChunkBytes = 8 << 20
    private static let maxKeptBytes = 32 << 20

    /// A context is freed on every path.
    private struct Context: ~Copyable {
        let raw: OpaquePointer

        init(flags: Int32) throws(ImageError) {
            guard let raw = spng_ctx_new(flags) else { throw .encodingFailed("libspng has no memory") }
            self.raw = raw
        }

        deinit { spng_ctx_free(raw) }
    }

    /// The pixels as stored, in sRGB. `info` is the probe's answer for the same bytes and bounds the decoder.
    static func decode(_ bytes: [UInt8], info: ImageInfo) throws(ImageError) -> Pixels {
        let context = try Context(flags: 0)
        let (width, height) = (info.size.width, info.size.height)
        var pixels = [UInt8](repeating: 0, count: width * height * 4)
        var profile: ColourProfile?
        var isGray = false
        // libspng keeps the pointer to the input, so all of it happens while the array is held still.
        let code = bytes.withUnsafeBufferPointer { source in
            pixels.withUnsafeMutableBufferPointer { target in
                let code = begin(context, source, info.size)
                guard code == 0 else { return code }
                (profile, isGray) = colours(context)
                return spng_decode_image(
                    context.raw,
                    target.baseAddress,
                    target.count,
                    Int32(SPNG_FMT_RGBA8.rawValue),
                    Int32(SPNG_DECODE_TRNS.rawValue)
                )
            }
        }
        guard code == 0 else { throw failure(code) }
        profile?.convert(&pixels, isGray: isGray)
        return Pixels(width: width, height: height, hasAlpha: info.hasAlpha, bytes: pixels)
    }

    /// Whether all of the image is there: every row is unpacked, and none is kept. Throws `truncated` or `corrupt`.
    static func prove(_ bytes: [UInt8], info: ImageInfo) throws(ImageError) {
        guard PNGChunks(bytes).hasEnd else { throw .truncated }
        let context = try Context(flags: 0)
        // The widest kind of pixel has four channels of two bytes.
        var row = [UInt8](repeating: 0, count: info.size.width * 8)
        let code = bytes.withUnsafeBufferPointer { source in
            row.withUnsafeMutableBufferPointer { target in
                var code = begin(context, source, info.size)
                let format = Int32(SPNG_FMT_RAW.rawValue)
                var length = 0
                if code == 0 { code = spng_decoded_image_size(context.raw, format, &length) }
                if code == 0 {
                    code = spng_decode_image(context.raw, nil, 0, format, Int32(SPNG_DECODE_PROGRESSIVE.rawValue))
                }
                let rowLength = min(target.count, length / max(1, info.size.height))
                while code == 0 { code = spng_decode_row(context.raw, target.baseAddress, rowLength) }
                return code == Int32(SPNG_EOI.rawValue) ? 0 : code
            }
        }
        guard code == 0 else { throw failure(code) }
    }

    private static func begin(_ context: borrowing Context, _ source: UnsafeBufferPointer<UInt8>, _ size: PixelSize)
        -> Int32
    {
        var code = spng_set_image_limits(context.raw, UInt32(size.width), UInt32(size.height))
        if code == 0 { code = spng_set_chunk_limits(context.raw, maxChunkBytes, maxKeptBytes) }
        if code == 0 { code = spng_set_png_buffer(context.raw, source.baseAddress, source.count) }
        return code
    }

    /// The embedded profile, and whether the pixels are gray.
    private static func colours(_ context: borrowing Context) -> (ColourProfile?, Bool) {
        var header = spng_ihdr()
        var embedded = spng_iccp()
        guard spng_get_ihdr(context.raw, &header) == 0, spng_get_iccp(context.raw, &embedded) == 0,
            let start = embedded.profile
        else { return (nil, false) }
        let profile = UnsafeRawBufferPointer(start: start, count: embedded.profile_len)
        // Gray without and with alpha.
        return (ColourProfile([UInt8](profile)), header.color_type == 0 || header.color_type == 4)
    }

    private static func failure(_ code: Int32) -> ImageError {
        switch code {
        case Int32(SPNG_EOF.rawValue), Int32(SPNG_EIDAT_TOO_SHORT.rawValue), Int32(SPNG_IO_EOF.rawValue): .truncated
        default: .corrupt(message(code))
        }
    }

    /// A PNG of 8 bits a channel, with alpha only when the pixels have it.
    static func encode(_ pixels: Pixels) throws(ImageError) -> [UInt8] {
        let context = try Context(flags: Int32(SPNG_CTX_ENCODER.rawValue))
        let colour = pixels.hasAlpha ? SPNG_COLOR_TYPE_TRUECOLOR_ALPHA : SPNG_COLOR_TYPE_TRUECOLOR
        var header = spng_ihdr(
            width: UInt32(pixels.width),
            height: UInt32(pixels.height),
            bit_depth: 8,
            color_type: UInt8(colour.rawValue),
            compression_method: 0,
            filter_method: 0,
            interlace_method: 0
        )
        let samples = pixels.hasAlpha ? pixels.bytes : pixels.rgbBytes()
        // Level 1 with one cheap filter: a third longer than the best, and many times faster.
        var code = spng_set_option(context.raw, SPNG_ENCODE_TO_BUFFER, 1)
        if code == 0 { code = spng_set_option(context.raw, SPNG_IMG_COMPRESSION_LEVEL, 1) }
        if code == 0 {
            code = spng_set_option(context.raw, SPNG_FILTER_CHOICE, Int32(SPNG_FILTER_CHOICE_SUB.rawValue))
        }
        if code == 0 { code = spng_set_ihdr(context.raw, &header) }
        if code == 0 {
            code = samples.withUnsafeBufferPointer { source in
                spng_encode_image(
                    context.raw,
                    source.baseAddress,
                    source.count,
                    Int32(SPNG_FMT_PNG.rawValue),
                    Int32(SPNG_ENCODE_FINALIZE.rawValue)
                )
            }
        }
        guard code == 0 else { throw .encodingFailed(message(code)) }
        var length = 0
        guard let file = spng_get_png_buffer(context.raw, &length, &code), code == 0 else {
            throw .encodingFailed(message(code))
        }
        // The buffer is ours from here on, and was made with malloc.
        defer { free(file) }
        return [UInt8](UnsafeRawBufferPointer(start: file, count: length))
    }

    private static func message(_ code: Int32) -> String {
        guard let text = spng_strerror(code) else { return "libspng error \(code)" }
        return String(cString: text)
    }
}
