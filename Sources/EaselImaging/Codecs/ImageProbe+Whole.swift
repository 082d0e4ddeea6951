package import EaselCore

extension ImageProbe {
    /// Whether an image's file is all there, by its structure: one pass over the bytes, and nothing is decoded but a JPEG
    /// that has no end marker.
    ///
    /// A file that was cut off has a perfect head. A provider would be asked, and perhaps paid, for nothing. A JPEG that
    /// lacks nothing but its end marker (padded by a camera or a block store) is shown by every viewer and passes.
    /// Throws `truncated` when the end is missing, and what reading the head throws.
    package static func checkWhole(_ bytes: [UInt8], format: ImageFormat) throws(ImageError) {
        switch format {
        case .png: guard PNGChunks(bytes).hasEnd else { throw .truncated }
        case .webp: guard WebPChunks(bytes).isWhole else { throw .truncated }
        case .jpg:
            let file = try JPEGFile(bytes)
            if !file.hasEnd { try JPEGCodec.prove(file, isStrict: false) }
        }
    }
}
