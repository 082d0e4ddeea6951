import EaselCore

/// Where the gateway listens: a numeric address and a port.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// IPv4 or IPv6, without brackets.
    package var host: String
    /// 0 lets the system choose.
    package var port: Int

    package init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` and `:8080` (every address of IPv4); nil for anything else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[colon...].dropFirst()
        var host = String(text[..<colon])
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let port = Int(digits), port < 65_536
        else { return nil }
        switch host {
        case "": host = "0.0.0.0"
        case "localhost": host = "127.0.0.1"
        default:
            let bracketed = host.hasPrefix("[") && host.hasSuffix("]")
            if bracketed { host = String(host.dropFirst().dropLast()) }
            // Without brackets, the last group of an IPv6 address would be taken for the port.
            guard IPNetwork.bytes(of: host)?.count == (bracketed ? 16 : 4) else { return nil }
        }
        self.init(host: host, port: port)
    }

    /// `127.0.0.1:8080`, `[::1]:8080`.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
