import EaselImaging

/// Images with known pixels.
enum Pattern {
    /// Smooth colours that survive a lossy format within a small tolerance, different in every corner.
    static func gradient(width: Int, height: Int, alpha: Bool = false) -> Pixels {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(width * height * 4)
        for row in 0..<height {
            for column in 0..<width {
                bytes.append(UInt8(20 + 200 * column / max(width - 1, 1)))
                bytes.append(UInt8(20 + 200 * row / max(height - 1, 1)))
                bytes.append(UInt8(60 + 100 * (column + row) / max(width + height - 2, 1)))
                bytes.append(alpha ? UInt8(255 * (width - column) / width) : 255)
            }
        }
        return Pixels(width: width, height: height, hasAlpha: alpha, bytes: bytes)
    }

    /// One colour everywhere.
    static func plain(width: Int, height: Int, red: UInt8, green: UInt8, blue: UInt8, alpha: UInt8 = 255) -> Pixels {
        let pixel = [red, green, blue, alpha]
        let bytes = Array(repeatElement(pixel, count: width * height).joined())
        return Pixels(width: width, height: height, hasAlpha: alpha != 255, bytes: bytes)
    }

    /// Noise that no encoder can make small.
    static func noise(width: Int, height: Int, seed: UInt64) -> Pixels {
        var generator = SeededGenerator(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(width * height * 4)
        for _ in 0..<width * height {
            let word = generator.next()
            bytes.append(UInt8(truncatingIfNeeded: word))
            bytes.append(UInt8(truncatingIfNeeded: word >> 8))
            bytes.append(UInt8(truncatingIfNeeded: word >> 16))
            bytes.append(255)
        }
        return Pixels(width: width, height: height, hasAlpha: false, bytes: bytes)
    }
}

extension Pixels {
    /// Red, green, blue and alpha at a place.
    func pixel(_ column: Int, _ row: Int) -> [UInt8] {
        let start = (row * width + column) * 4
        return Array(bytes[start..<start + 4])
    }

    /// The largest difference of any channel, or nil when the sizes differ.
    func largestDifference(from other: Pixels) -> Int? {
        guard width == other.width, height == other.height else { return nil }
        return zip(bytes, other.bytes).reduce(0) { max($0, abs(Int($1.0) - Int($1.1))) }
    }
}

/// SplitMix64: a test that fails says its seed, and the seed replays it.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
