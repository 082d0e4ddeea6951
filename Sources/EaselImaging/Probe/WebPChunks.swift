import EaselCore

/// The chunks of a WebP file, in their order (WebP container specification, "RIFF file format").
struct WebPChunks {
    struct Chunk {
        let type: ArraySlice<UInt8>
        let body: Range<Int>

        func isNamed(_ name: StaticString) -> Bool { type.elementsEqual(name.description.utf8) }
    }

    /// What a still image is shown by.
    private static let looks: [StaticString] = ["VP8X", "VP8 ", "VP8L", "ALPH", "ICCP"]
    /// EXIF and XMP in the flags of `VP8X`.
    private static let metadataFlags: UInt8 = 0x08 | 0x04
    /// Real files have a handful of chunks; a walk never goes further.
    private static let maxChunks = 64

    let bytes: [UInt8]
    let chunks: [Chunk]
    /// The file is as long as its head says, each chunk lies inside it, and there is an image among them.
    let isWhole: Bool
    /// Bytes stand behind the size that the head names.
    private let hasTail: Bool

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let header = HeaderBytes(bytes: bytes)
        let claimed = header.littleEndian32(4) ?? 0
        // The head's size counts from behind itself, and a chunk of odd length is padded.
        let end = min(bytes.count, 8 + claimed + claimed % 2)
        var chunks: [Chunk] = []
        var position = 12
        while chunks.count < Self.maxChunks, position + 8 <= end, let length = header.littleEndian32(position + 4) {
            let body = position + 8
            guard body + length <= end else { break }
            chunks.append(Chunk(type: bytes[position..<position + 4], body: body..<body + length))
            position = body + length + length % 2
        }
        self.chunks = chunks
        let hasImage = chunks.contains { $0.isNamed("VP8 ") || $0.isNamed("VP8L") }
        isWhole = claimed >= 4 && bytes.count >= 8 + claimed && hasImage
        hasTail = end < bytes.count
    }

    /// The body of the first chunk of a name.
    func first(_ name: StaticString) -> Range<Int>? { chunks.first { $0.isNamed(name) }?.body }

    /// The pixels are kept without loss.
    var isLossless: Bool { first("VP8L") != nil }

    /// The file without what it is not shown by, or nil when there is nothing else in it.
    func onlyLooks() -> [UInt8]? {
        let kept = chunks.filter { chunk in Self.looks.contains { chunk.isNamed($0) } }
        guard kept.count < chunks.count || hasTail else { return nil }
        return Self.file(
            kept.map { chunk in
                var body = Array(bytes[chunk.body])
                if chunk.isNamed("VP8X"), !body.isEmpty { body[0] &= ~Self.metadataFlags }
                return (chunk.type, body)
            }
        )
    }

    /// This file with what another one of the same image, which is `size` large in upright, tells; its EXIF and XMP say
    /// upright too.
    func carrying(_ other: WebPChunks, size: PixelSize) -> [UInt8] {
        var told: [(ArraySlice<UInt8>, [UInt8])] = []
        var flags: UInt8 = 0
        for (name, flag) in [("EXIF", 0x08), ("XMP ", 0x04)] as [(StaticString, UInt8)] {
            guard let chunk = other.chunks.first(where: { $0.isNamed(name) }) else { continue }
            var body = Array(other.bytes[chunk.body])
            let start = body.starts(with: ExifOrientation.prefix) ? ExifOrientation.prefix.count : 0
            ExifOrientation.makeUpright(&body, in: start..<body.count)
            XMPOrientation.makeUpright(&body)
            told.append((chunk.type, body))
            flags |= flag
        }
        guard !told.isEmpty else { return bytes }
        var own = chunks.map { ($0.type, Array(bytes[$0.body])) }
        if chunks.first?.isNamed("VP8X") == true, !own[0].1.isEmpty {
            own[0].1[0] |= flags
        } else {
            // The alpha bit of a lossless head is the fifth of its last byte, as it is in these flags.
            if chunks.first?.isNamed("VP8L") == true, own[0].1.count > 4 { flags |= own[0].1[4] & 0x10 }
            let sides = [size.width - 1, size.height - 1].flatMap { Self.littleEndian($0).prefix(3) }
            own.insert((ArraySlice("VP8X".utf8), [flags, 0, 0, 0] + sides), at: 0)
        }
        return Self.file(own + told)
    }

    private static func file(_ chunks: [(ArraySlice<UInt8>, [UInt8])]) -> [UInt8] {
        var body = Array("WEBP".utf8)
        body.reserveCapacity(chunks.reduce(16) { $0 + $1.1.count + 9 })
        for (type, content) in chunks {
            body += type + littleEndian(content.count)
            body += content
            if content.count % 2 == 1 { body.append(0) }
        }
        return Array("RIFF".utf8) + littleEndian(body.count) + body
    }

    private static func littleEndian(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
