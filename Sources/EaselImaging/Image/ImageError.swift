import EaselBase

/// Why bytes cannot be used as an image, or an image cannot be written.
package enum ImageError: Error, Sendable, Equatable, Explained {
    /// No image format is recognised.
    case notAnImage
    /// An image, but of a kind that the providers do not take; the name is for people, such as `GIF`.
    case unsupportedFormat(String)
    /// The header claims more pixels than the limits allow; nothing was decoded.
    case dimensionsTooLarge(width: Int, height: Int)
    /// The data ends before the image does.
    case truncated
    /// The data contradicts its own format; the text says where.
    case corrupt(String)
    /// An encoder refused; the text says why.
    case encodingFailed(String)

    /// One sentence for people, without any byte of the image.
    package var sentence: String {
        switch self {
        case .notAnImage: "The data is not an image; PNG, JPEG and WebP are accepted."
        case .unsupportedFormat(let name): "The image is \(name); PNG, JPEG and WebP are accepted."
        case .dimensionsTooLarge(let width, let height):
            "The image claims \(width)x\(height) pixels, which is too large."
        case .truncated: "The image is cut short: its data ends too early."
        case .corrupt(let detail): "The image is damaged: \(detail)."
        case .encodingFailed(let detail): "The image could not be written: \(detail)."
        }
    }
}

extension ImageError: CustomStringConvertible {
    /// The same as ``sentence``.
    package var description: String { sentence }
}
