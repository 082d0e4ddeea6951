import EaselCore
import EaselImaging
import Testing

/// Foreign bytes may be refused in any way, but never crash and never take more memory than the limits say.
struct HostileBytesTests {
    /// A file with a short name for the test report.
    struct File: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        var isJPEG = false
        var testDescription: String { name }
    }

    static let files: [File] = {
        let source = Pattern.gradient(width: 120, height: 80, alpha: true)
        var files = ImageFormat.allCases.compactMap { format in
            (try? ImageCodec.encode(source, as: format)).map {
                File(name: format.rawValue, bytes: $0, isJPEG: format == .jpg)
            }
        }
        files.append(File(name: "progressive JPEG", bytes: Fixture.progressiveJPEG, isJPEG: true))
        files.append(File(name: "CMYK JPEG", bytes: Fixture.cmykJPEG, isJPEG: true))
        files.append(File(name: "lossless WebP", bytes: Fixture.losslessWebP))
        return files
    }()

    @Test(arguments: files)
    func `a file cut anywhere is refused`(file: File) throws {
        _ = try ImageCodec.decode(file.bytes)
        // The last bytes are an end marker or padding, which a decoder may do without.
        let lengths =
            Array(stride(from: 1, to: file.bytes.count - 16, by: 50)) + Array(1..<min(64, file.bytes.count - 16))
        for length in lengths {
            let error = #expect(throws: ImageError.self, "cut to \(length) bytes") {
                try ImageCodec.decode(Array(file.bytes.prefix(length)))
            }
            if file.isJPEG { #expect(error == .truncated, "cut to \(length) bytes") }
        }
    }

    @Test(arguments: files)
    func `flipped bits never crash`(file: File) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            var damaged = file.bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[position] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
            }
            // Small limits, so that a size that grew is refused instead of filled.
            let limits = ImageLimits(maxSide: 256, maxPixels: 65_536)
            do throws(ImageError) {
                let pixels = try ImageCodec.decode(damaged, limits: limits)
                #expect(pixels.width * pixels.height <= limits.maxPixels, "seed \(seed)")
            } catch {
                #expect(!error.sentence.isEmpty, "seed \(seed)")
            }
        }
    }

    @Test func `random bytes never crash`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let heads: [[UInt8]] = [
            [], [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52], [0xFF, 0xD8, 0xFF],
            [0xFF, 0xD8, 0xFF, 0xE1, 0, 60, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4D, 0x4D, 0, 42, 0, 0, 0, 8],
            Array("RIFFP\0\0\0WEBPVP8 ".utf8), Array("RIFFP\0\0\0WEBPVP8L".utf8),
            Array("RIFFP\0\0\0WEBPVP8X\n\0\0\0\u{18}".utf8),
        ]
        for round in 0..<2000 {
            let length = Int.random(in: 0...300, using: &generator)
            var bytes = heads[round % heads.count]
            for _ in 0..<length { bytes.append(UInt8(truncatingIfNeeded: generator.next())) }
            #expect(throws: ImageError.self, "round \(round), seed \(seed)") {
                try ImageCodec.decode(bytes, limits: ImageLimits(maxSide: 512, maxPixels: 65_536))
            }
        }
    }
}
