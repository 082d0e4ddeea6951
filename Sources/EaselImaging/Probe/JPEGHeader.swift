import EaselCore

/// A JPEG's markers up to the frame header.
///
/// A thumbnail is a whole JPEG inside an APP1 segment; walking by segment lengths steps over it.
struct JPEGHeader {
    var info: ImageInfo
    /// 1 gray, 3 colour, 4 CMYK.
    var components: Int
    /// An APP14 segment by Adobe stands before the frame: the four CMYK channels are then stored inverted.
    var hasAdobeMarker: Bool

    static func read(_ header: HeaderBytes) throws(ImageError) -> JPEGHeader {
        var orientation = 1
        var hasAdobeMarker = false
        var offset = 2
        while true {
            guard let first = header[offset] else { throw .truncated }
            guard first == 0xFF else { throw .corrupt("a JPEG marker is missing") }
            while header[offset] == 0xFF { offset += 1 }  // any number of fill bytes may precede a marker
            guard let marker = header[offset] else { throw .truncated }
            offset += 1
            switch marker {
            case 0x01, 0xD0...0xD7: continue  // stand alone, without a length
            case 0xD9, 0xDA: throw .corrupt("the JPEG has no frame header")
            case 0x00, 0xD8: throw .corrupt("a JPEG marker is misplaced")
            default: break
            }
            guard let length = header.bigEndian16(offset) else { throw .truncated }
            guard length >= 2 else { throw .corrupt("a JPEG segment is too short") }
            let body = offset + 2
            let end = offset + length
            guard end <= header.count else { throw .truncated }
            switch marker {
            case 0xC0, 0xC1, 0xC2, 0xC9, 0xCA:
                return try frame(
                    header,
                    in: body..<end,
                    orientation: orientation,
                    hasAdobeMarker: hasAdobeMarker
                )
            case 0xC3, 0xCB: throw .unsupportedFormat("a lossless JPEG")
            case 0xC5...0xC7, 0xCD...0xCF: throw .unsupportedFormat("a hierarchical JPEG")
            case 0xE1 where header.matches([0x45, 0x78, 0x69, 0x66, 0, 0], at: body) && body + 6 <= end:  // "Exif"
                orientation = ExifOrientation.read(header, in: body + 6..<end)
            case 0xEE where header.matches("Adobe", at: body) && end - body >= 12:
                hasAdobeMarker = true
            default: break
            }
            offset = end
        }
    }

    private static func frame(
        _ header: HeaderBytes,
        in range: Range<Int>,
        orientation: Int,
        hasAdobeMarker: Bool
    ) throws(ImageError) -> JPEGHeader {
        guard range.count >= 6, let precision = header[range.lowerBound],
            let height = header.bigEndian16(range.lowerBound + 1),
            let width = header.bigEndian16(range.lowerBound + 3), let components = header[range.lowerBound + 5]
        else { throw .corrupt("the JPEG frame header is too short") }
        guard precision == 8 else { throw .unsupportedFormat("a JPEG of \(precision) bits a channel") }
        guard [1, 3, 4].contains(components) else { throw .corrupt("the JPEG has \(components) channels") }
        guard range.count >= 6 + 3 * components else { throw .corrupt("the JPEG frame header is too short") }
        let info = ImageInfo(
            format: .jpg,
            size: PixelSize(width: width, height: height),
            hasAlpha: false,
            orientation: orientation
        )
        return JPEGHeader(info: info, components: components, hasAdobeMarker: hasAdobeMarker)
    }
}
