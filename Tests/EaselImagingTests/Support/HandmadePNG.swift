/// PNG files written by hand, for kinds that the encoder never makes: palettes, gray, 16 bits, false claims.
struct HandmadePNG {
    var width: Int
    var height: Int
    var depth: Int = 8
    var colour: Int = 2
    /// Chunks between IHDR and IDAT.
    var chunks: [(type: String, body: [UInt8])] = []
    /// The rows, each with its filter byte in front.
    var rows: [UInt8] = []

    func bytes() -> [UInt8] {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        file += Self.chunk("IHDR", Self.word(width) + Self.word(height) + [UInt8(depth), UInt8(colour), 0, 0, 0])
        for part in chunks { file += Self.chunk(part.type, part.body) }
        return file + Self.chunk("IDAT", Self.stored(rows)) + Self.chunk("IEND", [])
    }

    static func word(_ value: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    static func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
        let content = Array(type.utf8) + body
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in content {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? 0xEDB8_8320 ^ (crc >> 1) : crc >> 1 }
        }
        return word(body.count) + content + word(Int(~crc))
    }

    /// A zlib stream of one stored block.
    static func stored(_ content: [UInt8]) -> [UInt8] {
        let length = UInt16(content.count)
        func little(_ value: UInt16) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in content {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        let head: [UInt8] = [0x78, 0x01, 0x01] + little(length) + little(~length)
        return head + content + word(Int(high << 16 | low))
    }
}
