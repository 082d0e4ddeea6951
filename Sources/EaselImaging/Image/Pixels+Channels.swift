extension Pixels {
    /// Transparent parts laid on white, for formats without alpha.
    func flattenedOnWhite() -> Pixels {
        guard hasAlpha else { return self }
        var flat = bytes
        flat.withUnsafeMutableBufferPointer { target in
            var index = 0
            while index < target.count {
                let alpha = Int(target[index + 3])
                if alpha != 255 {
                    for channel in index..<index + 3 {
                        target[channel] = UInt8((Int(target[channel]) * alpha + 255 * (255 - alpha) + 127) / 255)
                    }
                    target[index + 3] = 255
                }
                index += 4
            }
        }
        return Pixels(width: width, height: height, hasAlpha: false, bytes: flat)
    }

    /// Three bytes a pixel, without the alpha.
    func rgbBytes() -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: width * height * 3)
        packed.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBufferPointer { source in
                var from = 0
                var to = 0
                while from < source.count {
                    target[to] = source[from]
                    target[to + 1] = source[from + 1]
                    target[to + 2] = source[from + 2]
                    from += 4
                    to += 3
                }
            }
        }
        return packed
    }

    /// Four bytes of cyan, magenta, yellow and black turned into RGBA. Adobe's programs, and nearly everybody after
    /// them, store the inks inverted: 255 is no ink.
    static func fromCMYK(width: Int, height: Int, bytes: [UInt8], inverted: Bool) -> Pixels {
        var converted = bytes
        converted.withUnsafeMutableBufferPointer { target in
            var index = 0
            while index < target.count {
                let black = Int(target[index + 3])
                let light = inverted ? black : 255 - black
                for channel in index..<index + 3 {
                    let ink = Int(target[channel])
                    target[channel] = UInt8(((inverted ? ink : 255 - ink) * light + 127) / 255)
                }
                target[index + 3] = 255
                index += 4
            }
        }
        return Pixels(width: width, height: height, hasAlpha: false, bytes: converted)
    }
}
