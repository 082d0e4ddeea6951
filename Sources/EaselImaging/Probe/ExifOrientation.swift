/// The orientation inside an EXIF block, which is a small TIFF file of its own.
enum ExifOrientation {
    /// What stands before the TIFF data in a JPEG's APP1 segment.
    static let prefix: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]  // "Exif"
    private static let tag = 0x0112
    /// BYTE, SHORT and LONG of TIFF with their sizes. EXIF says SHORT; some programs write another.
    private static let sizes = [1: 1, 3: 2, 4: 4]

    /// Where the value stands and how it is spelled.
    struct Place {
        let value: Int
        /// The bytes of the value in the file.
        let bytes: Range<Int>
        let isBigEndian: Bool
    }

    /// Whether an APP1 segment's body is EXIF.
    static func isExif(_ header: HeaderBytes, _ body: Range<Int>) -> Bool {
        body.count >= prefix.count && header.matches(prefix, at: body.lowerBound)
    }

    /// Looks at the first image directory of the TIFF data in `range`. Answers 1 (upright) whenever the block is
    /// damaged or silent: a bad tag must not make a good image unusable.
    static func read(_ header: HeaderBytes, in range: Range<Int>) -> Int {
        guard let place = find(header, in: range), (1...8).contains(place.value) else { return 1 }
        return place.value
    }

    /// The block's bytes in `file`, from then on saying that the image is upright.
    static func makeUpright(_ file: inout [UInt8], in range: Range<Int>) {
        guard let place = find(HeaderBytes(bytes: file), in: range) else { return }
        for index in place.bytes { file[index] = 0 }
        file[place.isBigEndian ? place.bytes.upperBound - 1 : place.bytes.lowerBound] = 1
    }

    private static func find(_ header: HeaderBytes, in range: Range<Int>) -> Place? {
        guard range.lowerBound >= 0, range.upperBound <= header.count, range.count >= 8 else { return nil }
        let start = range.lowerBound
        let isBigEndian: Bool
        switch (header[start], header[start + 1]) {
        case (0x4D, 0x4D): isBigEndian = true  // MM
        case (0x49, 0x49): isBigEndian = false  // II
        default: return nil
        }
        // Offsets count from the start of the block, and nothing outside the block is looked at.
        func number(_ offset: Int, _ width: Int) -> Int? {
            guard offset >= 0, start + offset + width <= range.upperBound else { return nil }
            let bytes = header.bytes[start + offset..<start + offset + width]
            return isBigEndian
                ? bytes.reduce(0) { $0 << 8 | Int($1) } : bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        guard number(2, 2) == 42, let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for index in 0..<entries {
            let entry = directory + 2 + index * 12
            guard let found = number(entry, 2) else { return nil }
            guard found == tag else { continue }
            guard let width = number(entry + 2, 2).flatMap({ sizes[$0] }), let value = number(entry + 8, width) else {
                return nil
            }
            let place = start + entry + 8
            return Place(value: value, bytes: place..<place + width, isBigEndian: isBigEndian)
        }
        return nil
    }
}
