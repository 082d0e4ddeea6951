import EaselBase

/// Our strength (0 keeps the source, 1 follows the prompt) on the providers' scales. The directions are documented, the
/// arithmetic is ours (docs/providers/ideogram.md, 7).
package enum Influence {
    /// Runware's `strength` of 4.0: steps of 0.01.
    package static func runwareStrength(_ strength: Double) -> Double {
        (strength * 100).rounded() / 100
    }

    /// Runware's `remixStrength` of 3.0 and 1.0: 1 to 100, higher changes more.
    package static func remixStrength(_ strength: Double) -> Int {
        min(100, max(1, Int(saturating: (strength * 100).rounded())))
    }

    /// Ideogram's `image_weight`: 1 to 100, higher keeps the source.
    package static func imageWeight(_ strength: Double) -> Int {
        min(100, max(1, Int(saturating: (100 * (1 - strength)).rounded())))
    }

    /// Whether a strength lies on the providers' grid and inside their range, so that nothing is approximated.
    static func isExact(_ strength: Double, reached: Double) -> Bool {
        abs(strength - reached) < 1e-9
    }
}
