import EaselCore

/// A JPEG's segments up to its first scan.
struct JPEGHeader {
    let info: ImageInfo
    /// 1 gray, 3 colour, 4 CMYK.
    let components: Int
    /// An APP14 segment by Adobe stands in the head: the four CMYK channels are then stored inverted.
    let hasAdobeMarker: Bool
    let isProgressive: Bool
    let isArithmetic: Bool
    /// The body of the frame header.
    let frame: Range<Int>

    static func read(_ bytes: [UInt8]) throws(ImageError) -> JPEGHeader {
        let header = HeaderBytes(bytes: bytes)
        var orientation: Int?
        var hasAdobeMarker = false
        var frame: (marker: UInt8, body: Range<Int>)?
        var tokens = JPEGTokens(bytes)
        reading: while true {
            guard let token = try tokens.next() else { throw .truncated }
            guard case .segment(let marker, let body) = token else { throw .corrupt("the JPEG has no frame header") }
            switch marker {
            case 0xDA: break reading
            case 0xC0, 0xC1, 0xC2, 0xC9, 0xCA:
                guard frame == nil else { throw .corrupt("the JPEG has two frame headers") }
                frame = (marker, body)
            case 0xC3, 0xCB: throw .unsupportedFormat("a lossless JPEG")
            case 0xC5...0xC7, 0xCD...0xCF: throw .unsupportedFormat("a hierarchical JPEG")
            case 0xE1 where orientation == nil && ExifOrientation.isExif(header, body):
                orientation = ExifOrientation.read(header, in: body.lowerBound + 6..<body.upperBound)
            case 0xEE where header.matches("Adobe", at: body.lowerBound) && body.count >= 12: hasAdobeMarker = true
            default: break
            }
        }
        guard let (marker, body) = frame else { throw .corrupt("the JPEG has no frame header") }
        return try JPEGHeader(header, marker, body, orientation: orientation ?? 1, hasAdobeMarker: hasAdobeMarker)
    }

    private init(
        _ header: HeaderBytes,
        _ marker: UInt8,
        _ body: Range<Int>,
        orientation: Int,
        hasAdobeMarker: Bool
    ) throws(ImageError) {
        guard body.count >= 6, let precision = header[body.lowerBound],
            let height = header.bigEndian16(body.lowerBound + 1),
            let width = header.bigEndian16(body.lowerBound + 3), let components = header[body.lowerBound + 5]
        else { throw .corrupt("the JPEG frame header is too short") }
        guard precision == 8 else { throw .unsupportedFormat("a JPEG of \(precision) bits a channel") }
        guard [1, 3, 4].contains(components) else { throw .corrupt("the JPEG has \(components) channels") }
        guard body.count >= 6 + 3 * components else { throw .corrupt("the JPEG frame header is too short") }
        info = ImageInfo(
            format: .jpg,
            size: PixelSize(width: width, height: height),
            hasAlpha: false,
            orientation: orientation
        )
        self.components = components
        self.hasAdobeMarker = hasAdobeMarker
        isProgressive = marker == 0xC2 || marker == 0xCA
        isArithmetic = marker >= 0xC9
        frame = body
    }
}
