import Foundation

/// The sizes each model can be asked for (docs/providers/runware.md, 3.5); the 4.0 and 3.0 lists are also Ideogram's
/// (docs/providers/ideogram.md, 3.1 and 3.2).
package enum SizeTable {
    package static func sizes(of model: RemixModel) -> [PixelSize] {
        switch model {
        case .ideogram4: ideogram4
        case .ideogram3: ideogram3
        case .ideogram1: ideogram1
        }
    }

    /// The nearest allowed sizes to one that is not: first by shape, then by area.
    package static func nearest(to size: PixelSize, model: RemixModel, count: Int = 3) -> [PixelSize] {
        func distance(_ candidate: PixelSize) -> Double {
            let shape = abs(logRatio(candidate) - logRatio(size))
            let area = abs(
                log(Double(candidate.width * candidate.height)) - log(Double(max(1, size.width * size.height)))
            )
            return shape * 4 + area
        }
        return Array(sizes(of: model).sorted { distance($0) < distance($1) }.prefix(count))
    }

    /// The allowed size whose shape is nearest to a source's, the largest one of that shape.
    package static func closestShape(to size: PixelSize, model: RemixModel) -> PixelSize {
        let table = sizes(of: model)
        var best = table[0]
        for candidate in table.dropFirst() {
            let difference = abs(logRatio(candidate) - logRatio(size)) - abs(logRatio(best) - logRatio(size))
            if difference < -1e-9
                || (abs(difference) <= 1e-9 && candidate.width * candidate.height > best.width * best.height)
            {
                best = candidate
            }
        }
        return best
    }

    private static func logRatio(_ size: PixelSize) -> Double {
        log(Double(max(1, size.width)) / Double(max(1, size.height)))
    }

    private static func table(_ pairs: [(Int, Int)]) -> [PixelSize] {
        pairs.map { PixelSize(width: $0.0, height: $0.1) }
    }

    private static let ideogram4 = table([
        (2048, 2048), (1440, 2880), (2880, 1440), (1664, 2496), (2496, 1664), (1792, 2240), (2240, 1792),
        (1440, 2560), (2560, 1440), (1600, 2560), (2560, 1600), (1728, 2304), (2304, 1728), (1296, 3168),
        (3168, 1296), (1152, 2944), (2944, 1152), (1248, 3328), (3328, 1248), (1280, 3072), (3072, 1280),
        (1024, 3072), (3072, 1024),
    ])

    private static let ideogram3 = table([
        (1536, 512), (1536, 576), (1472, 576), (1408, 576), (1536, 640), (1472, 640), (1408, 640), (1344, 640),
        (1472, 704), (1408, 704), (1344, 704), (1280, 704), (1312, 736), (1344, 768), (1216, 704), (1280, 768),
        (1152, 704), (1280, 800), (1216, 768), (1248, 832), (1216, 832), (1088, 768), (1152, 832), (1152, 864),
        (1088, 832), (1152, 896), (1120, 896), (1024, 832), (1088, 896), (960, 832), (1024, 896), (1088, 960),
        (960, 896), (1024, 960), (1024, 1024), (960, 1024), (896, 960), (960, 1088), (896, 1024), (832, 960),
        (896, 1088), (832, 1024), (896, 1120), (896, 1152), (832, 1088), (864, 1152), (832, 1152), (768, 1088),
        (832, 1216), (832, 1248), (768, 1216), (800, 1280), (704, 1152), (768, 1280), (704, 1216), (768, 1344),
        (736, 1312), (704, 1280), (704, 1344), (704, 1408), (704, 1472), (640, 1344), (640, 1408), (640, 1472),
        (640, 1536), (576, 1408), (576, 1472), (576, 1536), (512, 1536),
    ])

    private static let ideogram1 = table([
        (768, 1232), (1232, 768), (720, 1280), (1280, 720), (1152, 768), (832, 1248), (1024, 768), (768, 1024),
        (1024, 1024), (512, 1536), (1536, 512),
    ])
}
