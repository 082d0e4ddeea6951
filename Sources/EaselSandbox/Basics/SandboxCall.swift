package import EaselBase
import EaselServer
package import EaselTransport

/// One request to a simulated provider, body and all.
package struct SandboxCall: Sendable {
    package let method: String
    /// Below the provider's name: `/v1` for Runware, `/v1/ideogram-v4/remix` and so on for Ideogram.
    package let path: String
    package let query: [(name: String, value: String)]
    package let fields: HTTPFields
    package let body: [UInt8]
    package let receivedAt: Timestamp
}

/// What the simulated provider answers, before it is put on the wire.
package struct SandboxReply: Sendable {
    package var status: Int
    package var fields: HTTPFields
    package var body: [UInt8]
    package var delivery: Delivery
    /// For the journal: what was asked for.
    package var model: String?

    package init(
        status: Int,
        fields: HTTPFields = HTTPFields(),
        body: [UInt8],
        delivery: Delivery = .whole,
        model: String? = nil
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.delivery = delivery
        self.model = model
    }

    /// How the answer reaches the client.
    package enum Delivery: Sendable, Equatable {
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

    package static func json(_ value: JSONValue, status: Int = 200) -> SandboxReply {
        bytes((try? JSON.encode(value, sorted: true)) ?? [], type: "application/json", status: status)
    }

    package static func bytes(_ bytes: [UInt8], type: String, status: Int = 200) -> SandboxReply {
        SandboxReply(status: status, fields: HTTPFields([("Content-Type", type)]), body: bytes)
    }

    /// What a proxy between client and provider might say: no JSON at all.
    package static func html(_ title: String, status: Int) -> SandboxReply {
        let page = "<html><head><title>\(title)</title></head><body><h1>\(title)</h1></body></html>"
        return bytes(Array(page.utf8), type: "text/html; charset=utf-8", status: status)
    }

    /// A page of somebody between client and provider, a firewall or a proxy, with whatever status it likes.
    package static func page(_ status: Int, retryAfter: Int? = nil) -> SandboxReply {
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
