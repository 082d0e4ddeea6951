/// How long each phase of an exchange took. A phase that did not happen is nil: on a reused connection there is no
/// name to look up and nothing to connect.
package struct HTTPTimings: Sendable, Equatable {
    /// Looking up the name.
    package var dns: Duration?
    /// Connecting, from the address to the open socket.
    package var connect: Duration?
    /// The TLS handshake.
    package var tls: Duration?
    /// From the request's last byte given to the socket to the first byte of the answer.
    package var firstByte: Duration?
    /// From the first byte of the answer to its last.
    package var body: Duration?
    /// The whole exchange, waiting for a free connection included.
    package var total: Duration?

    /// The phases that are known.
    package init(
        dns: Duration? = nil,
        connect: Duration? = nil,
        tls: Duration? = nil,
        firstByte: Duration? = nil,
        body: Duration? = nil,
        total: Duration? = nil
    ) {
        self.dns = dns
        self.connect = connect
        self.tls = tls
        self.firstByte = firstByte
        self.body = body
        self.total = total
    }
}
