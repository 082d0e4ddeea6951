import EaselCore
import EaselImaging
import Testing

/// Images that are passed on as they are: all of them is there, and all of it can be read.
struct ProofTests {
    @Test(arguments: WholeFileTests.files)
    func `a whole file is proven, and says what it is`(file: WholeFileTests.File) throws {
        #expect(try ImageCodec.prove(file.bytes) == ImageProbe.probe(file.bytes))
    }

    @Test(arguments: WholeFileTests.files)
    func `a file that was cut is not, wherever it was cut`(file: WholeFileTests.File) {
        let end = file.bytes.count
        for length in Set(stride(from: 0, to: end - 20, by: 37)).union(max(0, end - 60)..<end - 16) {
            #expect(throws: ImageError.self, "cut to \(length) of \(end)") {
                try ImageCodec.prove(Array(file.bytes.prefix(length)))
            }
        }
    }

    @Test func `a PNG's pixels, checksums and end are looked at`() throws {
        let png = try ImageCodec.encode(Pattern.noise(width: 64, height: 64, seed: 3), as: .png)
        // The middle lies in IDAT.
        var changed = png
        changed[png.count / 2] ^= 0x10
        #expect(throws: ImageError.self) { try ImageCodec.prove(changed) }
        #expect(throws: ImageError.truncated) { try ImageCodec.prove(Array(png.dropLast(12))) }
        let short = HandmadePNG(width: 4, height: 4, rows: [UInt8](repeating: 0, count: 13 * 3)).bytes()
        #expect(throws: ImageError.truncated) { try ImageCodec.prove(short) }
    }

    @Test(arguments: [(0, 1), (0, 16), (2, 8), (2, 16), (3, 4), (4, 8), (4, 16), (6, 8), (6, 16)])
    func `every kind of PNG is proven`(colour: Int, depth: Int) throws {
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][colour] ?? 1
        let row = [UInt8](repeating: 0, count: 1 + (9 * channels * depth + 7) / 8)
        var png = HandmadePNG(width: 9, height: 5, depth: depth, colour: colour)
        if colour == 3 { png.chunks = [("PLTE", [1, 2, 3])] }
        png.rows = Array(repeatElement(row, count: 5).joined())
        #expect(try ImageCodec.prove(png.bytes()).size == PixelSize(width: 9, height: 5))
        png.rows.removeLast(row.count)
        #expect(throws: ImageError.truncated) { try ImageCodec.prove(png.bytes()) }
    }

    @Test func `a JPEG whose data cannot be read is refused where it would be passed on`() throws {
        let jpeg = try ImageCodec.encode(Pattern.noise(width: 64, height: 64, seed: 9), as: .jpg)
        var changed = jpeg
        // A code of ones alone is in no table. libjpeg-turbo looks for it only near the end, where it reads carefully.
        for index in 0..<30 {
            changed.replaceSubrange(jpeg.count - 100 + 2 * index..<jpeg.count - 100 + 2 * index + 2, with: [0xFF, 0])
        }
        #expect(throws: ImageError.self) { try ImageCodec.prove(changed) }
    }

    @Test func `a WebP that ends before its own size is refused`() throws {
        var webp = try ImageCodec.encode(Pattern.noise(width: 64, height: 64, seed: 5), as: .webp)
        let cut = webp.count / 2
        webp = Array(webp.prefix(cut))
        #expect(throws: ImageError.truncated) { try ImageCodec.prove(webp) }
        // Also where the head was mended to fit.
        for (index, place) in (4..<8).enumerated() { webp[place] = UInt8(truncatingIfNeeded: (cut - 8) >> (8 * index)) }
        #expect(throws: ImageError.self) { try ImageCodec.prove(webp) }
    }
}
