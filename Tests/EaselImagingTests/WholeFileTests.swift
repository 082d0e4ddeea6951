import EaselCore
import EaselImaging
import Testing

/// Whether a file is all there, which is asked before a provider is.
struct WholeFileTests {
    struct File: Sendable, CustomTestStringConvertible {
        let name: String
        let format: ImageFormat
        let bytes: [UInt8]
        var testDescription: String { name }
    }

    static let files: [File] = {
        let images: [(String, Pixels)] = [
            ("gradient", Pattern.gradient(width: 120, height: 80)),
            ("alpha", Pattern.gradient(width: 61, height: 43, alpha: true)),
            ("noise", Pattern.noise(width: 90, height: 70, seed: 7)),
            ("one pixel", Pattern.plain(width: 1, height: 1, red: 1, green: 2, blue: 3)),
        ]
        var files: [File] = []
        for (name, pixels) in images {
            for format in ImageFormat.allCases {
                guard let bytes = try? ImageCodec.encode(pixels, as: format) else { continue }
                files.append(File(name: "\(format) of \(name)", format: format, bytes: bytes))
            }
        }
        files.append(File(name: "gray JPEG", format: .jpg, bytes: Fixture.grayJPEG))
        files.append(File(name: "CMYK JPEG", format: .jpg, bytes: Fixture.cmykJPEG))
        files.append(File(name: "progressive JPEG", format: .jpg, bytes: Fixture.progressiveJPEG))
        files.append(File(name: "lossless WebP", format: .webp, bytes: Fixture.losslessWebP))
        let jpeg = Fixture.jpeg(Fixture.grayJPEG, orientation: 6, bigEndian: true)
        files.append(File(name: "JPEG with EXIF", format: .jpg, bytes: jpeg))
        let palette = HandmadePNG(
            width: 1,
            height: 1,
            colour: 3,
            chunks: [("PLTE", [1, 2, 3]), ("tEXt", Array("IEND\0IEND".utf8))],
            rows: [0, 0]
        )
        files.append(File(name: "PNG that speaks of its end", format: .png, bytes: palette.bytes()))
        return files
    }()

    @Test func `the encoders made every file`() {
        #expect(Self.files.count == 4 * 3 + 6)
    }

