/// Turns numbers and texts into draws: uniform over all 64-bit numbers, and the same for the same input on every machine.
/// Not for secrets.
package enum Mixing {
    /// A bijection that spreads every input bit over all output bits (the finalizer of SplitMix64).
    package static func mix(_ value: UInt64) -> UInt64 {
        var bits = value &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A draw of its own for each purpose, from one draw of a call.
    package static func derive(_ draw: UInt64, _ purpose: StaticString) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        purpose.withUTF8Buffer { for byte in $0 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 } }
        return mix(draw ^ hash)
    }

    /// A draw from bytes that name something, such as a team or a picture.
    package static func draw(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return mix(hash)
    }
}
