import EaselCore

/// Which source samples make up each target sample along one side, with weights that add up to 1 << 14.
private struct Contributions {
    static let one: Int32 = 1 << 14
    /// The first source sample of each target sample.
    private(set) var first: [Int] = []
    /// `taps` weights for each target sample, one after the other; all of them lie inside the source.
    private(set) var weights: [Int32] = []
    let taps: Int

    /// A triangle as wide as one target pixel when shrinking (an average) and one source pixel when growing (linear).
    init(from source: Int, to target: Int) {
        let scale = Double(source) / Double(target)
        let reach = max(scale, 1)
        taps = min(source, Int(reach.rounded(.up)) * 2 + 1)
        for position in 0..<target {
            let centre = (Double(position) + 0.5) * scale - 0.5
            let start = min(max(0, Int((centre - reach).rounded(.up))), source - taps)
            let raw = (start..<start + taps).map { max(0, 1 - abs(Double($0) - centre) / reach) }
            let sum = raw.reduce(0, +)
            var fixed = raw.map { Int32(($0 / sum * Double(Self.one)).rounded()) }
            // The remainder of rounding goes to the largest, so that a plain colour stays exactly what it was.
            let largest = fixed.indices.max { fixed[$0] < fixed[$1] } ?? 0
            fixed[largest] += Self.one - fixed.reduce(0, +)
            first.append(start)
            weights += fixed
        }
    }
}

extension Pixels {
    /// Both sides are resampled one after the other. Alpha is treated as a fourth colour.
    func resampled(to size: PixelSize) -> Pixels {
        let newWidth = max(size.width, 1)
        let newHeight = max(size.height, 1)
        let across = Contributions(from: width, to: newWidth)
        let down = Contributions(from: height, to: newHeight)
        var narrowed = [UInt8](repeating: 0, count: newWidth * height * 4)
        narrowed.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBufferPointer { source in
                across.weights.withUnsafeBufferPointer { weights in
                    var position = 0
                    for row in 0..<height {
                        for column in 0..<newWidth {
                            let start = (row * width + across.first[column]) * 4
                            let own = UnsafeBufferPointer(
                                rebasing: weights[column * across.taps..<(column + 1) * across.taps]
                            )
                            Self.mix(source, at: start, step: 4, own, into: target, position)
                            position += 4
                        }
                    }
                }
            }
        }
        var result = [UInt8](repeating: 0, count: newWidth * newHeight * 4)
        result.withUnsafeMutableBufferPointer { target in
            narrowed.withUnsafeBufferPointer { source in
                down.weights.withUnsafeBufferPointer { weights in
                    var position = 0
                    for row in 0..<newHeight {
                        let own = UnsafeBufferPointer(rebasing: weights[row * down.taps..<(row + 1) * down.taps])
                        for column in 0..<newWidth {
                            let start = (down.first[row] * newWidth + column) * 4
                            Self.mix(source, at: start, step: newWidth * 4, own, into: target, position)
                            position += 4
                        }
                    }
                }
            }
        }
        return Pixels(width: newWidth, height: newHeight, hasAlpha: hasAlpha, bytes: result)
    }

    /// One target pixel: the weighted sum of pixels that lie `step` bytes apart.
    @inline(__always)
    private static func mix(
        _ source: UnsafeBufferPointer<UInt8>,
        at start: Int,
        step: Int,
        _ weights: UnsafeBufferPointer<Int32>,
        into target: UnsafeMutableBufferPointer<UInt8>,
        _ position: Int
    ) {
        // Half a step for rounding; weights are never negative, so no sum leaves 0...255.
        var sum = SIMD4<Int32>(repeating: 1 << 13)
        var from = start
        for weight in weights {
            let pixel = SIMD4<Int32>(
                Int32(source[from]),
                Int32(source[from + 1]),
                Int32(source[from + 2]),
                Int32(source[from + 3])
            )
            sum &+= pixel &* weight
            from += step
        }
        sum &>>= 14
        target[position] = UInt8(truncatingIfNeeded: sum[0])
        target[position + 1] = UInt8(truncatingIfNeeded: sum[1])
        target[position + 2] = UInt8(truncatingIfNeeded: sum[2])
        target[position + 3] = UInt8(truncatingIfNeeded: sum[3])
    }
}
