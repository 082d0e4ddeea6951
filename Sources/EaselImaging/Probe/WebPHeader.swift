import EaselCore

/// The first chunk of a WebP file: `VP8 ` (lossy), `VP8L` (lossless) or `VP8X` (either, with more around it).
enum WebPHeader {
    private static let animationFlag = 0x02
    private static let exifFlag = 0x08
    private static let alphaFlag = 0x10

    static func read(_ header: HeaderBytes) throws(ImageError) -> ImageInfo {
        guard header.count >= 30 else { throw .truncated }
        let body = 20
        if header.matches("VP8 ", at: 12) { return try lossy(header, body) }
        if header.matches("VP8L", at: 12) { return try lossless(header, body) }
        if header.matches("VP8X", at: 12) { return try extended(header, body) }
        throw .corrupt("the WebP file begins with an unknown chunk")
    }

    private static func lossy(_ header: HeaderBytes, _ body: Int) throws(ImageError) -> ImageInfo {
        // A key frame has the lowest bit of its tag clear and a start code behind the three bytes of the tag.
        guard let tag = header[body], tag & 1 == 0, header.matches([0x9D, 0x01, 0x2A], at: body + 3),
            let width = header.littleEndian16(body + 6), let height = header.littleEndian16(body + 8)
        else { throw .corrupt("the WebP frame header is damaged") }
        // The two highest bits of each are a scaling hint.
        return ImageInfo(
            format: .webp,
            size: PixelSize(width: width & 0x3FFF, height: height & 0x3FFF),
            hasAlpha: false
        )
    }

    private static func lossless(_ header: HeaderBytes, _ body: Int) throws(ImageError) -> ImageInfo {
        guard header[body] == 0x2F, let bits = header.littleEndian32(body + 1), bits >> 29 == 0 else {
            throw .corrupt("the WebP frame header is damaged")
        }
        return ImageInfo(
            format: .webp,
            size: PixelSize(width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1),
            hasAlpha: bits >> 28 & 1 == 1
        )
    }

    private static func extended(_ header: HeaderBytes, _ body: Int) throws(ImageError) -> ImageInfo {
        guard let length = header.littleEndian32(16), length >= 10, let flags = header[body],
            let width = header.littleEndian24(body + 4), let height = header.littleEndian24(body + 7)
        else { throw .corrupt("the WebP header is damaged") }
        guard flags & animationFlag == 0 else { throw .unsupportedFormat("animated WebP") }
        return ImageInfo(
            format: .webp,
            size: PixelSize(width: width + 1, height: height + 1),
            hasAlpha: flags & alphaFlag != 0,
            orientation: flags & exifFlag == 0 ? 1 : exifOrientation(header)
        )
    }

    /// The EXIF chunk stands behind the pixels.
    private static func exifOrientation(_ header: HeaderBytes) -> Int {
        guard let exif = WebPChunks(header.bytes).first("EXIF") else { return 1 }
        // Some writers put the six bytes of a JPEG's APP1 before the TIFF data.
        let start =
            ExifOrientation.isExif(header, exif) ? exif.lowerBound + ExifOrientation.prefix.count : exif.lowerBound
        return ExifOrientation.read(header, in: start..<exif.upperBound)
    }
}
