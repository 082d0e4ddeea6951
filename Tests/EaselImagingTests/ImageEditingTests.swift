import EaselCore
import EaselImaging
import Testing

struct ImageEditingTests {
    @Test(arguments: ImageFormat.allCases)
    func `transcoding to the same format changes no byte`(format: ImageFormat) throws {
        let file = try ImageCodec.encode(Pattern.gradient(width: 20, height: 10), as: format)
        #expect(try ImageEditing.transcode(file, to: format, quality: nil) == file)
    }

    @Test func `asking for a quality writes a lossy file again`() throws {
        let file = try ImageCodec.encode(Pattern.noise(width: 64, height: 64, seed: 3), as: .jpg)
        #expect(try ImageEditing.transcode(file, to: .jpg, quality: 30).count < file.count)
    }

    @Test(arguments: [
        (PixelSize(width: 1000, height: 700), PixelSize(width: 1024, height: 1024), PixelSize(width: 700, height: 700)),
        (PixelSize(width: 1000, height: 700), PixelSize(width: 1280, height: 800), PixelSize(width: 1000, height: 625)),
        (PixelSize(width: 700, height: 1000), PixelSize(width: 1280, height: 720), PixelSize(width: 688, height: 387)),
        (PixelSize(width: 1001, height: 999), PixelSize(width: 2048, height: 2048), PixelSize(width: 999, height: 999)),
        // 41:23 has no small multiple: the largest is kept.
        (PixelSize(width: 100, height: 50), PixelSize(width: 1312, height: 736), PixelSize(width: 82, height: 46)),
        // Smaller than one multiple: the nearest that pixels allow.
        (PixelSize(width: 30, height: 30), PixelSize(width: 1312, height: 736), PixelSize(width: 30, height: 17)),
        (PixelSize(width: 40, height: 1), PixelSize(width: 2, height: 3), PixelSize(width: 1, height: 1)),
    ])
    func `the crop has exactly the ratio asked`(source: PixelSize, ratio: PixelSize, wanted: PixelSize) {
        let size = ImageEditing.cropSize(of: source, ratio: ratio)
        #expect(size == wanted)
        #expect(size.width <= source.width && size.height <= source.height)
    }

    @Test func `the middle is kept`() throws {
        let source = Pattern.gradient(width: 60, height: 20)
        let file = try ImageCodec.encode(source, as: .png)
        let result = try #require(
            try ImageEditing.crop(file, toRatio: PixelSize(width: 1024, height: 1024), maxBytes: 1_000_000)
        )
        #expect(result.info == ImageInfo(format: .png, size: PixelSize(width: 20, height: 20), hasAlpha: false))
        let cropped = try ImageCodec.decode(result.bytes)
        #expect(cropped.pixel(0, 0) == source.pixel(20, 0))
        #expect(cropped.pixel(19, 19) == source.pixel(39, 19))
    }

    @Test(arguments: ImageFormat.allCases)
    func `a crop stays in its format`(format: ImageFormat) throws {
        let file = try ImageCodec.encode(Pattern.gradient(width: 64, height: 48), as: format)
        let result = try #require(
            try ImageEditing.crop(file, toRatio: PixelSize(width: 2, height: 1), maxBytes: 1_000_000)
        )
        #expect(result.info.format == format)
        #expect(result.info.size == PixelSize(width: 64, height: 32))
    }

    @Test func `nothing is done when the ratio is right`() throws {
        let file = try ImageCodec.encode(Pattern.gradient(width: 64, height: 48), as: .png)
        #expect(try ImageEditing.crop(file, toRatio: PixelSize(width: 1024, height: 768), maxBytes: 10) == nil)
    }

    @Test func `an image on its side is cropped as people see it`() throws {
        let jpeg = try ImageCodec.encode(Pattern.gradient(width: 64, height: 48), as: .jpg)
        let file = Fixture.jpeg(jpeg, orientation: 6, bigEndian: true)
        let result = try #require(
            try ImageEditing.crop(file, toRatio: PixelSize(width: 3, height: 4), maxBytes: 1_000_000)
        )
        #expect(result.info.size == PixelSize(width: 48, height: 64))
        #expect(result.info.orientation == 1)
    }

    @Test func `a PNG that is too long becomes a JPEG that fits`() throws {
        let file = try ImageCodec.encode(Pattern.noise(width: 200, height: 100, seed: 11), as: .png)
        let result = try #require(
            try ImageEditing.crop(file, toRatio: PixelSize(width: 1, height: 1), maxBytes: 12_000)
        )
        #expect(result.info.format == .jpg)
        #expect(result.bytes.count <= 12_000)
        #expect(throws: ImageError.encodingFailed("it does not fit into 200 bytes at any quality")) {
            try ImageEditing.crop(file, toRatio: PixelSize(width: 1, height: 1), maxBytes: 200)
        }
    }

    @Test(arguments: [(7, 5), (200, 120), (33, 400), (1, 1)])
    func `resizing keeps plain colours and the order of a gradient`(width: Int, height: Int) {
        let size = PixelSize(width: width, height: height)
        let plain = ImageEditing.resize(Pattern.plain(width: 64, height: 48, red: 9, green: 99, blue: 199), to: size)
        #expect(plain == Pattern.plain(width: width, height: height, red: 9, green: 99, blue: 199))
        let gradient = ImageEditing.resize(Pattern.gradient(width: 64, height: 48), to: size)
        #expect(gradient.size == size)
        for column in 1..<max(width, 2) where column < width {
            #expect(gradient.pixel(column, 0)[0] >= gradient.pixel(column - 1, 0)[0])
        }
    }

    @Test func `shrinking averages`() {
        let board = Pixels(
            width: 2,
            height: 2,
            hasAlpha: false,
            bytes: [0, 0, 0, 255, 200, 0, 0, 255, 200, 0, 0, 255, 0, 0, 0, 255]
        )
        #expect(ImageEditing.resize(board, to: PixelSize(width: 1, height: 1)).pixel(0, 0)[0] == 100)
    }
}
