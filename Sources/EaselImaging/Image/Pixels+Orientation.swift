extension Pixels {
    /// The pixels turned and mirrored as the EXIF orientation (1 to 8) of their file asks.
    func upright(from orientation: Int) -> Pixels {
        guard (2...8).contains(orientation) else { return self }
        let (width, height) = (self.width, self.height)
        let onItsSide = orientation >= 5
        let (newWidth, newHeight) = onItsSide ? (height, width) : (width, height)
        // The source of the new top left pixel, and how far the source moves for a step right and a step down.
        let right = width - 1
        let bottom = (height - 1) * width
        let (first, stepRight, stepDown) =
            switch orientation {
            case 2: (right, -1, width)
            case 3: (bottom + right, -1, -width)
            case 4: (bottom, 1, -width)
            case 5: (0, width, 1)
            case 6: (bottom, -width, 1)
            case 7: (bottom + right, -width, -1)
            default: (right, width, -1)
            }
        var turned = [UInt8](repeating: 0, count: bytes.count)
        turned.withUnsafeMutableBufferPointer { target in
            bytes.withUnsafeBufferPointer { source in
                // A pixel at a time; array storage is aligned for four bytes.
                target.withMemoryRebound(to: UInt32.self) { to in
                    source.withMemoryRebound(to: UInt32.self) { from in
                        var index = 0
                        for row in 0..<newHeight {
                            var position = first + row * stepDown
                            for _ in 0..<newWidth {
                                to[index] = from[position]
                                index += 1
                                position += stepRight
                            }
                        }
                    }
                }
            }
        }
        return Pixels(width: newWidth, height: newHeight, hasAlpha: hasAlpha, bytes: turned)
    }
}
