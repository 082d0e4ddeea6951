/// Whether a JPEG is all there: a walk over its segments and scans to the end marker.
///
/// The library fills what is missing with gray and calls that a warning, whose text the next warning replaces; so the
/// question is answered before it is asked to decode.
enum JPEGEnding {
    /// True when the end marker is reached. Bytes behind it do not matter.
    static func isPresent(in header: HeaderBytes) -> Bool {
        var offset = 2
        while let position = nextMarker(header, from: offset), let marker = header[position] {
            offset = position + 1
            switch marker {
            case 0xD9: return true
            case 0x01, 0xD0...0xD8: continue  // stand alone; restarts divide the data of a scan
            default:
                guard let length = header.bigEndian16(offset), length >= 2 else { return false }
                offset += length
            }
        }
        return false
    }

    /// The position of the next marker's second byte. Inside the data of a scan, 0xFF is followed by zero.
    private static func nextMarker(_ header: HeaderBytes, from start: Int) -> Int? {
        var offset = start
        while offset < header.count, let first = header.bytes[offset...].firstIndex(of: 0xFF) {
            offset = first + 1
            while header[offset] == 0xFF { offset += 1 }
            guard let marker = header[offset] else { return nil }
            if marker != 0 { return offset }
            offset += 1
        }
        return nil
    }
}
