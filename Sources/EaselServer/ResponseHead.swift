import EaselTransport

/// Writes the status line and the fields of an answer.
struct ResponseHead {
    /// How the client learns where the body ends.
    enum Framing: Equatable {
        case length(Int)
        case chunked
        /// The connection's end is the body's end.
        case untilClose
        /// A status that has no body by definition.
        case none
    }

    let status: Int
    let fields: HTTPFields
    let framing: Framing
    let closes: Bool
    /// The client speaks HTTP/1.0 and must be told that the connection stays open.
    let tellsKeepAlive: Bool

    /// Room for `extra` bytes of body is reserved behind the head.
    func encoded(date: [UInt8], reserving extra: Int = 0) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192 + fields.pairs.count * 48 + extra)
        bytes += "HTTP/1.1 ".utf8
        bytes.appendDecimal(status)
        bytes.append(0x20)
        bytes += StatusText.reason(of: status).utf8
        bytes += "\r\nDate: ".utf8
        bytes += date
        for (name, value) in fields.pairs where !Self.isOurs(name) && HTTPSyntax.isToken(name) {
            bytes += "\r\n".utf8
            bytes += name.utf8
            bytes += ": ".utf8
            bytes.appendFieldValue(value)
        }
        switch framing {
        case .length(let length):
            bytes += "\r\nContent-Length: ".utf8
            bytes.appendDecimal(length)
        case .chunked: bytes += "\r\nTransfer-Encoding: chunked".utf8
        case .untilClose, .none: break
        }
        if closes {
            bytes += "\r\nConnection: close".utf8
        } else if tellsKeepAlive {
            bytes += "\r\nConnection: keep-alive".utf8
        }
        bytes += "\r\n\r\n".utf8
        return bytes
    }

    private static func isOurs(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: HTTPSyntax.equalIgnoringCase(name, "date")
        case 10: HTTPSyntax.equalIgnoringCase(name, "connection")
        case 14: HTTPSyntax.equalIgnoringCase(name, "content-length")
        case 17: HTTPSyntax.equalIgnoringCase(name, "transfer-encoding")
        default: false
        }
    }

    /// Statuses that never have a body (RFC 9110, 6.4.1).
    static func hasNoBody(_ status: Int) -> Bool {
        status == 204 || status == 304
    }
}

extension [UInt8] {
    fileprivate mutating func appendDecimal(_ number: Int) {
        self += String(number).utf8
    }

    /// Control characters become spaces, so that a value can never begin a new field (message splitting).
    fileprivate mutating func appendFieldValue(_ text: String) {
        let start = count
        self += text.utf8
        for index in start..<count where self[index] < 0x20 && self[index] != 0x09 || self[index] == 0x7F {
            self[index] = 0x20
        }
    }

    /// The bytes as one chunk of a chunked body; an empty piece has no chunk, because that would be the end.
    var asChunk: [UInt8] {
        if isEmpty { return [] }
        var chunk = Array(String(count, radix: 16).utf8)
        chunk.reserveCapacity(count + 12)
        chunk += "\r\n".utf8
        chunk += self
        chunk += "\r\n".utf8
        return chunk
    }
}
