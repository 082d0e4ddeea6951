/// How large an image may be before any memory is spent on its pixels (S4, S5).
package struct ImageLimits: Sendable, Equatable {
    /// The longest side in pixels.
    package var maxSide: Int
    /// Width times height. Decoding takes four bytes a pixel, and a progressive JPEG up to twelve for a moment.
    package var maxPixels: Int

    /// Both limits in pixels.
    package init(maxSide: Int = 16_384, maxPixels: Int = 64_000_000) {
        self.maxSide = maxSide
        self.maxPixels = maxPixels
    }

    /// 16 384 pixels a side and 64 million in all.
    package static let standard = ImageLimits()

    /// Refuses a header's claim that is zero or beyond the limits.
    func check(width: Int, height: Int) throws(ImageError) {
        guard width > 0, height > 0 else { throw .corrupt("its width or height is zero") }
        // The sides are compared first, so that the product cannot overflow.
        guard width <= maxSide, height <= maxSide, width * height <= maxPixels else {
            throw .dimensionsTooLarge(width: width, height: height)
        }
    }
}
