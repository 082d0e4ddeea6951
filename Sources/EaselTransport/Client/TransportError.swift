/// Why an exchange brought no whole response.
package struct TransportError: Error, Sendable {
    /// What went wrong, as far as a caller has to tell it apart.
    package enum Kind: String, Sendable, CaseIterable {
        /// The URL or a field cannot be sent.
        case badURL
        /// The name could not be resolved.
        case dns
        /// Nobody accepted the connection.
        case connect
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
        /// Every address of the name is refused by the `AddressPolicy` (S3).
        case addressNotAllowed
        /// The task was cancelled.
        case cancelled
        /// Anything else, such as a stopped event loop.
        case other
    }

    /// What went wrong.
    package var kind: Kind
    /// Could any byte of the request have left this process? False only when that is certain (R3, R4).
    package var sent: Bool
    /// What was measured until it failed.
    package var timings: HTTPTimings
    /// For logs: names hosts and limits, never a path, a query, a field value or a body (S2).
    package var detail: String

    /// An error, for doubles in tests too.
    package init(kind: Kind, sent: Bool, timings: HTTPTimings = HTTPTimings(), detail: String = "") {
        self.kind = kind
        self.sent = sent
        self.timings = timings
        self.detail = detail
    }
}

extension TransportError: CustomStringConvertible {
    /// Kind, side of the sending, and detail: one line for logs.
    package var description: String {
        "\(kind.rawValue), \(sent ? "after" : "before") sending: \(detail)"
    }
}
