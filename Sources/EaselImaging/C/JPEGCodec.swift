import CImageCodecs
import EaselCore

/// JPEG through libjpeg-turbo.
enum JPEGCodec {
    /// A compressor or decompressor, freed on every path.
    private struct Handle: ~Copyable {
        let raw: tjhandle

        init(_ raw: tjhandle?) throws(ImageError) {
            guard let raw else { throw .encodingFailed("libjpeg-turbo has no memory") }
            self.raw = raw
        }

        deinit { tjDestroy(raw) }

        var message: String {
            guard let text = tjGetErrorStr2(raw) else { return "libjpeg-turbo gives no reason" }
            return String(cString: text)
        }
    }

    /// The pixels as stored. `info` is the probe's answer for the same bytes.
    static func decode(_ bytes: [UInt8], info: ImageInfo) throws(ImageError) -> Pixels {
        let header = try JPEGHeader.read(HeaderBytes(bytes: bytes))
        guard JPEGEnding.isPresent(in: HeaderBytes(bytes: bytes)) else { throw .truncated }
        let handle = try Handle(tjInitDecompress())
        let (width, height) = (info.size.width, info.size.height)
        var claimed: (width: Int32, height: Int32, sampling: Int32, colours: Int32) = (0, 0, 0, 0)
        guard
            tjDecompressHeader3(
                handle.raw,
                bytes,
                UInt(bytes.count),
                &claimed.width,
                &claimed.height,
                &claimed.sampling,
                &claimed.colours
            ) == 0
        else { throw .corrupt(handle.message) }
        // The memory was sized by the probe; a second frame header must not talk the library into more.
        guard Int(claimed.width) == width, Int(claimed.height) == height else {
            throw .corrupt("the JPEG frame headers disagree")
        }
        let isCMYK = header.components == 4
        var pixels = [UInt8](repeating: 0, count: width * height * 4)
        let code = tjDecompress2(
            handle.raw,
            bytes,
            UInt(bytes.count),
            &pixels,
            claimed.width,
            0,
            claimed.height,
            isCMYK ? TJPF_CMYK.rawValue : TJPF_RGBA.rawValue,
            // A progressive file may hold thousands of empty scans that cost a full pass each.
            TJFLAG_LIMITSCANS
        )
        // Oddities that every viewer forgives (bytes between segments, say) are warnings.
        if code != 0, tjGetErrorCode(handle.raw) != Int32(TJERR_WARNING.rawValue) { throw .corrupt(handle.message) }
        return isCMYK
            ? .fromCMYK(width: width, height: height, bytes: pixels, inverted: header.hasAdobeMarker)
            : Pixels(width: width, height: height, hasAlpha: false, bytes: pixels)
    }

    /// A baseline JPEG of the pixels' colours; the alpha is not looked at.
    static func encode(_ pixels: Pixels, quality: Int) throws(ImageError) -> [UInt8] {
        let handle = try Handle(tjInitCompress())
        var file: UnsafeMutablePointer<UInt8>?
        var length: UInt = 0
        // The library allocates, also when it fails half way.
        defer { tjFree(file) }
        let code = tjCompress2(
            handle.raw,
            pixels.bytes,
            Int32(pixels.width),
            0,
            Int32(pixels.height),
            TJPF_RGBX.rawValue,
            &file,
            &length,
            // Full colour resolution where quality is asked for, half of it where size matters.
            quality >= 90 ? Int32(TJSAMP_444.rawValue) : Int32(TJSAMP_420.rawValue),
            Int32(quality),
            0
        )
        guard code == 0, let file else { throw .encodingFailed(handle.message) }
        return [UInt8](UnsafeBufferPointer(start: file, count: Int(length)))
    }
}
