import EaselCore

/// A PNG's signature and IHDR, and the small chunks before the pixels.
enum PNGHeader {
    static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    static func read(_ header: HeaderBytes) throws(ImageError) -> ImageInfo {
        guard header.count >= 33 else { throw .truncated }
        // IHDR must come first and is always 13 bytes long.
        guard header.bigEndian32(8) == 13, header.matches("IHDR", at: 12) else { throw .corrupt("IHDR is missing") }
        guard let width = header.bigEndian32(16), let height = header.bigEndian32(20), let depth = header[24],
            let colour = header[25], let compression = header[26], let filter = header[27], let interlace = header[28]
        else { throw .truncated }
        guard width <= Int(Int32.max), height <= Int(Int32.max) else {
            throw .corrupt("IHDR has an impossible size")
        }
        guard isAllowed(depth: depth, colour: colour), compression == 0, filter == 0, interlace <= 1 else {
            throw .corrupt("IHDR has an unknown kind of pixels")
        }
        let (hasTransparency, orientation) = walkChunks(header)
        return ImageInfo(
            format: .png,
            size: PixelSize(width: width, height: height),
            hasAlpha: colour == 4 || colour == 6 || hasTransparency,
            orientation: orientation
        )
    }

    /// The pairs of bit depth and colour type that the format knows.
    private static func isAllowed(depth: Int, colour: Int) -> Bool {
        switch colour {
        case 0: [1, 2, 4, 8, 16].contains(depth)  // gray
        case 3: [1, 2, 4, 8].contains(depth)  // palette
        case 2, 4, 6: depth == 8 || depth == 16  // RGB, gray with alpha, RGBA
        default: false
        }
    }

    /// Looks for tRNS (a transparent colour or palette) before the pixels, and for eXIf, which may also stand behind them.
    private static func walkChunks(_ header: HeaderBytes) -> (hasTransparency: Bool, orientation: Int) {
        var hasTransparency = false
        var orientation: Int?
        for chunk in PNGChunks(header.bytes).chunks {
            if chunk.isNamed("tRNS") { hasTransparency = true }
            if chunk.isNamed("eXIf"), orientation == nil { orientation = ExifOrientation.read(header, in: chunk.body) }
        }
        return (hasTransparency, orientation ?? 1)
    }
}
