import EaselCore
import EaselImaging
import Testing

struct ImageCodecTests {
    static let pairs = ImageFormat.allCases.flatMap { first in ImageFormat.allCases.map { (first, $0) } }

    @Test(arguments: pairs)
    func `pixels survive from format to format`(first: ImageFormat, second: ImageFormat) throws {
        let source = Pattern.gradient(width: 61, height: 43)
        let file = try ImageCodec.encode(source, as: first)
        let other = try ImageEditing.transcode(file, to: second, quality: 95)
        #expect(try ImageProbe.probe(other).format == second)
        let difference = try #require(try ImageCodec.decode(other).largestDifference(from: source))
        // Lossy formats move smooth colours by a few steps; PNG by none.
        #expect(difference <= (first == .png && second == .png ? 0 : 24))
    }

    @Test func `PNG keeps every pixel and its alpha`() throws {
        for alpha in [true, false] {
            let source = Pattern.gradient(width: 33, height: 17, alpha: alpha)
            #expect(try ImageCodec.decode(ImageCodec.encode(source, as: .png)) == source)
        }
    }

    @Test func `WebP keeps alpha`() throws {
        let source = Pattern.gradient(width: 64, height: 8, alpha: true)
        let decoded = try ImageCodec.decode(ImageCodec.encode(source, as: .webp))
        #expect(decoded.hasAlpha)
        for column in 0..<64 {
            #expect(abs(Int(decoded.pixel(column, 4)[3]) - Int(source.pixel(column, 4)[3])) <= 2)
        }
    }

    @Test func `JPEG lays transparent parts on white`() throws {
        let source = Pattern.plain(width: 16, height: 16, red: 255, green: 0, blue: 0, alpha: 51)
        let decoded = try ImageCodec.decode(ImageCodec.encode(source, as: .jpg))
        #expect(decoded.hasAlpha == false)
        // One fifth red on four fifths white.
        for (channel, wanted) in zip(decoded.pixel(8, 8), [255, 204, 204, 255]) {
            #expect(abs(Int(channel) - wanted) <= 4)
        }
    }

    @Test func `quality changes the length of lossy files`() throws {
        let source = Pattern.noise(width: 64, height: 64, seed: 7)
        for format in [ImageFormat.jpg, .webp] {
            let coarse = try ImageCodec.encode(source, as: format, quality: 10)
            let fine = try ImageCodec.encode(source, as: format, quality: 95)
            #expect(coarse.count * 2 < fine.count)
        }
    }

    @Test func `gray JPEG becomes gray RGBA`() throws {
        let pixels = try ImageCodec.decode(Fixture.grayJPEG)
        for (row, wanted) in [(2, 40), (13, 200)] {
            let pixel = pixels.pixel(8, row)
            #expect(abs(Int(pixel[0]) - wanted) <= 4)
            #expect(pixel[0] == pixel[1] && pixel[1] == pixel[2] && pixel[3] == 255)
        }
    }

    @Test func `CMYK JPEG is converted to its colour`() throws {
        let pixel = try ImageCodec.decode(Fixture.cmykJPEG).pixel(8, 8)
        for (channel, wanted) in zip(pixel, [255, 0, 0, 255]) { #expect(abs(Int(channel) - wanted) <= 6) }
    }

    @Test func `progressive JPEG is decoded`() throws {
        let pixels = try ImageCodec.decode(Fixture.progressiveJPEG)
        for (row, wanted) in [(2, [20, 200, 120]), (13, [20, 40, 120])] {
            for (channel, value) in zip(pixels.pixel(8, row), wanted) { #expect(abs(Int(channel) - value) <= 10) }
        }
    }

    @Test func `lossless WebP is exact`() throws {
        let pixels = try ImageCodec.decode(Fixture.losslessWebP)
        for index in 0..<16 {
            let wanted = [index * 16, 255 - index * 16, 77, index % 2 == 0 ? 128 : 255].map { UInt8($0) }
            #expect(pixels.pixel(index % 4, index / 4) == wanted)
        }
    }

    @Test func `palette, gray and 16-bit PNG become RGBA`() throws {
        let palette = HandmadePNG(
            width: 2,
            height: 1,
            colour: 3,
            chunks: [("PLTE", [10, 20, 30, 40, 50, 60]), ("tRNS", [99])],
            rows: [0, 1, 0]
        )
        let paletted = try ImageCodec.decode(palette.bytes())
        #expect(paletted.bytes == [40, 50, 60, 255, 10, 20, 30, 99])
        let gray = HandmadePNG(width: 8, height: 1, depth: 1, colour: 0, rows: [0, 0b1010_0000])
        #expect(try ImageCodec.decode(gray.bytes()).bytes.prefix(8) == [255, 255, 255, 255, 0, 0, 0, 255])
        let deep = HandmadePNG(width: 1, height: 1, depth: 16, colour: 2, rows: [0, 200, 1, 100, 2, 50, 3])
        #expect(try ImageCodec.decode(deep.bytes()).bytes == [200, 100, 50, 255])
        let grayAlpha = HandmadePNG(width: 1, height: 1, depth: 8, colour: 4, rows: [0, 90, 17])
        #expect(try ImageCodec.decode(grayAlpha.bytes()).bytes == [90, 90, 90, 17])
    }

    @Test func `one pixel is enough for every format`() throws {
        let source = Pattern.plain(width: 1, height: 1, red: 80, green: 90, blue: 100)
        for format in ImageFormat.allCases {
            let decoded = try ImageCodec.decode(ImageCodec.encode(source, as: format))
            #expect(try #require(decoded.largestDifference(from: source)) <= 6)
        }
    }

    @Test func `WebP refuses what does not fit its header`() throws {
        let source = Pattern.plain(width: 16_384, height: 1, red: 1, green: 2, blue: 3)
        #expect(throws: ImageError.encodingFailed("WebP ends at 16383 pixels a side")) {
            try ImageCodec.encode(source, as: .webp)
        }
    }
}
