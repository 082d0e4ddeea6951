import EaselBase
package import EaselTransport

/// One thing that a scripted answer does. For simulators that misbehave on demand.
package enum ResponseStep: Sendable, Equatable {
    /// Sends bytes of the body. The first one sends status line and fields before them, `write([])` these alone.
    case write([UInt8])
    /// Sends bytes as they are: no head, no chunk framing. For answers that are no HTTP.
    case raw([UInt8])
    /// Does nothing for a while.
    case wait(Duration)
    /// Resets the connection (RST): what was sent and not read yet is lost.
    case reset
    /// Closes the connection in order (FIN), whatever was promised.
    case close
}

/// What a handler answers.
package struct ServerResponse: Sendable {
    /// What follows the head.
    package enum Body: Sendable {
        case bytes([UInt8])
        /// The steps in turn. The head leaves with the first `write`; with no write at all it leaves at the end, unless
        /// `reset` or `close` came first: then nothing is sent. A nil length is sent chunked to an HTTP/1.1 client.
        /// With a length that the steps do not fill, the connection is closed at the end: truncated, for the client.
        case scripted(declaredLength: Int?, [ResponseStep])
        /// Pieces as they come, until their writer ends the answer or the client leaves. Chunked to an HTTP/1.1 client.
        case streamed(StreamedAnswer)
    }

    /// 200 to 999.
    package var status: Int
    /// `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` are the server's own and are replaced.
    package var fields: HTTPFields
    /// What follows the head.
    package var body: Body
    /// Close the connection after this answer.
    package var closeAfter: Bool

    /// An answer from its parts.
    package init(
        status: Int,
        fields: HTTPFields = HTTPFields(),
        body: Body = .bytes([]),
        closeAfter: Bool = false
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closeAfter = closeAfter
    }

    /// An answer with bytes of a named media type.
    package static func bytes(
        _ bytes: [UInt8],
        type: String,
        status: Int = 200,
        fields: HTTPFields = HTTPFields()
    ) -> ServerResponse {
        var all = HTTPFields([("Content-Type", type)])
        for (name, value) in fields.pairs { all.add(name, value) }
        return ServerResponse(status: status, fields: all, body: .bytes(bytes))
    }

    /// An answer with JSON that is already encoded.
    package static func json(
        _ bytes: [UInt8],
        status: Int = 200,
        fields: HTTPFields = HTTPFields()
    ) -> ServerResponse {
        self.bytes(bytes, type: "application/json", status: status, fields: fields)
    }

    /// An answer with plain text.
    package static func text(_ text: String, status: Int = 200) -> ServerResponse {
        bytes(Array(text.utf8), type: "text/plain; charset=utf-8", status: status)
    }

    /// No body at all.
    package static func empty(status: Int = 204, fields: HTTPFields = HTTPFields()) -> ServerResponse {
        ServerResponse(status: status, fields: fields)
    }

    /// A plain problem document (RFC 9457), as the server answers what never reaches a handler.
    package static func problem(status: Int, code: String, detail: String? = nil) -> ServerResponse {
        var text = "{\"type\":\"about:blank\",\"title\":"
        text.appendJSONString(StatusText.reason(of: status))
        text += ",\"status\":\(status),\"code\":"
        text.appendJSONString(code)
        if let detail {
            text += ",\"detail\":"
            text.appendJSONString(detail)
        }
        text += "}"
        return bytes(Array(text.utf8), type: "application/problem+json", status: status)
    }

    /// The problem document that fits a body that could not be read.
    package static func problem(for error: ServerRequestBody.BodyError) -> ServerResponse {
        switch error {
        case .tooLarge(let limit):
            problem(status: 413, code: "too_large", detail: "the body is larger than \(limit) bytes")
        case .tooSlow: problem(status: 408, code: "request_timeout", detail: "the body came too slowly")
        case .clientGone: problem(status: 400, code: "invalid_request", detail: "the body is incomplete")
        case .malformed: problem(status: 400, code: "invalid_request", detail: "the body's framing is malformed")
        }
    }
}
