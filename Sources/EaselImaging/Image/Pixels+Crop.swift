package import EaselCore

extension Pixels {
    /// The middle of the image at a size that is clamped to the image's own.
    package func cropped(to size: PixelSize) -> Pixels {
        let newWidth = min(max(size.width, 1), width)
        let newHeight = min(max(size.height, 1), height)
        guard newWidth != width || newHeight != height else { return self }
        let left = (width - newWidth) / 2
        let top = (height - newHeight) / 2
        var kept: [UInt8] = []
        kept.reserveCapacity(newWidth * newHeight * 4)
        for row in top..<top + newHeight {
            let start = row * stride + left * 4
            kept.append(contentsOf: bytes[start..<start + newWidth * 4])
        }
        return Pixels(width: newWidth, height: newHeight, hasAlpha: hasAlpha, bytes: kept)
    }
}
