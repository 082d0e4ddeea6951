import EaselCore

/// Puts things into files beside the image, as cameras and programs do.
enum Embedding {
    /// A JPEG segment.
    static func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
    }

    /// A JPEG with bytes behind its first marker.
    static func inJPEG(_ file: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        Array(file.prefix(2)) + bytes + Array(file.dropFirst(2))
    }

    /// A PNG with chunks behind IHDR.
    static func inPNG(_ file: [UInt8], _ chunks: [(String, [UInt8])]) -> [UInt8] {
        file.prefix(33) + chunks.flatMap { HandmadePNG.chunk($0.0, $0.1) } + file.dropFirst(33)
    }

    /// A simple WebP made extended, with chunks before and behind its pixels.
    static func inWebP(
        _ file: [UInt8],
        size: PixelSize,
        flags: UInt8,
        before: [(String, [UInt8])] = [],
        behind: [(String, [UInt8])] = []
    ) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func chunk(_ part: (String, [UInt8])) -> [UInt8] {
            Array(part.0.utf8) + little(part.1.count, 4) + part.1 + (part.1.count % 2 == 1 ? [0] : [])
        }
        var pixels = Array(file.dropFirst(12))
        var flags = flags
        if pixels.starts(with: "VP8X".utf8) {
            flags |= pixels[8]
            pixels = Array(pixels.dropFirst(18))
        } else if pixels.starts(with: "VP8L".utf8) {
            flags |= pixels[12] & 0x10  // the highest byte of the lossless head has the alpha bit here
        }
        let head = chunk(("VP8X", [flags, 0, 0, 0] + little(size.width - 1, 3) + little(size.height - 1, 3)))
        let body = Array("WEBP".utf8) + head + before.flatMap(chunk) + pixels + behind.flatMap(chunk)
        return Array("RIFF".utf8) + little(body.count, 4) + body
    }

    /// `iCCP` of a PNG: name, method, and the profile in a zlib stream of one stored block.
    static func iccp(_ profile: [UInt8]) -> [UInt8] { Array("p\0\0".utf8) + HandmadePNG.stored(profile) }

    /// The file with a colour profile.
    static func profile(_ profile: [UInt8], in file: [UInt8], _ format: ImageFormat, partBytes: Int = 60_000) -> [UInt8]
    {
        switch format {
        case .png: return inPNG(file, [("iCCP", iccp(profile))])
        case .webp:
            let size = PixelSize(width: 40, height: 32)
            return inWebP(file, size: size, flags: 0x20, before: [("ICCP", profile)])
        case .jpg:
            let parts = stride(from: 0, to: profile.count, by: partBytes).map {
                profile[$0..<min($0 + partBytes, profile.count)]
            }
            let segments = parts.enumerated().map { index, part in
                segment(0xE2, Array("ICC_PROFILE\0".utf8) + [UInt8(index + 1), UInt8(parts.count)] + part)
            }
            // Last first: readers go by the numbers.
            return inJPEG(file, Array(segments.reversed().joined()))
        }
    }
}
