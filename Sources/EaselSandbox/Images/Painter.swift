import EaselBase
import EaselCore
import EaselImaging

/// What an image is made of.
struct PaintOrder: Sendable {
    var source: SourceImage
    /// The size asked for; the image is smaller by the configuration's `pixelScale`.
    var size: PixelSize
    /// 0 keeps the source, 1 leaves nothing of it.
    var strength: Double
    var prompt: String
    var seed: Int
    var format: ImageFormat
    var quality = 95
}

/// Makes the images: the source, cropped and resized to the size asked for, blended towards a pattern of colours that
/// prompt and seed decide. Real files that are really altered, at a fraction of a model's effort.
final class Painter: Sendable {
    /// Seeds fall into this many groups that look alike, so that a load test can be served from the cache.
    private static let seedBuckets = 8

    private struct Key: Hashable {
        let source: Int
        let size: PixelSize
        let strength: Int
        let look: UInt64
        let format: ImageFormat?
        let quality: Int
    }

    private let scale: Int
    private let canvases = ByteBoundedStore<Key, Pixels>(limit: 128 << 20)
    private let files = ByteBoundedStore<Key, [UInt8]>(limit: 128 << 20)

    init(scale: Int) { self.scale = scale }

    /// The finished file. Runs on the shared pool, off every event loop.
    func paint(_ order: PaintOrder) async throws(ImageError) -> [UInt8] {
        let size = PixelSize(width: max(1, order.size.width / scale), height: max(1, order.size.height / scale))
        let percent = Int((order.strength * 100).rounded())
        let look = Self.look(prompt: order.prompt, seed: order.seed)
        let key = Key(
            source: order.source.key,
            size: size,
            strength: percent,
            look: percent == 0 ? 0 : look,
            format: order.format,
            quality: order.quality
        )
        if let file = files.value(for: key) { return file }
        let file = try await ThreadPoolExecutor.shared.run { () throws(ImageError) -> [UInt8] in
            let canvas = try self.canvas(order.source, size: size)
            let image = percent == 0 ? canvas : Self.blend(canvas, percent: percent, look: look)
            return try ImageCodec.encode(image, as: order.format, quality: order.quality)
        }
        files.insert(file, bytes: file.count, for: key)
        return file
    }

    /// The source at the size asked for: cut around its centre to the ratio, then resized.
    private func canvas(_ source: SourceImage, size: PixelSize) throws(ImageError) -> Pixels {
        let key = Key(source: source.key, size: size, strength: 0, look: 0, format: nil, quality: 0)
        if let canvas = canvases.value(for: key) { return canvas }
        let pixels = try ImageCodec.decode(source.bytes)
        let cropped = pixels.cropped(to: ImageEditing.cropSize(of: pixels.size, ratio: size))
        let canvas = ImageEditing.resize(cropped, to: size)
        canvases.insert(canvas, bytes: canvas.bytes.count, for: key)
        return canvas
    }

    /// Waves of one colour to another, added up from a row's and a column's part, so that a pixel costs one addition.
    private static func blend(_ canvas: Pixels, percent: Int, look: UInt64) -> Pixels {
        let share = min(percent, 100) * 256 / 100
        func wave(_ length: Int, channel: Int, turn: UInt64) -> [Int] {
            let phase = Int(look >> (UInt64(channel) * 8 + turn) & 0xFF)
            let pace = 1 + Int(look >> (UInt64(channel) * 4 + 32) & 3)
            return (0..<length).map { position in
                let angle = (position * pace * 512 / max(length, 1) + phase * 2) % 512
                return (angle < 256 ? angle : 511 - angle) / 2
            }
        }
        let columns = (0..<3).map { wave(canvas.width, channel: $0, turn: 0) }
        let rows = (0..<3).map { wave(canvas.height, channel: $0, turn: 24) }
        var bytes = canvas.bytes
        for channel in 0..<3 {
            let across = columns[channel]
            var index = channel
            for row in 0..<canvas.height {
                let down = rows[channel][row]
                for column in 0..<canvas.width {
                    let wanted = min(across[column] + down, 255)
                    let present = Int(bytes[index])
                    bytes[index] = UInt8(truncatingIfNeeded: present + (wanted - present) * share / 256)
                    index += 4
                }
            }
        }
        return Pixels(width: canvas.width, height: canvas.height, hasAlpha: canvas.hasAlpha, bytes: bytes)
    }

    /// FNV-1a over the prompt and the seed's group: the same in every run, unlike Swift's own hashes.
    private static func look(prompt: String, seed: Int) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in prompt.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        hash = (hash ^ UInt64(seed % seedBuckets)) &* 0x0000_0100_0000_01B3
        return hash ^ (hash >> 29)
    }
}
