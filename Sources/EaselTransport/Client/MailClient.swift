import EaselBase

/// One message for a mail server.
package struct MailRequest: Sendable {
    /// `smtp://HOST:PORT`, or `smtps://HOST:PORT` for TLS from the first byte.
    package var server: String
    /// Addresses of the envelope, without names.
    package var from: String
    package var to: [String]
    package var user: String?
    package var password: String?
    /// The whole message with its header, lines ended by CRLF.
    package var message: [UInt8]
    package var timeout: Duration

    package init(
        server: String,
        from: String,
        to: [String],
        user: String? = nil,
        password: String? = nil,
        message: [UInt8],
        timeout: Duration = .seconds(10)
    ) {
        self.server = server
        self.from = from
        self.to = to
        self.user = user
        self.password = password
        self.message = message
        self.timeout = timeout
    }
}

/// Why a mail server did not take a message.
package struct MailError: Error, Sendable, Hashable, Explained {
    /// Names the host and the server's reply, never the password.
    package let detail: String
    /// The server's last reply, such as 550; nil before one came.
    package let status: Int?

    package var sentence: String { detail }

    package init(detail: String, status: Int?) {
        self.detail = detail
        self.status = status
    }

    /// Whether a repeat would get the same answer (RFC 5321, 4.2.1).
    package var isPermanent: Bool { status.map { (500..<600).contains($0) } ?? false }
}

/// Hands mails to a server by SMTP, a few at a time: libcurl does the talking.
package final class MailClient: Sendable {
    /// A mail holds its thread up for as long as the server takes.
    private static let worker = ThreadPoolExecutor(name: "easel-mail", threads: 4)

    package init() {}

    /// Returns when the server has taken the message.
    ///
    /// With a user, and where the server offers it without one, the connection is secured by STARTTLS.
    package func send(_ request: MailRequest) async throws(MailError) {
        try await Self.worker.run { () throws(MailError) in try CurlMail.send(request) }
    }
}
