/// Turns numbers and texts into draws: uniform over all 64-bit numbers, and the same for the same input on every machine.
/// Not for secrets.
package enum Mixing {
    /// A bijection that spreads every input bit over all output bits (the finalizer of SplitMix64).
    package static func mix(_ value: UInt64) -> UInt64 { spread(value &+ step) }

    /// The same of the n-th number after a seed.
    package static func mix(_ seed: UInt64, turn: Int) -> UInt64 { spread(seed &+ UInt64(turn) &* step) }

    /// Steps of this size visit every number before one comes again (SplitMix64's).
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func spread(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A draw of its own for each purpose, from one draw of a call.
    package static func derive(_ draw: UInt64, _ purpose: StaticString) -> UInt64 {
        mix(draw ^ purpose.withUTF8Buffer { hash($0) })
    }

    /// A draw from bytes that name something, such as a team or an image.
    package static func draw(_ bytes: some Sequence<UInt8>) -> UInt64 { mix(hash(bytes)) }

    /// A number for bytes (FNV-1a).
    package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
}
