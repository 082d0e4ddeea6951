package import EaselCore

/// What is done to whole image files. Synchronous and heavy: callers take it off the event loop.
package enum ImageEditing {
    /// The quality of a lossy file when nobody asked for one.
    package static let defaultQuality = 95
    /// Tried in turn until a file is small enough.
    private static let fallingQualities = [95, 90, 85, 75, 60, 40, 20]

    /// The image as a file of `format`, upright.
    ///
    /// The very same bytes when the format is right, no `quality` (1 to 100) is asked and no orientation is pending;
    /// otherwise it is decoded and encoded. Throws what decoding and encoding throw.
    package static func transcode(
        _ bytes: [UInt8],
        to format: ImageFormat,
        quality: Int?
    ) throws(ImageError) -> [UInt8] {
        let info = try ImageProbe.probe(bytes)
        // Quality means nothing to a PNG, so asking for it is no reason to write the same pixels again.
        if info.format == format, quality == nil || format == .png, info.orientation == 1 { return bytes }
        return try ImageCodec.encode(try ImageCodec.decode(bytes), as: format, quality: quality ?? defaultQuality)
    }

    /// Cuts the image around its centre so that width to height is exactly `ratio.width` to `ratio.height`.
    ///
    /// The ratio is reduced and the largest whole multiple of it that fits is kept; a source smaller than one multiple
    /// is cut to the nearest size that it can give. The result is in the source's format and at most `maxBytes` long:
    /// a PNG that is too long becomes a JPEG, and a lossy file loses quality step by step. Nil when the source has the
    /// ratio already (as stored and as shown, because a provider may not look at the orientation). Throws what decoding
    /// and encoding throw, and `encodingFailed` when even the lowest quality is too long.
    package static func crop(
        _ bytes: [UInt8],
        toRatio ratio: PixelSize,
        maxBytes: Int
    ) throws(ImageError) -> (bytes: [UInt8], info: ImageInfo)? {
        let info = try ImageProbe.probe(bytes)
        if has(ratio, info.size), has(ratio, info.displaySize) { return nil }
        let pixels = try ImageCodec.decode(bytes)
        let cropped = pixels.cropped(to: cropSize(of: pixels.size, ratio: ratio))
        let file = try encode(cropped, preferring: info.format, maxBytes: maxBytes)
        return (file, try ImageProbe.probe(file))
    }

    /// The size that ``crop(_:toRatio:maxBytes:)`` cuts from a source.
    package static func cropSize(of source: PixelSize, ratio: PixelSize) -> PixelSize {
        let divisor = greatestCommonDivisor(ratio.width, ratio.height)
        let unit = PixelSize(width: ratio.width / divisor, height: ratio.height / divisor)
        let multiple = min(source.width / unit.width, source.height / unit.height)
        if multiple >= 1 { return PixelSize(width: unit.width * multiple, height: unit.height * multiple) }
        // Smaller than one multiple: one side stays whole and the other follows as closely as pixels allow.
        if source.width * unit.height > source.height * unit.width {
            let width = (source.height * unit.width + unit.height / 2) / unit.height
            return PixelSize(width: min(max(width, 1), source.width), height: source.height)
        }
        let height = (source.width * unit.height + unit.width / 2) / unit.width
        return PixelSize(width: source.width, height: min(max(height, 1), source.height))
    }

    /// The image at another size: averaged when it shrinks, linear between neighbours when it grows. Meant for
    /// simulators and previews, not for print.
    package static func resize(_ pixels: Pixels, to size: PixelSize) -> Pixels {
        size == pixels.size ? pixels : pixels.resampled(to: size)
    }

    private static func has(_ ratio: PixelSize, _ size: PixelSize) -> Bool {
        size.width * ratio.height == size.height * ratio.width
    }

    /// A file of at most `maxBytes`: a PNG that is too long becomes a JPEG, a lossy file loses quality step by step.
    static func encode(
        _ pixels: Pixels,
        preferring format: ImageFormat,
        maxBytes: Int
    ) throws(ImageError) -> [UInt8] {
        if format == .png {
            let file = try ImageCodec.encode(pixels, as: .png)
            if file.count <= maxBytes { return file }
        }
        let lossy = format == .png ? .jpg : format
        for quality in fallingQualities {
            let file = try ImageCodec.encode(pixels, as: lossy, quality: quality)
            if file.count <= maxBytes { return file }
        }
        throw .encodingFailed("it does not fit into \(maxBytes) bytes at any quality")
    }

    private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
        var (larger, smaller) = (first, second)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return max(larger, 1)
    }
}
