/// The orientation inside an EXIF block, which is a small TIFF file of its own.
enum ExifOrientation {
    private static let orientationTag = 0x0112
    private static let shortType = 3

    /// Looks at the first image directory of the TIFF data in `range`. Answers 1 (upright) whenever the block is
    /// damaged or silent: a bad tag must not make a good picture unusable.
    static func read(_ header: HeaderBytes, in range: Range<Int>) -> Int {
        guard range.lowerBound >= 0, range.upperBound <= header.count, range.count >= 8 else { return 1 }
        let start = range.lowerBound
        let bigEndian: Bool
        switch (header[start], header[start + 1]) {
        case (0x4D, 0x4D): bigEndian = true  // MM
        case (0x49, 0x49): bigEndian = false  // II
        default: return 1
        }
        // Offsets count from the start of the block, and nothing outside the block is looked at.
        func short(_ offset: Int) -> Int? {
            guard offset >= 0, start + offset + 2 <= range.upperBound else { return nil }
            return bigEndian ? header.bigEndian16(start + offset) : header.littleEndian16(start + offset)
        }
        func long(_ offset: Int) -> Int? {
            guard offset >= 0, start + offset + 4 <= range.upperBound else { return nil }
            return bigEndian ? header.bigEndian32(start + offset) : header.littleEndian32(start + offset)
        }
        guard short(2) == 42, let directory = long(4), let entries = short(directory) else { return 1 }
        for index in 0..<entries {
            let entry = directory + 2 + index * 12
            guard let tag = short(entry) else { return 1 }
            guard tag == orientationTag else { continue }
            guard short(entry + 2) == shortType, let value = short(entry + 8), (1...8).contains(value) else { return 1 }
            return value
        }
        return 1
    }
}
