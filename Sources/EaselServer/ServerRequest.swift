package import EaselBase
package import EaselTransport

/// One request as a server received it: its head, and its body to be read.
package final class ServerRequest: Sendable {
    /// The method in capitals.
    package let method: String
    /// The request target as it was sent.
    package let target: String
    /// The path, percent-decoded; an encoded slash stays `%2F`. Always begins with a slash, or is `*`.
    package let path: String
    /// The query's pairs in order, decoded (`+` is a space).
    package let query: [(name: String, value: String)]
    /// The header fields in their order.
    package let fields: HTTPFields
    /// The client's address without its port.
    package let peerAddress: String
    /// The address and port that the client's connection came to, as the authority of a URL has them.
    package let localAddress: String
    /// The body, to be read as it comes.
    package let body: ServerRequestBody
    /// The loop that owns the connection; the handler's task runs there unless it goes elsewhere itself.
    package let loop: EventLoop
    /// When the head was complete.
    package let receivedAt: SteadyInstant
    private let known: @Sendable () -> Void

    init(
        method: String,
        target: RequestTarget,
        fields: HTTPFields,
        peerAddress: String,
        localAddress: String,
        body: ServerRequestBody,
        loop: EventLoop,
        known: @escaping @Sendable () -> Void
    ) {
        self.method = method
        self.target = target.raw
        path = target.path
        query = target.query
        self.fields = fields
        self.peerAddress = peerAddress
        self.localAddress = localAddress
        self.body = body
        self.loop = loop
        self.known = known
        receivedAt = .now
    }

    /// Says that the request came with a valid key: its connection is not among the first to go when there are too many.
    package func clientIsKnown() {
        known()
    }

    /// The first value of a query parameter.
    package func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}

/// A request target, taken apart.
struct RequestTarget {
    let raw: String
    let path: String
    let query: [(name: String, value: String)]

    /// Nil for a target that is neither a path nor an absolute URL nor `*`, or whose escapes are broken.
    init?(_ raw: String) {
        self.raw = raw
        var rest = raw.utf8[...]
        if rest.first != 0x2F, raw != "*" {
            // The absolute form (RFC 9112, 3.2.2): scheme and authority are dropped, `Host` stands in the fields.
            guard raw.hasPrefix("http://") || raw.hasPrefix("https://"), let colon = rest.firstIndex(of: 0x3A) else {
                return nil
            }
            let authority = rest.index(colon, offsetBy: 3)
            rest = rest[authority...].drop { $0 != 0x2F && $0 != 0x3F }
        }
        let mark = rest.firstIndex(of: 0x3F)
        let rawPath = rest[..<(mark ?? rest.endIndex)]
        guard let decoded = HTTPSyntax.percentDecoded(rawPath, form: false) else { return nil }
        path = decoded.isEmpty ? "/" : decoded
        var pairs: [(name: String, value: String)] = []
        if let mark {
            for part in rest[rest.index(after: mark)...].split(separator: 0x26) {
                let sign = part.firstIndex(of: 0x3D)
                let rawValue = sign.map { part[part.index(after: $0)...] } ?? part[part.endIndex...]
                guard let name = HTTPSyntax.percentDecoded(part[..<(sign ?? part.endIndex)], form: true),
                    let value = HTTPSyntax.percentDecoded(rawValue, form: true)
                else { return nil }
                pairs.append((name: name, value: value))
            }
        }
        query = pairs
    }
}
