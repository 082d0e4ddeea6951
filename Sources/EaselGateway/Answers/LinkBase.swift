import EaselCore
import EaselServer
import EaselTransport

/// What links in an answer begin with.
///
/// The configured address; without one what a proxy says that the operator trusts; otherwise the address of the connection
/// that the request came on, which nobody can make up. A caller's `Host` is never believed: an answer is kept for those who
/// ask again, and its links must not lead to a place that somebody else has chosen.
struct LinkBase: Sendable {
    /// Without a slash at the end.
    var publicURL: String?
    var trustedProxies: [AddressRange] = []

    func text(of request: ServerRequest) -> String {
        text(peer: request.peerAddress, local: request.localAddress, request.fields)
    }

    /// `peer`: an address without port; `local`: with it, such as `127.0.0.1:8080` or `[::1]:8080`; empty where unknown.
    func text(peer: String, local: String, _ fields: HTTPFields) -> String {
        if let publicURL { return publicURL }
        let own = local.isEmpty ? "" : "http://\(local)"
        guard let peer = IPAddress(peer), trustedProxies.contains(where: { $0.contains(peer) }) else { return own }
        return Self.forwarded(fields) ?? own
    }

    /// What the nearest proxy says: the last value, for a caller may have sent some before it. Nil where nothing sound is
    /// said.
    private static func forwarded(_ fields: HTTPFields) -> String? {
        let standard = last("Forwarded", fields).map(pairs) ?? [:]
        let host = standard["host"] ?? last("X-Forwarded-Host", fields) ?? last("Host", fields)
        let scheme = (standard["proto"] ?? last("X-Forwarded-Proto", fields) ?? "http").lowercased()
        guard var host, isHost(host), ["http", "https"].contains(scheme) else { return nil }
        let port = last("X-Forwarded-Port", fields).flatMap { UInt16($0) }
        if let port, !hasPort(host), port != (scheme == "https" ? 443 : 80) { host += ":\(port)" }
        return "\(scheme)://\(host)"
    }

    private static func last(_ name: String, _ fields: HTTPFields) -> String? {
        guard let value = fields.values(of: name).last else { return nil }
        let text = elements(value, ",").last?.trimmingSpaces() ?? ""
        return text.isEmpty ? nil : text
    }

    /// `for=192.0.2.1;host="a.example:81";proto=https` (RFC 7239, 4).
    private static func pairs(_ element: String) -> [String: String] {
        var pairs: [String: String] = [:]
        for part in elements(element, ";") {
            guard let sign = part.firstIndex(of: "=") else { continue }
            var value = part[part.index(after: sign)...].trimmingSpaces()
            if value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") {
                value = String(value.dropFirst().dropLast())
            }
            pairs[part[..<sign].trimmingSpaces().lowercased()] = value
        }
        return pairs
    }

    /// Split outside of quotes.
    private static func elements(_ text: String, _ separator: Character) -> [Substring] {
        var parts: [Substring] = []
        var isQuoted = false
        var start = text.startIndex
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            guard text[index] == separator, !isQuoted else { continue }
            parts.append(text[start..<index])
            start = text.index(after: index)
        }
        return parts + [text[start...]]
    }

    private static func hasPort(_ host: String) -> Bool {
        guard let colon = host.lastIndex(of: ":") else { return false }
        return !host[colon...].contains("]")
    }

    /// A name or an address, with or without a port, and nothing that would end the authority of a URL.
    static func isHost(_ text: String) -> Bool {
        guard (1...255).contains(text.utf8.count), !text.hasPrefix(":") else { return false }
        return text.utf8.allSatisfy { byte in
            (48...58).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 91, 93, 95].contains(byte)
        }
    }
}
