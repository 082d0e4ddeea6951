/// Writes Protocol Buffers, version 3 (protobuf.dev, "Encoding"): fields in the order in which they are written. Numbers that are zero
/// and texts that are empty are left out, as the format's defaults.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    private enum WireType: UInt64 {
        case varint = 0
        case fixed64 = 1
        case lengthDelimited = 2
        case fixed32 = 5
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func tag(_ field: UInt64, _ type: WireType) { varint(field << 3 | type.rawValue) }

    /// uint64, int64, bool and enum; `evenZero` where a choice of several says which one it is.
    mutating func number(_ field: UInt64, _ value: UInt64, evenZero: Bool = false) {
        guard value != 0 || evenZero else { return }
        tag(field, .varint)
        varint(value)
    }

    mutating func fixed64(_ field: UInt64, _ value: UInt64, evenZero: Bool = false) {
        guard value != 0 || evenZero else { return }
        tag(field, .fixed64)
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func fixed32(_ field: UInt64, _ value: UInt32) {
        guard value != 0 else { return }
        tag(field, .fixed32)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func double(_ field: UInt64, _ value: Double) { fixed64(field, value.bitPattern, evenZero: true) }

    mutating func data(_ field: UInt64, _ value: some Collection<UInt8>, evenEmpty: Bool = false) {
        guard !value.isEmpty || evenEmpty else { return }
        tag(field, .lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ field: UInt64, _ value: String, evenEmpty: Bool = false) {
        data(field, value.utf8, evenEmpty: evenEmpty)
    }

    /// A message within this one; one without any field is there all the same.
    mutating func message(_ field: UInt64, _ write: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        write(&inner)
        data(field, inner.bytes, evenEmpty: true)
    }
}

/// Reads the fields of one message; nil where the bytes are none. A stranger wrote them: every length is checked (S6).
struct ProtobufFields {
    private(set) var numbers: [UInt64: UInt64] = [:]
    private(set) var data: [UInt64: ArraySlice<UInt8>] = [:]

    init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            guard let tag = Self.varint(&rest), tag >> 3 > 0 else { return nil }
            switch tag & 7 {
            case 0:
                guard let value = Self.varint(&rest) else { return nil }
                numbers[tag >> 3] = value
            case 1: guard Self.skip(8, &rest) else { return nil }
            case 2:
                guard let length = Self.varint(&rest), length <= UInt64(rest.count) else { return nil }
                data[tag >> 3] = rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
            case 5: guard Self.skip(4, &rest) else { return nil }
            default: return nil
            }
        }
    }

    private static func skip(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.count >= count else { return false }
        rest = rest.dropFirst(count)
        return true
    }

    private static func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { return nil }
            // The tenth byte holds one bit.
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        return nil
    }
}
