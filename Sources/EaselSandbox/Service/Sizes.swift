import EaselCore

/// The sizes that the models take. Written down here apart from the gateway's own tables, so that a mistake in one shows
/// against the other (docs/providers/runware.md, 3.5; docs/providers/ideogram.md, 3).
enum Sizes {
    /// Ideogram 1.0: 11 sizes.
    static let ideogram1 = read(
        """
        768x1232 1232x768 720x1280 1280x720 1152x768 832x1248 1024x768 768x1024 1024x1024 512x1536 1536x512
        """
    )

    /// Ideogram 3.0: 69 sizes, the same at both providers.
    static let ideogram3 = read(
        """
        1536x512 1536x576 1472x576 1408x576 1536x640 1472x640 1408x640 1344x640 1472x704 1408x704 1344x704
        1280x704 1312x736 1344x768 1216x704 1280x768 1152x704 1280x800 1216x768 1248x832 1216x832 1088x768
        1152x832 1152x864 1088x832 1152x896 1120x896 1024x832 1088x896 960x832 1024x896 1088x960 960x896
        1024x960 1024x1024 960x1024 896x960 960x1088 896x1024 832x960 896x1088 832x1024 896x1120 896x1152
        832x1088 864x1152 832x1152 768x1088 832x1216 832x1248 768x1216 800x1280 704x1152 768x1280 704x1216
        768x1344 736x1312 704x1280 704x1344 704x1408 704x1472 640x1344 640x1408 640x1472 640x1536 576x1408
        576x1472 576x1536 512x1536
        """
    )

    /// Ideogram 4.0 Remix: the 23 sizes of about two thousand pixels a side.
    static let ideogram4 = read(
        """
        2048x2048 1440x2880 2880x1440 1664x2496 2496x1664 1792x2240 2240x1792 1440x2560 2560x1440 1600x2560
        2560x1600 1728x2304 2304x1728 1296x3168 3168x1296 1152x2944 2944x1152 1248x3328 3328x1248 1280x3072
        3072x1280 1024x3072 3072x1024
        """
    )

    /// Added to Ideogram's own 4.0 later: 15 sizes of about one thousand pixels a side.
    static let ideogram4Small = read(
        """
        1024x1024 896x1120 1120x896 864x1152 1152x864 832x1248 1248x832 800x1280 1280x800 720x1280 1280x720
        720x1440 1440x720 512x1536 1536x512
        """
    )

    /// Ideogram's legacy route, models 2.0 and 2a: 78 sizes.
    static let legacy = read(
        """
        512x1536 576x1408 576x1472 576x1536 640x1024 640x1344 640x1408 640x1472 640x1536 704x1152 704x1216
        704x1280 704x1344 704x1408 704x1472 720x1280 736x1312 768x1024 768x1088 768x1152 768x1216 768x1232
        768x1280 768x1344 832x960 832x1024 832x1088 832x1152 832x1216 832x1248 864x1152 896x960 896x1024
        896x1088 896x1120 896x1152 960x832 960x896 960x1024 960x1088 1024x640 1024x768 1024x832 1024x896
        1024x960 1024x1024 1088x768 1088x832 1088x896 1088x960 1120x896 1152x704 1152x768 1152x832 1152x864
        1152x896 1216x704 1216x768 1216x832 1232x768 1248x832 1280x704 1280x720 1280x768 1280x800 1312x736
        1344x640 1344x704 1344x768 1408x576 1408x640 1408x704 1472x576 1472x640 1472x704 1536x512 1536x576
        1536x640
        """
    )

    /// The size of a list whose ratio is nearest to the one given; of several the one with most pixels.
    static func nearest(to ratio: PixelSize, in sizes: [PixelSize]) -> PixelSize {
        func distance(_ size: PixelSize) -> Double {
            let left = Double(size.width) * Double(ratio.height)
            let right = Double(size.height) * Double(ratio.width)
            return max(left, right) / max(min(left, right), 1)
        }
        let best = sizes.min { left, right in
            let (first, second) = (distance(left), distance(right))
            return abs(first - second) > 1e-9 ? first < second : left.width * left.height > right.width * right.height
        }
        return best ?? ratio
    }

    private static func read(_ text: String) -> [PixelSize] {
        text.split(whereSeparator: \.isWhitespace).compactMap { PixelSize($0) }
    }
}
