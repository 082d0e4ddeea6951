import EaselBase
import EaselServer
import EaselTransport

/// One request to a simulated provider, body and all.
struct SandboxCall: Sendable {
    let method: String
    /// Below the provider's base: `/v1` for Runware, `/v1/ideogram-v4/remix` and so on for Ideogram.
    let path: String
    let query: [(name: String, value: String)]
    let fields: HTTPFields
    let body: [UInt8]
    let receivedAt: Timestamp
}

/// What the simulated provider answers, before it is put on the wire.
struct SandboxReply: Sendable {
    var status: Int
    var fields = HTTPFields()
    var body: [UInt8]
    var delivery = Delivery.whole
    /// For the journal: what was asked for.
    var model: String?

    /// How the answer reaches the client.
    enum Delivery: Sendable, Equatable {
        case whole
        /// The connection is reset without a byte.
        case reset
        /// Nothing ever comes; the client must give up by itself.
        case hang
        /// Half of the body, then the connection is closed, against the promised length.
        case cutOff
        /// One byte at a time with this pause between.
        case drip(Duration)
    }

    static func json(_ value: JSONValue, status: Int = 200) -> SandboxReply {
        bytes((try? JSON.encode(value, sorted: true)) ?? [], type: "application/json", status: status)
    }

    static func bytes(_ bytes: [UInt8], type: String, status: Int = 200) -> SandboxReply {
        SandboxReply(status: status, fields: HTTPFields([("Content-Type", type)]), body: bytes)
    }

    /// What a proxy between client and provider might say: no JSON at all.
    static func html(_ title: String, status: Int) -> SandboxReply {
        let page = "<html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>"
        return bytes(Array(page.utf8), type: "text/html; charset=utf-8", status: status)
    }

    /// A page of somebody between client and provider, a firewall or a proxy, with whatever status it likes.
    static func page(_ status: Int, retryAfter: Int? = nil) -> SandboxReply {
        var reply = html("Error \(status)", status: status)
        reply.fields["Server"] = "edge"
        if let retryAfter { reply.fields["Retry-After"] = "\(retryAfter)" }
        return reply
    }

    /// The answer as the server sends it.
    var response: ServerResponse {
        switch delivery {
        case .whole:
            return ServerResponse(status: status, fields: fields, body: .bytes(body))
        case .reset:
            return ServerResponse(status: status, body: .scripted(declaredLength: nil, [.reset]))
        case .hang:
            return ServerResponse(
                status: status,
                body: .scripted(declaredLength: nil, [.wait(.seconds(3600)), .reset])
            )
        case .cutOff:
            let half = Array(body.prefix(body.count / 2))
            return ServerResponse(
                status: status,
                fields: fields,
                body: .scripted(declaredLength: body.count, [.write(half), .close])
            )
        case .drip(let pause):
            var steps: [ResponseStep] = []
            // A long body would drip for hours: its pieces grow so that there are at most two thousand.
            let piece = max(1, body.count / 2000)
            for start in stride(from: 0, to: body.count, by: piece) {
                steps.append(.write(Array(body[start..<min(start + piece, body.count)])))
                steps.append(.wait(pause))
            }
            return ServerResponse(
                status: status,
                fields: fields,
                body: .scripted(declaredLength: body.count, steps)
            )
        }
    }
}
