import EaselBase
import Foundation

/// The sandbox's only source of chance, so that a seed replays a run as far as threads allow.
final class Chance: Sendable {
    private let state: Locked<UInt64>

    init(seed: UInt64) { state = Locked(seed) }

    /// SplitMix64.
    func next() -> UInt64 {
        state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// From 0 up to, but not including, 1.
    func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// What the providers call a seed: positive and 31 bits long.
    func imageSeed() -> Int { Int(next() & 0x7FFF_FFFF) }

    func duration(in range: ClosedRange<Duration>) -> Duration {
        range.lowerBound + (range.upperBound - range.lowerBound) * fraction()
    }

    /// A version 4 UUID in the lower-case spelling. These must be unique even between two sandboxes with one seed.
    static func uuid() -> String { UUID().text }
}
