package import Foundation

/// Mints version 7 UUIDs (RFC 9562): the first 48 bits are the time in milliseconds, so that ids are nearly in order of
/// time and an id alone tells the partition of its row (L1).
package enum UUIDv7 {
    package static func mint(at moment: Timestamp) -> UUID {
        var generator = SystemRandomNumberGenerator()
        return mint(at: moment, using: &generator)
    }

    package static func mint(at moment: Timestamp, using generator: inout some RandomNumberGenerator) -> UUID {
        let milliseconds = UInt64(clamping: moment.millisecondsSince1970)
        let high = generator.next()
        let low = generator.next()
        func byte(_ value: UInt64, _ shift: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift) }
        return UUID(
            uuid: (
                byte(milliseconds, 40), byte(milliseconds, 32), byte(milliseconds, 24), byte(milliseconds, 16),
                byte(milliseconds, 8), byte(milliseconds, 0),
                0x70 | (byte(high, 0) & 0x0F), byte(high, 8),
                0x80 | (byte(low, 0) & 0x3F), byte(low, 8), byte(low, 16), byte(low, 24), byte(low, 32), byte(low, 40),
                byte(low, 48), byte(low, 56)
            )
        )
    }

    /// The time inside a version 7 UUID, or nil for any other version.
    package static func moment(of id: UUID) -> Timestamp? {
        let bytes = id.uuid
        guard bytes.6 >> 4 == 7 else { return nil }
        var milliseconds: Int64 = 0
        for byte in [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5] {
            milliseconds = milliseconds << 8 | Int64(byte)
        }
        return Timestamp(microseconds: milliseconds * 1000)
    }
}

extension UUID {
    /// The lower-case spelling that PostgreSQL, JSON and the providers use.
    package var text: String {
        withUnsafeBytes(of: uuid) { Hex.encode($0, dashesAfter: [4, 6, 8, 10]) }
    }
}

/// Lower-case hexadecimal.
package enum Hex {
    private static let digits: StaticString = "0123456789abcdef"

    package static func encode(_ bytes: some Collection<UInt8>, dashesAfter: [Int] = []) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2 + dashesAfter.count) { buffer in
            var index = 0
            for (position, byte) in bytes.enumerated() {
                if !dashesAfter.isEmpty, dashesAfter.contains(position) {
                    buffer[index] = 45
                    index += 1
                }
                buffer[index] = digits.utf8Start[Int(byte >> 4)]
                buffer[index + 1] = digits.utf8Start[Int(byte & 15)]
                index += 2
            }
            return index
        }
    }

    /// Nil when a character is no hexadecimal digit or one is left over.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case 48...57: value = character - 48
            case 97...102: value = character - 87
            case 65...70: value = character - 55
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return high == nil ? bytes : nil
    }
}