    @Test(arguments: files)
    func `a whole file passes, and one that was cut does not`(file: File) throws {
        try ImageProbe.checkWhole(file.bytes, format: file.format)
        let end = file.bytes.count
        let lengths = Set(stride(from: 0, to: end, by: 20)).union(max(0, end - 20)..<end)
        for length in lengths {
            // Without its end marker a JPEG is all there; it is the image that must not be cut.
            if file.format == .jpg, length >= end - 2 { continue }
            // RIFF pads a chunk of odd length with a byte that no decoder needs; the size names it all the same.
            #expect(throws: ImageError.self, "cut to \(length) of \(end) bytes") {
                try ImageProbe.checkWhole(Array(file.bytes.prefix(length)), format: file.format)
            }
        }
    }

    @Test(arguments: files)
    func `bytes behind the end do not matter`(file: File) throws {
        for tail in [
            [0], [0xFF], [0xFF, 0xD8, 0xFF], Array("trailing notes\r\n".utf8), [UInt8](repeating: 7, count: 5000),
        ]
            as [[UInt8]]
        {
            try ImageProbe.checkWhole(file.bytes + tail, format: file.format)
        }
    }

    @Test func `a JPEG's thumbnail does not end it`() throws {
        let thumbnail = try ImageCodec.encode(Pattern.gradient(width: 8, height: 8), as: .jpg)
        let image = try ImageCodec.encode(Pattern.gradient(width: 90, height: 70), as: .jpg)
        let body: [UInt8] = Array("Exif\0\0".utf8) + Fixture.exif(orientation: 1, bigEndian: true) + thumbnail
        let head: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)]
        let file = head + body + Array(image.dropFirst(2))
        try ImageProbe.checkWhole(file, format: .jpg)
        #expect(throws: ImageError.truncated) {
            try ImageProbe.checkWhole(Array(file.dropLast(40)), format: .jpg)
        }
    }

    @Test func `a JPEG that lacks nothing but its end marker is whole, padded or not`() throws {
        for jpeg in [Fixture.grayJPEG, Fixture.cmykJPEG, Fixture.progressiveJPEG] {
            let open = Array(jpeg.dropLast(2))
            for tail in [[], [UInt8](repeating: 0, count: 512), [0xFF], [0xFF, 0xFF, 0xFF], Array("notes".utf8)] {
                try ImageProbe.checkWhole(open + tail, format: .jpg)
                #expect(try ImageCodec.decode(open + tail) == ImageCodec.decode(jpeg))
                let prepared = try SourcePreparation().prepare(open + tail)
                #expect(prepared.bytes.suffix(2) == [0xFF, 0xD9])
                #expect(try ImageCodec.decode(prepared.bytes) == ImageCodec.decode(jpeg))
            }
        }
    }

    @Test func `padding does not make up for what is missing`() throws {
        let jpeg = try ImageCodec.encode(Pattern.gradient(width: 120, height: 80), as: .jpg)
        for length in stride(from: 200, to: jpeg.count - 30, by: 100) {
            #expect(throws: ImageError.truncated) {
                try ImageProbe.checkWhole(jpeg.prefix(length) + [UInt8](repeating: 0, count: 600), format: .jpg)
            }
            #expect(throws: ImageError.truncated) { try ImageCodec.prove(jpeg.prefix(length) + [0xFF, 0xD9]) }
        }
        // Scans that follow are missing, though the data that are there end as they should.
        let marker = try #require(Fixture.progressiveJPEG.lastIndex(of: 0xDA))
        #expect(throws: ImageError.truncated) {
            try ImageProbe.checkWhole(Array(Fixture.progressiveJPEG.prefix(marker - 1)), format: .jpg)
        }
    }

    @Test func `a PNG whose pixels spell its end is not taken for ended`() throws {
        var png = HandmadePNG(width: 4, height: 1, depth: 8, colour: 2, rows: [0] + Array("IENDIENDIEND".utf8))
        png.chunks = [("tEXt", [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82])]
        let file = png.bytes()
        try ImageProbe.checkWhole(file, format: .png)
        #expect(throws: ImageError.truncated) { try ImageProbe.checkWhole(Array(file.dropLast(12)), format: .png) }
    }

    @Test func `lengths beyond the file are an end too early, not a crash`() {
        let png = HandmadePNG(width: 1, height: 1, rows: [0, 1, 2, 3]).bytes()
        var endless = png
        endless.replaceSubrange(33..<37, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(throws: ImageError.truncated) { try ImageProbe.checkWhole(endless, format: .png) }
        for size in [[0xFF, 0xFF, 0xFF, 0xFF], [0, 0, 0, 0], [0, 0, 0, 0x80]] as [[UInt8]] {
            var webp = Fixture.losslessWebP
            webp.replaceSubrange(4..<8, with: size)
            #expect(throws: ImageError.truncated) { try ImageProbe.checkWhole(webp, format: .webp) }
        }
        let jpeg: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 0, 0, 0xFF, 0xD9]
        #expect(throws: ImageError.self) { try ImageProbe.checkWhole(jpeg, format: .jpg) }
    }

    @Test(arguments: files)
    func `damaged files never crash the walk`(file: File) {
        let seed: UInt64 = 0x0E5E_7001
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var damaged = file.bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            damaged.removeLast(Int.random(in: 0...damaged.count / 2, using: &random))
            for format in ImageFormat.allCases {
                // Either answer is right; a trap is not.
                do throws(ImageError) {
                    try ImageProbe.checkWhole(damaged, format: format)
                } catch {
                    #expect(!error.sentence.isEmpty, "seed \(seed)")
                }
            }
        }
    }
}
