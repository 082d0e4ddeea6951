package import EaselCore

/// A decoded image: rows from top to bottom, four bytes a pixel in the order red, green, blue, alpha, not
/// premultiplied.
package struct Pixels: Sendable, Equatable {
    /// Pixels in a row, at least 1.
    package let width: Int
    /// Rows, at least 1.
    package let height: Int
    /// False when every alpha byte is 255 by origin, so that formats without alpha lose nothing.
    package let hasAlpha: Bool
    /// `width * height * 4` bytes.
    package let bytes: [UInt8]

    /// Traps when the number of bytes does not fit the size, which is a programmer's error.
    package init(width: Int, height: Int, hasAlpha: Bool, bytes: [UInt8]) {
        precondition(width > 0 && height > 0 && bytes.count == width * height * 4, "bytes do not fit the size")
        self.width = width
        self.height = height
        self.hasAlpha = hasAlpha
        self.bytes = bytes
    }

    /// The size in pixels.
    package var size: PixelSize { PixelSize(width: width, height: height) }

    /// Bytes of one row.
    var stride: Int { width * 4 }
}
