/// The parts of a JPEG, one after the other, found as libjpeg finds them: bytes between segments that belong to none are
/// stepped over (`next_marker` in libjpeg's jdmarker.c), because djpeg, ImageMagick, Pillow and browsers show such files.
struct JPEGTokens {
    enum Token: Equatable {
        /// A segment with a length; `body` is what follows the length.
        case segment(marker: UInt8, body: Range<Int>)
        /// The entropy-coded data behind a start of scan, restart markers included.
        case scan(Range<Int>)
        /// The end marker; `end` is the first byte behind it.
        case end(Int)
    }

    let bytes: [UInt8]
    private var offset = 2
    private var isInScan = false
    /// How many bytes so far belonged to nothing: strays between segments and fill bytes.
    private(set) var strays = 0

    /// Reads from behind the first marker, which the caller has seen.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next part, or nil where the data end without an end marker.
    ///
    /// Throws `truncated` for a segment that is longer than what is there, `corrupt` for markers that libjpeg refuses.
    mutating func next() throws(ImageError) -> Token? {
        if isInScan {
            isInScan = false
            let start = offset
            offset = scanEnd(from: start)
            if offset > start { return .scan(start..<offset) }
        }
        while let position = nextMarker() {
            let marker = bytes[position]
            strays += position - 1 - offset
            offset = position + 1
            switch marker {
            case 0xD9: return .end(offset)
            case 0x01, 0xD0...0xD7:  // stand alone, and mean nothing here
                strays += 2
                continue
            case 0xD8: throw .corrupt("a JPEG marker is misplaced")
            case 0x02...0xBF, 0xDE, 0xDF, 0xF0...0xFD: throw .corrupt("a JPEG marker is unknown")
            default: break
            }
            guard offset + 2 <= bytes.count else { throw .truncated }
            let length = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
            guard length >= 2 else { throw .corrupt("a JPEG segment is too short") }
            guard offset + length <= bytes.count else { throw .truncated }
            let body = offset + 2..<offset + length
            offset += length
            isInScan = marker == 0xDA
            return .segment(marker: marker, body: body)
        }
        strays += bytes.count - offset
        offset = bytes.count
        return nil
    }

    /// The second byte of the next marker. Any number of 0xFF may precede it, and 0xFF before zero is none.
    private func nextMarker() -> Int? {
        var position = offset
        while position < bytes.count, let first = bytes[position...].firstIndex(of: 0xFF) {
            position = first + 1
            while position < bytes.count, bytes[position] == 0xFF { position += 1 }
            guard position < bytes.count else { return nil }
            if bytes[position] != 0 { return position }
            position += 1
        }
        return nil
    }

    /// Where the entropy-coded data end: at a marker that is no restart. Inside them 0xFF is followed by zero.
    private func scanEnd(from start: Int) -> Int {
        var position = start
        while position < bytes.count, let first = bytes[position...].firstIndex(of: 0xFF) {
            position = first + 1
            while position < bytes.count, bytes[position] == 0xFF { position += 1 }
            guard position < bytes.count else { return bytes.count }
            switch bytes[position] {
            case 0, 0xD0...0xD7: position += 1
            default: return first
            }
        }
        return bytes.count
    }
}
