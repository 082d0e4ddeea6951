import EaselCore

/// Reads what an image is from its first bytes.
///
/// Only the header is looked at: no pixel is decoded and no memory is reserved, so a hostile file costs microseconds.
package enum ImageProbe {
    private static let signatures: [[UInt8]] = [PNGHeader.signature, [0xFF, 0xD8, 0xFF], Array("RIFF".utf8)]

    /// Format, size, alpha and orientation of an image.
    ///
    /// Throws ``ImageError``: `notAnImage`, `unsupportedFormat` with the name of what it is instead, `truncated` when
    /// even the header is not complete, `corrupt`, or `dimensionsTooLarge`.
    package static func probe(
        _ bytes: [UInt8],
        limits: ImageLimits = .standard
    ) throws(ImageError) -> ImageInfo {
        let header = HeaderBytes(bytes: bytes)
        let info: ImageInfo
        if header.matches(PNGHeader.signature, at: 0) {
            info = try PNGHeader.read(header)
        } else if header.matches([0xFF, 0xD8, 0xFF], at: 0) {
            info = try JPEGHeader.read(bytes).info
        } else if header.matches([0xFF, 0xD8], at: 0), let jpeg = try? JPEGHeader.read(bytes) {
            // Bytes that belong to nothing may stand before the first segment as well.
            info = jpeg.info
        } else if header.matches("RIFF", at: 0), header.matches("WEBP", at: 8) {
            info = try WebPHeader.read(header)
        } else if !bytes.isEmpty, isCutSignature(bytes) {
            throw .truncated
        } else if let name = ForeignFormat.name(of: header) {
            throw .unsupportedFormat(name)
        } else {
            throw .notAnImage
        }
        try limits.check(width: info.size.width, height: info.size.height)
        return info
    }

    /// The first bytes of a known signature and nothing more; `WEBP` stands eight bytes behind its `RIFF`.
    private static func isCutSignature(_ bytes: [UInt8]) -> Bool {
        signatures.contains { $0.starts(with: bytes) } || (bytes.count < 12 && bytes.starts(with: Array("RIFF".utf8)))
    }
}
