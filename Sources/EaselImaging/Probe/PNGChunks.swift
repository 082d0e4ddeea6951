/// The chunks of a PNG, in their order.
struct PNGChunks {
    struct Chunk {
        let type: ArraySlice<UInt8>
        let body: Range<Int>
        /// Length, type, body and checksum.
        let whole: Range<Int>

        func isNamed(_ name: StaticString) -> Bool { type.elementsEqual(name.description.utf8) }
    }

    /// What an image is shown by: pixels, transparency and colours. Everything else is told about it (text, place, time,
    /// EXIF), moves it (APNG) or belongs to a program.
    private static let looks: [StaticString] = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "mDCV", "cLLI", "sBIT", "bKGD",
        "pHYs",
    ]

    /// More than an image of the largest size has in rows; a walk never goes further (S6).
    private static let maxChunks = 1 << 17

    let bytes: [UInt8]
    let chunks: [Chunk]
    /// The chunks end with IEND, and each lies inside the file.
    let hasEnd: Bool

    /// Walks from behind the signature to IEND, or to where the file ends.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let header = HeaderBytes(bytes: bytes)
        var chunks: [Chunk] = []
        var position = PNGHeader.signature.count
        var hasEnd = false
        while !hasEnd, chunks.count < Self.maxChunks, let length = header.bigEndian32(position) {
            let body = position + 8
            guard body + length + 4 <= bytes.count else { break }
            let chunk = Chunk(
                type: bytes[position + 4..<body],
                body: body..<body + length,
                whole: position..<body + length + 4
            )
            chunks.append(chunk)
            position = chunk.whole.upperBound
            hasEnd = chunk.isNamed("IEND")
        }
        self.chunks = chunks
        self.hasEnd = hasEnd
    }

    /// What is told about an image and can be told of other pixels of it.
    private static let told: [StaticString] = ["eXIf", "tEXt", "zTXt", "iTXt", "tIME"]

    /// `file`, another PNG of the same image in upright, with what this one tells; its EXIF and XMP say upright too.
    func carried(into file: [UInt8]) -> [UInt8] {
        var carried: [UInt8] = []
        for chunk in chunks where Self.told.contains(where: { chunk.isNamed($0) }) {
            var body = Array(bytes[chunk.body])
            if chunk.isNamed("eXIf") { ExifOrientation.makeUpright(&body, in: 0..<body.count) }
            if chunk.isNamed("iTXt") { XMPOrientation.makeUpright(&body) }
            let content = chunk.type + body
            carried += Self.bigEndian(UInt32(body.count)) + content + Self.bigEndian(Self.checksum(content))
        }
        // Behind IHDR, whose length is always the same.
        let head = PNGHeader.signature.count + 25
        return carried.isEmpty ? file : Array(file[..<head]) + carried + Array(file[head...])
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// CRC-32 of PNG, annex D.
    private static func checksum(_ content: ArraySlice<UInt8>) -> UInt32 {
        ~content.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { rest, _ in (rest >> 1) ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }

    /// The file without what it is not shown by, or nil when there is nothing else in it.
    func onlyLooks() -> [UInt8]? {
        // A chunk that begins with a capital is one that no reader may pass over.
        let kept = chunks.filter { chunk in
            Self.looks.contains { chunk.isNamed($0) } || chunk.type.first.map { $0 & 0x20 == 0 } == true
        }
        let last = chunks.last?.whole.upperBound ?? bytes.count
        guard kept.count < chunks.count || last < bytes.count else { return nil }
        var file = PNGHeader.signature
        file.reserveCapacity(bytes.count)
        for chunk in kept { file += bytes[chunk.whole] }
        return file
    }
}
