import EaselCore
import EaselImaging
import Testing

struct OrientationTests {
    /// Four blocks of 16x16 in a 48x32 image, so that JPEG keeps them apart: red top left, green top right,
    /// blue bottom left, white bottom right, black between.
    static let source: Pixels = {
        var bytes: [UInt8] = []
        for row in 0..<32 {
            for column in 0..<48 {
                switch (column / 16, row / 16) {
                case (0, 0): bytes += [255, 0, 0, 255]
                case (2, 0): bytes += [0, 255, 0, 255]
                case (0, 1): bytes += [0, 0, 255, 255]
                case (2, 1): bytes += [255, 255, 255, 255]
                default: bytes += [0, 0, 0, 255]
                }
            }
        }
        return Pixels(width: 48, height: 32, hasAlpha: false, bytes: bytes)
    }()

    /// The corners after turning, clockwise from the top left, by the EXIF definition of each value.
    static let expected: [(Int, String)] = [
        (1, "RGWB"), (2, "GRBW"), (3, "WBRG"), (4, "BWGR"), (5, "RBWG"), (6, "BRGW"), (7, "WGRB"), (8, "GWBR"),
    ]

    func corners(_ pixels: Pixels) -> String {
        let (right, bottom) = (pixels.width - 5, pixels.height - 5)
        return [(5, 5), (right, 5), (right, bottom), (5, bottom)].map { column, row in
            let pixel = pixels.pixel(column, row).map { $0 > 128 }
            return switch (pixel[0], pixel[1], pixel[2]) {
            case (true, false, false): "R"
            case (false, true, false): "G"
            case (false, false, true): "B"
            case (true, true, true): "W"
            default: "-"
            }
        }.joined()
    }

    @Test(arguments: expected)
    func `decoding turns the image upright`(orientation: Int, wanted: String) throws {
        let jpeg = try ImageCodec.encode(Self.source, as: .jpg)
        for bigEndian in [true, false] {
            let file = Fixture.jpeg(jpeg, orientation: orientation, bigEndian: bigEndian)
            let info = try ImageProbe.probe(file)
            #expect(info.orientation == orientation)
            #expect(info.size == PixelSize(width: 48, height: 32))
            let upright = try ImageCodec.decode(file)
            #expect(upright.size == info.displaySize)
            #expect(corners(upright) == wanted)
        }
    }

    @Test func `a PNG may carry an orientation too`() throws {
        let chunk = ("eXIf", Fixture.exif(orientation: 6, bigEndian: true))
        let png = HandmadePNG(width: 2, height: 1, colour: 0, chunks: [chunk], rows: [0, 10, 20])
        #expect(try ImageProbe.probe(png.bytes()).orientation == 6)
        let upright = try ImageCodec.decode(png.bytes())
        #expect(upright.size == PixelSize(width: 1, height: 2))
        #expect(upright.pixel(0, 0)[0] == 10 && upright.pixel(0, 1)[0] == 20)
    }

    @Test func `transcoding writes an upright file even in the same format`() throws {
        let file = Fixture.jpeg(try ImageCodec.encode(Self.source, as: .jpg), orientation: 6, bigEndian: false)
        let result = try ImageEditing.transcode(file, to: .jpg, quality: nil)
        #expect(try ImageProbe.probe(result).orientation == 1)
        #expect(try ImageProbe.probe(result).size == PixelSize(width: 32, height: 48))
        #expect(corners(try ImageCodec.decode(result)) == "BRGW")
    }

    @Test(arguments: [0, 9, 200])
    func `an impossible orientation counts as upright`(value: Int) throws {
        let file = Fixture.jpeg(try ImageCodec.encode(Self.source, as: .jpg), orientation: value, bigEndian: true)
        #expect(try ImageProbe.probe(file).orientation == 1)
    }
}
