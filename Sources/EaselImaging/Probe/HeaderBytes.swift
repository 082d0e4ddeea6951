/// Bytes of a file header, read with bounds checks: nil where the data ends.
struct HeaderBytes {
    let bytes: [UInt8]

    var count: Int { bytes.count }

    subscript(offset: Int) -> Int? {
        offset >= 0 && offset < bytes.count ? Int(bytes[offset]) : nil
    }

    func bigEndian16(_ offset: Int) -> Int? { bigEndian(offset, 2) }
    func bigEndian32(_ offset: Int) -> Int? { bigEndian(offset, 4) }
    func littleEndian16(_ offset: Int) -> Int? { littleEndian(offset, 2) }
    func littleEndian24(_ offset: Int) -> Int? { littleEndian(offset, 3) }
    func littleEndian32(_ offset: Int) -> Int? { littleEndian(offset, 4) }

    /// Whether these ASCII characters stand at `offset`.
    func matches(_ text: StaticString, at offset: Int) -> Bool {
        guard offset >= 0, offset + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.description.utf8.elementsEqual(bytes[offset..<offset + text.utf8CodeUnitCount])
    }

    /// Whether these bytes stand at `offset`.
    func matches(_ pattern: [UInt8], at offset: Int) -> Bool {
        guard offset >= 0, offset + pattern.count <= bytes.count else { return false }
        return pattern.elementsEqual(bytes[offset..<offset + pattern.count])
    }

    private func bigEndian(_ offset: Int, _ width: Int) -> Int? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        return bytes[offset..<offset + width].reduce(0) { $0 << 8 | Int($1) }
    }

    private func littleEndian(_ offset: Int, _ width: Int) -> Int? {
        guard offset >= 0, offset + width <= bytes.count else { return nil }
        return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
