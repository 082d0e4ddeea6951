import EaselBase
import Foundation

/// A range of IP addresses as `ADDRESS/BITS`, such as `127.0.0.0/8` or `fd00::/8`.
package struct IPNetwork: Sendable, Hashable, CustomStringConvertible {
    /// The first address of the range: 4 bytes (IPv4) or 16 (IPv6), in network order.
    package let address: [UInt8]
    /// How many leading bits an address must share with it.
    package let prefixLength: Int
    /// As it was written.
    package let description: String

    /// Nil when the text is no address with a length, or when bits are set behind the length: then it is not clear
    /// what was meant. A bare address is a range of one.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = Self.bytes(of: String(parts[0])) else { return nil }
        var length = address.count * 8
        if parts.count == 2 {
            guard (1...3).contains(parts[1].count), parts[1].allSatisfy(\.isASCIIDigit), let bits = Int(parts[1]),
                bits <= length
            else { return nil }
            length = bits
        }
        self.address = address
        prefixLength = length
        description = text
        guard masked(address) == address else { return nil }
    }

    /// Whether an address of 4 or 16 bytes lies in the range.
    package func contains(_ candidate: [UInt8]) -> Bool {
        candidate.count == address.count && masked(candidate) == address
    }

    /// The 4 or 16 bytes of a numeric address; nil for names and anything else.
    package static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var sixteen = in6_addr()
        if inet_pton(AF_INET6, text, &sixteen) == 1 { return withUnsafeBytes(of: &sixteen) { Array($0) } }
        return nil
    }

    private func masked(_ bytes: [UInt8]) -> [UInt8] {
        bytes.enumerated()
            .map { index, byte in
                let kept = min(8, max(0, prefixLength - index * 8))
                return byte & UInt8(truncatingIfNeeded: 0xFF00 >> kept)
            }
    }
}
