import EaselCore
import EaselImaging
import Testing

/// What every image of a caller goes through once: upright, and without what it tells beside its look.
struct PreparationTests {
    private let strip = SourcePreparation()
    private let keep = SourcePreparation(keepsMetadata: true)

    /// Words that must not be found in what is sent.
    private static let secret = Array("52.5200N 13.4050E".utf8)
    private static let profile = HandmadeProfile.rgb(HandmadeProfile.displayP3, gamma: 2.2)
    private static let size = PixelSize(width: 48, height: 32)

    private static func exif(_ orientation: Int, bigEndian: Bool = true) -> [UInt8] {
        Fixture.exif(orientation: orientation, bigEndian: bigEndian) + secret
    }

    /// `OrientationTests.source` with EXIF, XMP, comments and the rest that cameras and programs leave, and a profile.
    private static func file(_ format: ImageFormat, orientation: Int, bigEndian: Bool = true) throws -> [UInt8] {
        let plain = try ImageCodec.encode(OrientationTests.source, as: format, quality: 98)
        let xmp = Array("<x:xmpmeta><rdf:Description tiff:Orientation=\"\(orientation)\"/>".utf8) + secret
        let exif = exif(orientation, bigEndian: bigEndian)
        switch format {
        case .jpg:
            let icc = Array("ICC_PROFILE\0".utf8) + [1, 1] + profile
            let segments: [(UInt8, [UInt8])] = [
                (0xE1, Array("Exif\0\0".utf8) + exif), (0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + xmp),
                (0xE2, Array("MPF\0".utf8) + secret), (0xE2, icc), (0xED, Array("Photoshop 3.0\0".utf8) + secret),
                (0xFE, secret), (0xE0, Array("JFXX\0".utf8) + secret), (0xE5, secret),
            ]
            // A second image stands behind the end, as in an MPO.
            return Embedding.inJPEG(plain, segments.flatMap { Embedding.segment($0, $1) }) + plain + secret
        case .png:
            let chunks: [(String, [UInt8])] = [
                ("iCCP", Embedding.iccp(profile)), ("eXIf", exif), ("tEXt", Array("Comment\0".utf8) + secret),
                ("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0".utf8) + xmp), ("tIME", [7, 234, 11, 30, 2, 0, 0]),
                ("prVt", secret),
            ]
            return Embedding.inPNG(plain, chunks) + secret
        case .webp:
            return Embedding.inWebP(
                plain,
                size: size,
                flags: 0x2C,
                before: [("ICCP", profile)],
                behind: [("EXIF", exif), ("XMP ", xmp), ("prVt", secret)]
            ) + secret
        }
    }

    private func holds(_ bytes: [UInt8], _ text: [UInt8]) -> Bool { bytes.firstRange(of: text) != nil }

    @Test(arguments: ImageFormat.allCases)
    func `an upright image loses what it tells and nothing of its look`(format: ImageFormat) throws {
        let file = try Self.file(format, orientation: 1)
        let prepared = try strip.prepare(file)
        #expect(holds(file, Self.secret) && !holds(prepared.bytes, Self.secret))
        #expect(!holds(prepared.bytes, Array("xmp".utf8)) && !holds(prepared.bytes, Array("Exif".utf8)))
        #expect(try ImageCodec.decode(prepared.bytes) == ImageCodec.decode(file), "with the colours of the profile")
        #expect(prepared.info.format == format && prepared.info.size == Self.size)
        // Nothing is left to take out, and then it is the very same file.
        #expect(try strip.prepare(prepared.bytes).bytes == prepared.bytes)
        #expect(try ImageCodec.prove(prepared.bytes).size == Self.size)
        #expect(try keep.prepare(file).bytes == file)
        #expect(try strip.prepareQuickly(file)?.bytes == prepared.bytes, "it needs no other thread")
    }

    @Test(arguments: ImageFormat.allCases, OrientationTests.expected)
    func `each orientation is turned upright, and tells nothing`(format: ImageFormat, wanted: (Int, String)) throws {
        for bigEndian in [true, false] {
            let file = try Self.file(format, orientation: wanted.0, bigEndian: bigEndian)
            let shown = try ImageProbe.probe(file).displaySize
            for prepared in [try strip.prepare(file), try keep.prepare(file)] {
                let again = try ImageProbe.probe(prepared.bytes)
                #expect(again.orientation == 1 && again == prepared.info)
                #expect(again.size == shown && again.format == format)
                #expect(OrientationTests().corners(try ImageCodec.decode(prepared.bytes)) == wanted.1)
                let difference = try ImageCodec.decode(file).largestDifference(
                    from: try ImageCodec.decode(prepared.bytes)
                )
                // Sharp edges of colour do not survive a second lossy WebP.
                #expect(try #require(difference) <= (format == .webp ? 255 : format == .jpg ? 3 : 0))
            }
            #expect(!holds(try strip.prepare(file).bytes, Self.secret))
            if wanted.0 > 1 { #expect(try strip.prepareQuickly(file) == nil, "turning takes time") }
        }
    }

    @Test(arguments: 2...8)
    func `the blocks of a photo are moved, not written anew`(orientation: Int) throws {
        let jpeg = try ImageCodec.encode(Pattern.noise(width: 64, height: 32, seed: 11), as: .jpg, quality: 80)
        let prepared = try strip.prepare(Fixture.jpeg(jpeg, orientation: orientation, bigEndian: true))
        // Turned back by the opposite of what was done, the coefficients are the same, and so is every pixel.
        let back = [6: 8, 8: 6][orientation] ?? orientation
        let again = try strip.prepare(Fixture.jpeg(prepared.bytes, orientation: back, bigEndian: false))
        #expect(try ImageCodec.decode(again.bytes) == ImageCodec.decode(jpeg))
    }

    @Test(arguments: [(50, 33), (1, 1), (7, 16), (16, 7), (17, 240)])
    func `a photo of any size is turned whole`(width: Int, height: Int) throws {
        let pixels = Pattern.gradient(width: width, height: height)
        for quality in [50, 85, 95] {
            let jpeg = try ImageCodec.encode(pixels, as: .jpg, quality: quality)
            for orientation in 2...8 {
                let file = Fixture.jpeg(jpeg, orientation: orientation, bigEndian: true)
                let prepared = try strip.prepare(file)
                #expect(prepared.info.size == (try ImageProbe.probe(file)).displaySize)
                let wanted = try ImageCodec.decode(file)
                let difference = try #require(wanted.largestDifference(from: try ImageCodec.decode(prepared.bytes)))
                #expect(difference <= 24, "\(width)x\(height) at \(quality), orientation \(orientation)")
            }
        }
    }

    @Test func `gray, inks and progressive photos are turned too`() throws {
        for jpeg in [Fixture.grayJPEG, Fixture.cmykJPEG, Fixture.progressiveJPEG] {
            for orientation in 2...8 {
                let file = Fixture.jpeg(jpeg, orientation: orientation, bigEndian: true)
                let prepared = try strip.prepare(file)
                let difference = try ImageCodec.decode(file).largestDifference(
                    from: try ImageCodec.decode(prepared.bytes)
                )
                #expect(try #require(difference) <= 3)
            }
        }
    }

    @Test func `lossless images stay lossless when they are turned`() throws {
        let size = PixelSize(width: 4, height: 4)
        for orientation in 2...8 {
            let exif = Fixture.exif(orientation: orientation, bigEndian: true)
            let webp = Embedding.inWebP(Fixture.losslessWebP, size: size, flags: 0x08, behind: [("EXIF", exif)])
            #expect(try ImageProbe.probe(webp).orientation == orientation)
            #expect(try ImageCodec.decode(try strip.prepare(webp).bytes) == ImageCodec.decode(webp))
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `what is kept is kept by images that are written anew, too`(format: ImageFormat) throws {
        // 50x33 is no multiple of any block.
        let size = PixelSize(width: 50, height: 33)
        let plain = try ImageCodec.encode(Pattern.gradient(width: 50, height: 33), as: format)
        let exif = Self.exif(6)
        let file =
            switch format {
            case .jpg: Embedding.inJPEG(plain, Embedding.segment(0xE1, Array("Exif\0\0".utf8) + exif))
            case .png: Embedding.inPNG(plain, [("eXIf", exif), ("tEXt", Array("Comment\0words".utf8))])
            case .webp: Embedding.inWebP(plain, size: size, flags: 0x08, behind: [("EXIF", exif)])
            }
        let kept = try keep.prepare(file).bytes
        #expect(holds(kept, Self.secret), "\(format)")
        #expect(try ImageProbe.probe(kept).orientation == 1)
        #expect(try ImageCodec.prove(kept).size == PixelSize(width: 33, height: 50))
        #expect(try ImageCodec.decode(kept) == ImageCodec.decode(try strip.prepare(file).bytes))
    }

    @Test func `EXIF that is kept says that the image is upright`() throws {
        let file = try Self.file(.jpg, orientation: 6)
        let kept = try keep.prepare(file).bytes
        #expect(holds(kept, Self.secret))
        #expect(holds(kept, Array("tiff:Orientation=\"1\"".utf8)) && !holds(kept, Array("tiff:Orientation=\"6\"".utf8)))
        #expect(!holds(kept, Array("MPF".utf8)), "an index of images that are not there any more")
        #expect(try ImageProbe.probe(kept).orientation == 1)
        // The profile is there once.
        #expect(try ImageCodec.decode(kept) == ImageCodec.decode(try strip.prepare(file).bytes))
    }

    @Test func `an orientation is read in every kind of number and from the first block alone`() throws {
        let jpeg = try ImageCodec.encode(OrientationTests.source, as: .jpg)
        func file(_ entry: [UInt8], _ big: Bool = true) -> [UInt8] {
            let head: [UInt8] = big ? [77, 77, 0, 42, 0, 0, 0, 8, 0, 1] : [73, 73, 42, 0, 8, 0, 0, 0, 1, 0]
            return Embedding.inJPEG(
                jpeg,
                Embedding.segment(0xE1, Array("Exif\0\0".utf8) + head + entry + [0, 0, 0, 0])
            )
        }
        #expect(try ImageProbe.probe(file([1, 0x12, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6])).orientation == 6)
        #expect(try ImageProbe.probe(file([0x12, 1, 4, 0, 1, 0, 0, 0, 8, 0, 0, 0], false)).orientation == 8)
        #expect(try ImageProbe.probe(file([1, 0x12, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0])).orientation == 3)
        #expect(try ImageProbe.probe(file([1, 0x12, 0, 2, 0, 0, 0, 1, 6, 0, 0, 0])).orientation == 1)
        let second = Fixture.jpeg(Fixture.jpeg(jpeg, orientation: 3, bigEndian: true), orientation: 6, bigEndian: true)
        #expect(try ImageProbe.probe(second).orientation == 6)
    }

    @Test func `an eXIf chunk counts behind the pixels too`() throws {
        var png = try ImageCodec.encode(OrientationTests.source, as: .png)
        png.replaceSubrange(png.count - 12..<png.count - 12, with: HandmadePNG.chunk("eXIf", Self.exif(8)))
        #expect(try ImageProbe.probe(png).orientation == 8)
        let prepared = try strip.prepare(png)
        #expect(OrientationTests().corners(try ImageCodec.decode(prepared.bytes)) == "GWBR")
    }

    @Test func `an image that was cut is refused before anything is done with it`() throws {
        for format in ImageFormat.allCases {
            let file = try ImageCodec.encode(Pattern.noise(width: 64, height: 48, seed: 1), as: format)
            #expect(throws: ImageError.truncated) { try strip.prepare(Array(file.prefix(file.count * 9 / 10))) }
        }
    }

    @Test func `changed bytes never crash`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        let files = try ImageFormat.allCases.flatMap {
            [try Self.file($0, orientation: 6), try Self.file($0, orientation: 1)]
        }
        let small = SourcePreparation(limits: ImageLimits(maxSide: 256, maxPixels: 65_536))
        for round in 0..<600 {
            var file = files[round % files.count]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                file[Int.random(in: 0..<file.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do throws(ImageError) {
                _ = try small.prepare(file)
            } catch {
                #expect(!error.sentence.isEmpty, "seed \(seed), round \(round)")
            }
        }
    }
}
