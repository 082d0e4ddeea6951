import EaselBase

/// Why an exchange brought no whole response.
package struct TransportError: Error, Sendable, Explained {
    /// What went wrong, as far as a caller has to tell it apart.
    package enum Kind: String, Sendable, CaseIterable {
        /// The URL or a field cannot be sent.
        case badURL
        /// The name could not be resolved.
        case dns
        /// No connection could be made: no way there, or it broke off.
        case connect
        /// The host is there, and nobody accepts connections at this port.
        case refused
        /// The TLS handshake or the certificate failed.
        case tls
        case connectTimeout
        case firstByteTimeout
        case totalTimeout
        /// Closed or reset before a whole response had arrived.
        case reset
        /// The body, or the head, is larger than allowed.
        case responseTooLarge
        /// The answer is no valid HTTP.
        case malformedResponse
        /// The body is packed in a way that is not unpacked here (`br`, `zstd`).
        case contentEncoding
        /// Every address of the name is refused by the `AddressPolicy` (S3).
        case addressNotAllowed
        /// The server's own word is that it has not looked at the request (HTTP/2; RFC 9113, 8.7).
        case notProcessed
        /// The task was cancelled.
        case cancelled
        /// Anything else, such as a stopped event loop.
        case other
    }

    /// What went wrong.
    package var kind: Kind
    /// Could anybody have acted on the request? False only when that is certain: no byte of it left this process, or its
    /// server says that it has not processed it (R3, R4).
    package var sent: Bool
    /// What was measured until it failed.
    package var timings: HTTPTimings
    /// For logs: names hosts and limits, never a path, a query, a field value or a body (S2).
    package var detail: String

    /// The kind in words, and the detail where it adds something.
    package var sentence: String { detail.isEmpty ? kind.words : "\(kind.words): \(detail)" }

    /// An error, for doubles in tests too.
    package init(kind: Kind, sent: Bool, timings: HTTPTimings = HTTPTimings(), detail: String = "") {
        self.kind = kind
        self.sent = sent
        self.timings = timings
        self.detail = detail
    }
}

extension TransportError.Kind {
    /// A clause for people.
    package var words: String {
        switch self {
        case .badURL: "the URL cannot be used"
        case .dns: "the name of the server is not found"
        case .connect: "no connection to the server could be made"
        case .refused: "the server refused the connection"
        case .tls: "no secure connection could be made (TLS), or the certificate is not valid"
        case .connectTimeout: "no connection was made in time"
        case .firstByteTimeout: "the server did not begin to answer in time"
        case .totalTimeout: "the answer was not there in time"
        case .reset: "the connection was closed before the answer was there"
        case .responseTooLarge: "the answer is larger than allowed"
        case .malformedResponse: "the answer is no valid HTTP"
        case .contentEncoding: "the answer is packed in a way that is not known here"
        case .addressNotAllowed: "the address is not public, and not allowed"
        case .notProcessed: "the server did not take the request"
        case .cancelled: "it was interrupted"
        case .other: "the request could not be carried out"
        }
    }
}

extension TransportError: CustomStringConvertible {
    /// Kind, side of the sending, and detail: one line for logs.
    package var description: String {
        "\(kind.rawValue), \(sent ? "after" : "before") sending: \(detail)"
    }
}
