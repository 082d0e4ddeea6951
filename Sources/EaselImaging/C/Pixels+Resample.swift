import EaselCore

/// Which source samples make up each target sample along one side, with weights that add up to 1 << 14.
private struct Contributions {
    static let one = 1 << 14
    var first: [Int] = []
    var weights: [[Int32]] = []

    /// A triangle as wide as one target pixel when shrinking (an average) and one source pixel when growing (linear).
    init(from source: Int, to target: Int) {
        let scale = Double(source) / Double(target)
        let reach = max(scale, 1)
        for position in 0..<target {
            let centre = (Double(position) + 0.5) * scale - 0.5
            let low = max(0, Int((centre - reach).rounded(.up)))
            let high = min(source - 1, Int((centre + reach).rounded(.down)))
            var raw: [Double] = []
            for sample in low...max(low, high) { raw.append(max(0, 1 - abs(Double(sample) - centre) / reach)) }
            var sum = raw.reduce(0, +)
            if sum <= 0 {
                raw = raw.map { _ in 1 }
                sum = Double(raw.count)
            }
            var fixed = raw.map { Int32(($0 / sum * Double(Self.one)).rounded()) }
            // The remainder of rounding goes to the middle, so that a plain colour stays exactly what it was.
            fixed[fixed.count / 2] += Int32(Self.one) - fixed.reduce(0, +)
            first.append(low)
            weights.append(fixed)
        }
    }
}

extension Pixels {
    /// Both sides are resampled one after the other. Alpha is treated as a fourth colour.
    func resampled(to size: PixelSize) -> Pixels {
        let newWidth = max(size.width, 1)
        let newHeight = max(size.height, 1)
        let wide = Contributions(from: width, to: newWidth)
        let high = Contributions(from: height, to: newHeight)
        var narrowed = [UInt8](repeating: 0, count: newWidth * height * 4)
        narrowed.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBufferPointer { source in
                for column in 0..<newWidth {
                    let weights = wide.weights[column]
                    for row in 0..<height {
                        Self.mix(
                            source,
                            at: (row * width + wide.first[column]) * 4,
                            step: 4,
                            weights,
                            into: target,
                            (row * newWidth + column) * 4
                        )
                    }
                }
            }
        }
        var result = [UInt8](repeating: 0, count: newWidth * newHeight * 4)
        result.withUnsafeMutableBufferPointer { target in
            narrowed.withUnsafeBufferPointer { source in
                for row in 0..<newHeight {
                    let weights = high.weights[row]
                    for column in 0..<newWidth {
                        Self.mix(
                            source,
                            at: (high.first[row] * newWidth + column) * 4,
                            step: newWidth * 4,
                            weights,
                            into: target,
                            (row * newWidth + column) * 4
                        )
                    }
                }
            }
        }
        return Pixels(width: newWidth, height: newHeight, hasAlpha: hasAlpha, bytes: result)
    }

    @inline(__always)
    private static func mix(
        _ source: UnsafeBufferPointer<UInt8>,
        at start: Int,
        step: Int,
        _ weights: [Int32],
        into target: UnsafeMutableBufferPointer<UInt8>,
        _ position: Int
    ) {
        var red: Int32 = 1 << 13
        var green: Int32 = 1 << 13
        var blue: Int32 = 1 << 13
        var alpha: Int32 = 1 << 13
        var from = start
        for weight in weights {
            red &+= Int32(source[from]) &* weight
            green &+= Int32(source[from + 1]) &* weight
            blue &+= Int32(source[from + 2]) &* weight
            alpha &+= Int32(source[from + 3]) &* weight
            from += step
        }
        target[position] = UInt8(clamping: red >> 14)
        target[position + 1] = UInt8(clamping: green >> 14)
        target[position + 2] = UInt8(clamping: blue >> 14)
        target[position + 3] = UInt8(clamping: alpha >> 14)
    }
}
