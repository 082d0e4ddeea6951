import EaselBase
package import EaselCore
import EaselImaging
import Foundation

/// Small images to send and to get.
package enum SampleImage {
    private struct Kind: Hashable {
        let format: ImageFormat
        let width: Int
        let height: Int
        let tint: UInt8
    }

    private static let made = Locked<[Kind: [UInt8]]>([:])

    /// An image with a gradient, so that lossy formats have something to do. The same arguments give the same bytes.
    package static func bytes(
        _ format: ImageFormat = .png,
        width: Int = 64,
        height: Int = 64,
        tint: UInt8 = 0
    ) -> [UInt8] {
        let kind = Kind(format: format, width: width, height: height, tint: tint)
        if let known = made.withLock({ $0[kind] }) { return known }
        let bytes = make(kind)
        made.withLock { $0[kind] = bytes }
        return bytes
    }

    private static func make(_ kind: Kind) -> [UInt8] {
        var pixels: [UInt8] = []
        for y in 0..<kind.height {
            for x in 0..<kind.width {
                let red = UInt8(x * 255 / max(1, kind.width - 1))
                let green = UInt8(y * 255 / max(1, kind.height - 1))
                pixels += [red, green, kind.tint, 255]
            }
        }
        do {
            let image = Pixels(width: kind.width, height: kind.height, hasAlpha: false, bytes: pixels)
            return try ImageCodec.encode(image, as: kind.format)
        } catch {
            fatalError("a sample image cannot be encoded: \(error)")
        }
    }

    /// The same as a value of the trade.
    package static func source(_ format: ImageFormat = .png, width: Int = 64, height: Int = 64) -> SourceImage {
        SourceImage(
            bytes: bytes(format, width: width, height: height),
            format: format,
            size: PixelSize(width: width, height: height)
        )
    }

    /// What the bytes are, or nil when they are no image.
    package static func format(of bytes: [UInt8]) -> ImageFormat? { (try? ImageProbe.probe(bytes))?.format }

    /// The size that the bytes have, or nil when they are no image.
    package static func size(of bytes: [UInt8]) -> PixelSize? { (try? ImageProbe.probe(bytes))?.size }

    /// A PNG of one pixel whose head claims another size, with a checksum that fits.
    package static func lyingPNG(width: UInt32, height: UInt32) -> [UInt8] {
        var png = bytes(.png, width: 1, height: 1)
        func bigEndian(_ number: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }
        // Signature, length, "IHDR", then width and height; the checksum covers the chunk's type and data.
        png.replaceSubrange(16..<24, with: bigEndian(width) + bigEndian(height))
        png.replaceSubrange(29..<33, with: bigEndian(crc32(png[12..<29])))
        return png
    }

    private static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { value, byte in
            (0..<8).reduce(value ^ UInt32(byte)) { rest, _ in (rest >> 1) ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
