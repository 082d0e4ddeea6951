import EaselCore
import EaselImaging
import Testing

/// JPEGs that other programs read: bytes between segments that belong to nothing.
struct StrayBytesTests {
    /// Where segments of the head begin, by their lengths.
    private func segmentStarts(_ jpeg: [UInt8]) -> [Int] {
        var starts: [Int] = []
        var position = 2
        while position + 4 <= jpeg.count, jpeg[position] == 0xFF {
            starts.append(position)
            if jpeg[position + 1] == 0xDA { break }
            position += 2 + Int(jpeg[position + 2]) << 8 + Int(jpeg[position + 3])
        }
        return starts
    }

    static let strays: [[UInt8]] = [
        [0], [UInt8](repeating: 0, count: 18), [0xFF], [0xFF, 0xFF, 0xFF], [1, 2, 3, 0xFF, 0, 4], Array("camera".utf8),
        [0xFF, 0x01],
        [0xFF, 0xD0],
    ]

    @Test(arguments: strays)
    func `bytes between segments do not matter`(_ stray: [UInt8]) throws {
        for jpeg in [
            Fixture.grayJPEG, Fixture.cmykJPEG, Fixture.progressiveJPEG,
            try ImageCodec.encode(OrientationTests.source, as: .jpg),
        ] {
            let plain = try ImageCodec.decode(jpeg)
            for place in segmentStarts(jpeg) {
                let file = Array(jpeg[..<place]) + stray + Array(jpeg[place...])
                #expect(try ImageProbe.probe(file) == ImageProbe.probe(jpeg))
                try ImageProbe.checkWhole(file, format: .jpg)
                #expect(try ImageCodec.decode(file) == plain, "\(stray) at \(place)")
                #expect(try ImageCodec.prove(file) == ImageProbe.probe(jpeg))
                // What is sent on has none of it.
                let prepared = try SourcePreparation().prepare(file)
                #expect(prepared.bytes == (try SourcePreparation().prepare(jpeg)).bytes)
            }
        }
    }

    @Test func `an orientation behind strays counts`() throws {
        let jpeg = Fixture.jpeg(
            try ImageCodec.encode(OrientationTests.source, as: .jpg),
            orientation: 6,
            bigEndian: true
        )
        let file = Array(jpeg[..<2]) + [0, 0, 0] + Array(jpeg[2...])
        #expect(try ImageProbe.probe(file).orientation == 6)
        #expect(try SourcePreparation().prepare(file).info.size == PixelSize(width: 32, height: 48))
    }

    @Test func `what libjpeg refuses is refused`() throws {
        let jpeg = try ImageCodec.encode(OrientationTests.source, as: .jpg)
        for stray in [[0xFF, 0xD8], [0xFF, 0x10, 0, 2], [0xFF, 0xF3, 0, 2]] as [[UInt8]] {
            let file = Array(jpeg[..<2]) + stray + Array(jpeg[2...])
            #expect(throws: ImageError.self) { try ImageProbe.probe(file) }
        }
        // A fake end before the first scan is an end.
        #expect(throws: ImageError.self) { try ImageProbe.probe(Array(jpeg[..<20]) + [0xFF, 0xD9]) }
    }
}
