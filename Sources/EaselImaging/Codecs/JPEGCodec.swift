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

    /// The pixels as stored, in sRGB. `info` is the probe's answer for the same bytes.
    static func decode(_ bytes: [UInt8], info: ImageInfo) throws(ImageError) -> Pixels {
        let file = try JPEGFile(bytes)
        let (width, height) = (info.size.width, info.size.height)
        let isCMYK = file.header.components == 4
        var pixels = [UInt8](repeating: 0, count: width * height * 4)
        try decompress(file, isStrict: false, scaledBy: 1, as: isCMYK ? TJPF_CMYK : TJPF_RGBA, into: &pixels)
        let profile = file.profile.flatMap { ColourProfile($0) }
        guard isCMYK else {
            profile?.convert(&pixels, isGray: file.header.components == 1)
            return Pixels(width: width, height: height, hasAlpha: false, bytes: pixels)
        }
        let isInverted = file.header.hasAdobeMarker
        if let colours = profile?.rgba(ofCMYK: pixels, isInverted: isInverted) {
            return Pixels(width: width, height: height, hasAlpha: false, bytes: colours)
        }
        return .fromCMYK(width: width, height: height, bytes: pixels, inverted: isInverted)
    }

    /// Whether all of the image is there, by reading every coefficient of it; the pixels are made an eighth as large.
    ///
    /// `isStrict` also refuses data that viewers show with visible damage. Throws `truncated` or `corrupt`.
    static func prove(_ file: JPEGFile, isStrict: Bool) throws(ImageError) {
        let size = file.header.info.size
        let (width, height) = ((size.width + 7) / 8, (size.height + 7) / 8)
        let isCMYK = file.header.components == 4
        var pixels = [UInt8](repeating: 0, count: width * height * 4)
        try decompress(file, isStrict: isStrict, scaledBy: 8, as: isCMYK ? TJPF_CMYK : TJPF_RGBA, into: &pixels)
    }

    /// The image turned and mirrored as `orientation` (2 to 8) asks, by moving its coefficients: nothing is lost.
    ///
    /// Without any segment of applications but JFIF and Adobe. Nil where the sides are no multiple of the blocks, so that
    /// the blocks at an edge could not be moved.
    static func turned(_ file: JPEGFile, orientation: Int) throws(ImageError) -> [UInt8]? {
        let operations: [Int: TJXOP] = [
            2: TJXOP_HFLIP, 3: TJXOP_ROT180, 4: TJXOP_VFLIP, 5: TJXOP_TRANSPOSE, 6: TJXOP_ROT90, 7: TJXOP_TRANSVERSE,
            8: TJXOP_ROT270,
        ]
        guard let operation = operations[orientation] else { return nil }
        let handle = try Handle(tjInitTransform())
        let bytes = try decodable(file)
        var transform = tjtransform()
        transform.op = Int32(operation.rawValue)
        transform.options = TJXOPT_PERFECT | TJXOPT_COPYNONE
        var result: UnsafeMutablePointer<UInt8>?
        var length: UInt = 0
        // The library allocates, also when it fails half way.
        defer { tjFree(result) }
        let code = tjTransform(
            handle.raw,
            bytes,
            UInt(bytes.count),
            1,
            &result,
            &length,
            &transform,
            TJFLAG_LIMITSCANS
        )
        if code != 0, tjGetErrorCode(handle.raw) != Int32(TJERR_WARNING.rawValue) {
            if handle.message.contains("not perfect") { return nil }
            throw .corrupt(handle.message)
        }
        if code != 0, saysTruncated(handle.message) { throw .truncated }
        guard let result, length > 0 else { return nil }
        return [UInt8](UnsafeBufferPointer(start: result, count: Int(length)))
    }

    /// The file as libjpeg reads it without a warning that would hide another one: it tells the first alone.
    private static func decodable(_ file: JPEGFile) throws(ImageError) -> [UInt8] {
        // The library fills what is missing with gray and calls that a warning. With an end marker put behind the data,
        // data that end too early are told from a mere missing marker.
        guard file.hasEnd || file.isCovered else { throw .truncated }
        return file.isClean ? file.bytes : file.written(.looks)
    }

    private static func saysTruncated(_ message: String) -> Bool {
        message.contains("premature end") || message.contains("Premature end")
    }

    /// Fills `pixels`, which has the size of the probed frame divided by `scale` (1 or 8) and rounded up.
    private static func decompress(
        _ file: JPEGFile,
        isStrict: Bool,
        scaledBy scale: Int,
        as format: TJPF,
        into pixels: inout [UInt8]
    ) throws(ImageError) {
        let bytes = try decodable(file)
        let size = file.header.info.size
        let handle = try Handle(tjInitDecompress())
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
        guard Int(claimed.width) == size.width, Int(claimed.height) == size.height else {
            throw .corrupt("the JPEG frame headers disagree")
        }
        let code = tjDecompress2(
            handle.raw,
            bytes,
            UInt(bytes.count),
            &pixels,
            Int32((size.width + scale - 1) / scale),
            0,
            Int32((size.height + scale - 1) / scale),
            format.rawValue,
            // A progressive file may hold thousands of empty scans that cost a full pass each.
            TJFLAG_LIMITSCANS
        )
        guard code != 0 else { return }
        guard tjGetErrorCode(handle.raw) == Int32(TJERR_WARNING.rawValue) else { throw .corrupt(handle.message) }
        if saysTruncated(handle.message) { throw .truncated }
        // Other oddities are forgiven by every viewer, though the image may show them.
        if isStrict, handle.message.hasPrefix("Corrupt JPEG data"), !handle.message.contains("extraneous bytes") {
            throw .corrupt(handle.message)
        }
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
