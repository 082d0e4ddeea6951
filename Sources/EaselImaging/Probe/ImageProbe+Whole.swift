import EaselBase
package import EaselCore

extension ImageProbe {
    /// Whether a picture's file is all there, by its structure: nothing is decoded, so this costs at most one pass over the bytes.
    ///
    /// A file that was cut off has a perfect head. A provider would be asked, and perhaps paid, for nothing.
    /// Throws `.truncated` when the end that the format demands is missing.
    package static func checkWhole(_ bytes: [UInt8], format: ImageFormat) throws(ImageError) {
        let isWhole =
            switch format {
            case .png: endsWithIEND(bytes)
            case .jpg: JPEGEnding.isPresent(in: HeaderBytes(bytes: bytes))
            case .webp: fillsRIFF(bytes)
            }
        guard isWhole else { throw .truncated }
    }

    /// Walks the chunks to IEND (PNG specification, 5.3).
    private static func endsWithIEND(_ bytes: [UInt8]) -> Bool {
        var position = 8
        while position + 12 <= bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            let end = position + 12 + length
            guard end <= bytes.count else { return false }
            if bytes[position + 4..<position + 8].elementsEqual("IEND".utf8) { return true }
            position = end
        }
        return false
    }

    /// The RIFF head names the size of what follows it (WebP container, "RIFF file format").
    private static func fillsRIFF(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 12 else { return false }
        let size = (0..<4).reduce(0) { $0 | Int(bytes[4 + $1]) << (8 * $1) }
        return size >= 4 && bytes.count >= 8 + size
    }
}
