package import EaselCore

/// Decodes and encodes the three formats. Synchronous and heavy: callers take it off the event loop.
package enum ImageCodec {
    /// The pixels of an image, upright: its EXIF orientation is applied.
    ///
    /// The header is probed first, so the size is bounded before a decoder sees the bytes (S5). Gray, palette, 16-bit
    /// and CMYK images arrive as 8-bit RGBA in sRGB: an embedded colour profile is applied. Throws like ``ImageProbe/probe(_:limits:)``,
    /// and `truncated` or `corrupt` for the pixel data.
    package static func decode(
        _ bytes: [UInt8],
        limits: ImageLimits = .standard
    ) throws(ImageError) -> Pixels {
        let info = try ImageProbe.probe(bytes, limits: limits)
        let stored =
            switch info.format {
            case .png: try PNGCodec.decode(bytes, info: info)
            case .jpg: try JPEGCodec.decode(bytes, info: info)
            case .webp: try WebPCodec.decode(bytes, info: info)
            }
        return stored.upright(from: info.orientation)
    }

    /// Proves that all of an image is there, where its bytes are passed on as they are: everything is read, nothing kept.
    ///
    /// Stricter than ``decode(_:limits:)``: a JPEG whose data viewers show with visible damage is refused too. Throws like
    /// ``ImageProbe/probe(_:limits:)``, and `truncated` or `corrupt` for the pixel data. Returns the probe's answer.
    package static func prove(_ bytes: [UInt8], limits: ImageLimits = .standard) throws(ImageError) -> ImageInfo {
        let info = try ImageProbe.probe(bytes, limits: limits)
        switch info.format {
        case .png: try PNGCodec.prove(bytes, info: info)
        case .jpg: try JPEGCodec.prove(try JPEGFile(bytes), isStrict: true)
        case .webp: try WebPCodec.prove(bytes, info: info)
        }
        return info
    }

    /// A complete file of the format.
    ///
    /// PNG is lossless with quick compression and takes no notice of `quality` (1 to 100, clamped); WebP is lossy; JPEG
    /// has no alpha, so transparent parts are laid on white. Throws `encodingFailed`.
    package static func encode(
        _ pixels: Pixels,
        as format: ImageFormat,
        quality: Int = 95
    ) throws(ImageError) -> [UInt8] {
        let quality = min(max(quality, 1), 100)
        return switch format {
        case .png: try PNGCodec.encode(pixels)
        case .jpg: try JPEGCodec.encode(pixels.flattenedOnWhite(), quality: quality)
        case .webp: try WebPCodec.encode(pixels, quality: quality)
        }
    }
}
