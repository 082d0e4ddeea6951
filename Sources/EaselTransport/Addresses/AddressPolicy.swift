/// Which resolved addresses an exchange may reach (S3).
package enum AddressPolicy: Sendable {
    /// Every address: for the addresses that an operator configured.
    case any
    /// Public addresses, and those in the given ranges: for addresses that a caller or an answer named.
    case publicOnly(allow: [AddressRange])

    /// Whether this resolved address may be connected to.
    package func permits(_ address: IPAddress) -> Bool {
        switch self {
        case .any: true
        case .publicOnly(let allow):
            allow.contains { $0.contains(address) } || !SpecialAddresses.contains(address)
        }
    }
}

/// The addresses that are not the public internet, from the special-purpose registries of IANA (RFC 6890).
enum SpecialAddresses {
    private static let ranges: [AddressRange] = [
        "0.0.0.0/8",  // this network, unspecified
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  // private
        "100.64.0.0/10",  // carrier-grade NAT
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, cloud metadata
        "192.0.0.0/24",  // protocol assignments
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24",  // documentation
        "192.88.99.0/24",  // 6to4 relays
        "198.18.0.0/15",  // benchmarks
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved, broadcast
        "::/96",  // unspecified, loopback, v4-compatible
        "64:ff9b:1::/48",  // local NAT64
        "100::/64",  // discard
        "2001::/23",  // protocol assignments, Teredo among them
        "2001:db8::/32", "3fff::/20",  // documentation
        "5f00::/16",  // segment routing
        "fc00::/7",  // unique local
        "fe80::/10", "fec0::/10",  // link-local, site-local
        "ff00::/8",  // multicast
    ].compactMap(AddressRange.init)

    static func contains(_ address: IPAddress) -> Bool {
        if ranges.contains(where: { $0.contains(address) }) { return true }
        // A v6 address that carries a v4 address is as public as that one.
        guard let inner = address.embeddedV4 else { return false }
        return ranges.contains { $0.contains(inner) }
    }
}
