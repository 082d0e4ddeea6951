import EaselCore
import EaselImaging
import Foundation
import Testing

struct ImageProbeTests {
    @Test(arguments: ImageFormat.allCases)
    func `files of the encoder are recognised by their bytes`(format: ImageFormat) throws {
        let file = try ImageCodec.encode(Pattern.gradient(width: 61, height: 43), as: format)
        let info = try ImageProbe.probe(file)
        #expect(info == ImageInfo(format: format, size: PixelSize(width: 61, height: 43), hasAlpha: false))
    }

    @Test(arguments: ImageFormat.allCases)
    func `alpha is seen where the format has it`(format: ImageFormat) throws {
        let file = try ImageCodec.encode(Pattern.gradient(width: 40, height: 30, alpha: true), as: format)
        #expect(try ImageProbe.probe(file).hasAlpha == (format != .jpg))
    }

    @Test func `lossless WebP is measured`() throws {
        let info = try ImageProbe.probe(Fixture.losslessWebP)
        #expect(info == ImageInfo(format: .webp, size: PixelSize(width: 4, height: 4), hasAlpha: true))
    }

    @Test func `a palette with tRNS has alpha`() throws {
        var png = HandmadePNG(width: 1, height: 1, colour: 3, chunks: [("PLTE", [1, 2, 3])], rows: [0, 0])
        #expect(try ImageProbe.probe(png.bytes()).hasAlpha == false)
        png.chunks.append(("tRNS", [7]))
        #expect(try ImageProbe.probe(png.bytes()).hasAlpha)
    }

    @Test func `a thumbnail inside EXIF is not taken for the image`() throws {
        let thumbnail = try ImageCodec.encode(Pattern.gradient(width: 8, height: 8), as: .jpg)
        let image = try ImageCodec.encode(Pattern.gradient(width: 90, height: 70), as: .jpg)
        let body: [UInt8] = Array("Exif\0\0".utf8) + Fixture.exif(orientation: 1, bigEndian: true) + thumbnail
        let length = body.count + 2
        let head: [UInt8] = [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)]
        let file: [UInt8] = head + body + Array(image.dropFirst(2))
        #expect(try ImageProbe.probe(file).size == PixelSize(width: 90, height: 70))
    }

    @Test func `a one-pixel PNG that claims 60000x60000 is refused without decoding`() throws {
        let file = HandmadePNG(width: 60_000, height: 60_000, rows: [0, 1, 2, 3]).bytes()
        #expect(throws: ImageError.dimensionsTooLarge(width: 60_000, height: 60_000)) { try ImageProbe.probe(file) }
        #expect(throws: ImageError.dimensionsTooLarge(width: 60_000, height: 60_000)) { try ImageCodec.decode(file) }
        #expect(throws: ImageError.dimensionsTooLarge(width: 60_000, height: 60_000)) {
            try ImageEditing.transcode(file, to: .png, quality: nil)
        }
    }

    @Test func `the limits bound each side and the area`() throws {
        let file = HandmadePNG(width: 200, height: 100, rows: []).bytes()
        #expect(throws: ImageError.dimensionsTooLarge(width: 200, height: 100)) {
            try ImageProbe.probe(file, limits: ImageLimits(maxSide: 199))
        }
        #expect(throws: ImageError.dimensionsTooLarge(width: 200, height: 100)) {
            try ImageProbe.probe(file, limits: ImageLimits(maxPixels: 19_999))
        }
        #expect(try ImageProbe.probe(file, limits: ImageLimits(maxSide: 200, maxPixels: 20_000)).size.width == 200)
    }

    @Test func `an image without area is corrupt`() {
        let file = HandmadePNG(width: 0, height: 5).bytes()
        #expect(throws: ImageError.corrupt("its width or height is zero")) { try ImageProbe.probe(file) }
    }

    static let noImages: [(String, [UInt8])] = [
        ("text", Array("This is no image.png".utf8)), ("nothing", []), ("zeroes", [UInt8](repeating: 0, count: 64)),
        ("a WAV file", Array("RIFF....WAVEfmt ".utf8)),
    ]

    @Test(arguments: noImages)
    func `what is no image is said to be none`(name: String, bytes: [UInt8]) {
        #expect(throws: ImageError.notAnImage, "\(name)") { try ImageProbe.probe(bytes) }
    }

    static let foreign: [(String, [UInt8])] = [
        ("GIF", Array("GIF89a..".utf8)), ("BMP", Array("BM......".utf8)),
        ("TIFF", [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0]), ("TIFF", [0x4D, 0x4D, 0, 0x2A, 0, 0, 0, 8]),
        ("AVIF", Array("\0\0\0 ftypavif".utf8)), ("HEIC", Array("\0\0\0 ftypheic".utf8)),
        ("SVG", Array("<?xml version=\"1.0\"?>\n<svg width=\"1\"/>".utf8)), ("SVG", Array("  <svg/>".utf8)),
        ("PDF", Array("%PDF-1.7".utf8)), ("animated WebP", Fixture.animatedWebP),
    ]

    @Test(arguments: foreign)
    func `foreign formats are named`(name: String, bytes: [UInt8]) {
        #expect(throws: ImageError.unsupportedFormat(name)) { try ImageProbe.probe(bytes) }
    }

    @Test func `a cut signature is truncated, not foreign`() {
        #expect(throws: ImageError.truncated) { try ImageProbe.probe([0x89, 0x50, 0x4E]) }
        #expect(throws: ImageError.truncated) { try ImageProbe.probe([0xFF, 0xD8]) }
        #expect(throws: ImageError.truncated) { try ImageProbe.probe(Array("RIFF\u{1}\u{2}".utf8)) }
    }

    @Test func `sentences carry no bytes and name the accepted formats`() {
        #expect(ImageError.unsupportedFormat("GIF").sentence == "The image is GIF; PNG, JPEG and WebP are accepted.")
        #expect("\(ImageError.truncated)".contains("cut short"))
    }
}
