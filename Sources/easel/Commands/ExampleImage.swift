import EaselBase
import EaselCore
import EaselImaging
import Foundation

/// An image to try things with: an evening by a lake, painted by arithmetic, so that no file has to be shipped.
enum ExampleImage {
    static let width = 1152
    static let height = 864

    static func write(to path: String) throws {
        let bytes = try ImageCodec.encode(paint(), as: .jpg, quality: 88)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    static func paint() -> Pixels {
        var bytes = [UInt8](repeating: 255, count: width * height * 4)
        let horizon = Double(height) * 0.62
        let sun = (x: Double(width) * 0.68, y: Double(height) * 0.46, radius: Double(height) * 0.07)
        for y in 0..<height {
            for x in 0..<width {
                var colour = sky(Double(y) / horizon)
                let toSun = hypot(Double(x) - sun.x, Double(y) - sun.y)
                colour = mix((1.0, 0.86, 0.55), colour, min(1, toSun / (sun.radius * 5)))
                if toSun < sun.radius { colour = (1.0, 0.95, 0.78) }
                for ridge in 0..<3 where Double(y) > skyline(Double(x), ridge, horizon) { colour = hill(ridge) }
                if Double(y) > horizon {
                    // Water mirrors the sky, darker with depth, broken by ripples that grow towards the viewer.
                    let depth = (Double(y) - horizon) / (Double(height) - horizon)
                    let ripple = sin(Double(y) * (0.9 - depth * 0.5) + sin(Double(x) * 0.02) * 3) * 0.05 * (1 + depth)
                    colour = mix(sky(1 - depth * 0.8), (0.05, 0.10, 0.18), 0.35 + depth * 0.35)
                    colour = (colour.0 + ripple, colour.1 + ripple, colour.2 + ripple)
                    let glitter =
                        abs(Double(x) - sun.x) < 30 + depth * 90 && sin(Double(y) * 1.7 + Double(x) * 0.3) > 0.55
                    if glitter { colour = mix(colour, (1.0, 0.85, 0.6), 0.6) }
                }
                let grain = noise(x, y) * 0.035
                let index = (y * width + x) * 4
                bytes[index] = level(colour.0 + grain)
                bytes[index + 1] = level(colour.1 + grain)
                bytes[index + 2] = level(colour.2 + grain)
            }
        }
        return Pixels(width: width, height: height, hasAlpha: false, bytes: bytes)
    }

    private typealias Colour = (Double, Double, Double)

    private static func sky(_ down: Double) -> Colour {
        mix((0.16, 0.22, 0.45), (0.96, 0.62, 0.42), min(1, max(0, down)))
    }

    private static func hill(_ ridge: Int) -> Colour {
        switch ridge {
        case 0: (0.44, 0.36, 0.48)
        case 1: (0.27, 0.25, 0.36)
        default: (0.13, 0.15, 0.22)
        }
    }

    private static func skyline(_ x: Double, _ ridge: Int, _ horizon: Double) -> Double {
        let scale = 0.004 + Double(ridge) * 0.003
        let wave = sin(x * scale + Double(ridge) * 2.1) + 0.5 * sin(x * scale * 2.7 + 1.3) + 0.2 * sin(x * scale * 7.1)
        return horizon - (150 - Double(ridge) * 45) + wave * (46 - Double(ridge) * 8)
    }

    private static func mix(_ first: Colour, _ second: Colour, _ share: Double) -> Colour {
        (
            first.0 + (second.0 - first.0) * share, first.1 + (second.1 - first.1) * share,
            first.2 + (second.2 - first.2) * share
        )
    }

    /// Between -1 and 1, the same for the same place.
    private static func noise(_ x: Int, _ y: Int) -> Double {
        var hash = UInt32(truncatingIfNeeded: x &* 374_761_393 &+ y &* 668_265_263)
        hash = (hash ^ (hash >> 13)) &* 1_274_126_177
        return Double(hash >> 16) / 32_768 - 1
    }

    private static func level(_ value: Double) -> UInt8 { UInt8(min(255, max(0, value * 255))) }
}
