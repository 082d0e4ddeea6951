package import EaselCore

/// What the header of an image says about it, read without decoding anything (S5).
package struct ImageInfo: Sendable, Equatable {
    /// What the bytes are, whatever a file name or media type claimed.
    package let format: ImageFormat
    /// The size as stored, before the orientation is applied.
    package let size: PixelSize
    /// Whether the file can hold transparent pixels; they may all be opaque.
    package let hasAlpha: Bool
    /// The EXIF orientation, 1 to 8; 1 when the file names none.
    package let orientation: Int

    /// What a probe found; `orientation` is 1 to 8.
    package init(format: ImageFormat, size: PixelSize, hasAlpha: Bool, orientation: Int = 1) {
        self.format = format
        self.size = size
        self.hasAlpha = hasAlpha
        self.orientation = orientation
    }

    /// The size as people see it: width and height change places for the four orientations that lie on their side.
    package var displaySize: PixelSize {
        orientation >= 5 ? PixelSize(width: size.height, height: size.width) : size
    }
}
