import EaselBase

/// The form of a journal file: records one after another, each with a mark, its length and a checksum.
///
///     "ESLJ"  length (4 bytes, big endian)  CRC-32 of the record (4 bytes, big endian)  record (JSON)
///
/// The mark lets a reader find the next whole record behind a damaged one.
enum JournalFrames {
    static let mark: [UInt8] = Array("ESLJ".utf8)
    static let headerLength = 12
    /// Far above any settlement; a longer one is a damaged length.
    static let longestRecord = 64 << 20

    /// What a file holds: whole records, and the stretches that are none.
    struct Contents {
        var records: [ArraySlice<UInt8>] = []
        var damaged: [ArraySlice<UInt8>] = []
    }

    static func encode(_ record: [UInt8]) -> [UInt8] {
        var frame = mark
        frame.reserveCapacity(headerLength + record.count)
        for value in [UInt32(record.count), CRC32.checksum(record)] {
            for shift in [24, 16, 8, 0] as [UInt32] { frame.append(UInt8(truncatingIfNeeded: value >> shift)) }
        }
        return frame + record
    }

    static func decode(_ bytes: [UInt8]) -> Contents {
        var contents = Contents()
        var position = 0
        var damageStart: Int?
        while position < bytes.count {
            if let record = record(in: bytes, at: position) {
                if let start = damageStart { contents.damaged.append(bytes[start..<position]) }
                damageStart = nil
                contents.records.append(record)
                position = record.endIndex
            } else {
                if damageStart == nil { damageStart = position }
                position += 1
                // Straight to the next place that can be a mark.
                while position < bytes.count, bytes[position] != mark[0] { position += 1 }
            }
        }
        if let start = damageStart { contents.damaged.append(bytes[start...]) }
        return contents
    }

    private static func record(in bytes: [UInt8], at position: Int) -> ArraySlice<UInt8>? {
        guard position + headerLength <= bytes.count, bytes[position...].starts(with: mark) else { return nil }
        func number(at offset: Int) -> UInt32 {
            bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        let length = Int(number(at: position + 4))
        let start = position + headerLength
        guard length <= longestRecord, start + length <= bytes.count else { return nil }
        let record = bytes[start..<start + length]
        return CRC32.checksum(record) == number(at: position + 8) ? record : nil
    }
}

/// CRC-32 as in zlib and Ethernet (reflected polynomial 0xEDB88320).
enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        ~bytes.reduce(~0) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }
}
