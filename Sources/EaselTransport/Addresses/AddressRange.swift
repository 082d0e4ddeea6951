/// A range of addresses in the CIDR spelling, version 4 or 6.
package struct AddressRange: Sendable, Hashable {
    /// The first address, with every bit behind the prefix zero.
    package let base: IPAddress
    /// The number of leading bits that count.
    package let prefixLength: Int

    /// Reads `10.0.0.0/8`, `fd00::/8`, or one address alone; nil when it is neither or bits behind the prefix are set.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, !first.contains("%"), let base = IPAddress(first) else {
            return nil
        }
        let bits = base.bytes.count * 8
        var length = bits
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(parts[1]), number <= bits
            else { return nil }
            length = number
        }
        self.base = base
        prefixLength = length
        for bit in length..<bits where base.bytes[bit / 8] & (0x80 >> UInt8(bit % 8)) != 0 { return nil }
    }

    /// Whether an address lies in the range. A v4-mapped v6 address counts as its v4 address too.
    package func contains(_ address: IPAddress) -> Bool {
        if address.bytes.count == base.bytes.count { return matches(address.bytes) }
        guard base.bytes.count == 4, let mapped = address.mappedV4 else { return false }
        return matches(mapped.bytes)
    }

    private func matches(_ bytes: [UInt8]) -> Bool {
        let whole = prefixLength / 8
        guard bytes[0..<whole] == base.bytes[0..<whole] else { return false }
        let rest = prefixLength % 8
        guard rest > 0 else { return true }
        return (bytes[whole] ^ base.bytes[whole]) >> UInt8(8 - rest) == 0
    }
}

extension AddressRange: CustomStringConvertible {
    /// The CIDR spelling.
    package var description: String { "\(base)/\(prefixLength)" }
}

extension IPAddress {
    /// The version 4 address of `::ffff:a.b.c.d`, which the socket layer treats as the same destination.
    package var mappedV4: IPAddress? {
        guard bytes.count == 16, bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF else {
            return nil
        }
        return IPAddress(bytes: Array(bytes[12...]))
    }
}
