/// Characters with more marks on them than anybody writes.
///
/// Swift compares and hashes a text by its canonical form (UAX #15), and putting the marks of one character in order takes time
/// that grows with the square of their number: 300 KB of accents on one letter as the name of a member keep a thread for the
/// better part of an hour. So no text from outside becomes a `String` before it was looked at here (S6).
package enum StackedMarks {
    /// Marks on one character that are let in. The Stream-Safe Text Format (UAX #15, section 13) has 30; what people stack for
    /// fun is some 60.
    package static let most = 128
    /// A mark takes two bytes at least.
    private static let leastBytes = 2 * (most + 1)

    /// After "body", "setting": what is wrong with a text that holds one.
    package static let sentence = "holds a character with more than \(most) marks on it"

    /// The byte at which a character with too many marks is found; nil where there is none. One pass; text that is no UTF-8 may
    /// be taken either way.
    package static func find(in bytes: some Collection<UInt8>) -> Int? {
        if let found = bytes.withContiguousStorageIfAvailable(find) { return found }
        return Array(bytes).withUnsafeBufferPointer(find)
    }

    private static func find(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let raw = UnsafeRawBufferPointer(bytes)
        var index = 0
        while index < bytes.count {
            // An image in base64 is megabytes of ASCII, which has no marks: eight bytes at a time.
            if index + 8 <= bytes.count,
                raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                index += 8
            } else if bytes[index] < 0x80 {
                index += 1
            } else {
                let end = bytes[index...].firstIndex { $0 < 0x80 } ?? bytes.count
                // Only a long stretch outside ASCII is worth decoding.
                if end - index >= leastBytes, let found = findInStretch(bytes[index..<end]) { return found }
                index = end
            }
        }
        return nil
    }

    private static func findInStretch(_ stretch: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        var decoder = UTF8()
        var iterator = stretch.makeIterator()
        var marks = 0
        var offset = stretch.startIndex
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            // The first mark of Unicode is U+0300.
            let isMark = scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
            marks = isMark ? marks + 1 : 0
            if marks > most { return offset }
            offset += UTF8.width(scalar)
        }
        return nil
    }
}

extension String {
    /// Text of somebody else's; nil where the bytes are no UTF-8 or hold `StackedMarks`.
    package init?(foreign bytes: some Collection<UInt8>) {
        guard StackedMarks.find(in: bytes) == nil else { return nil }
        self.init(validating: bytes, as: UTF8.self)
    }
}
