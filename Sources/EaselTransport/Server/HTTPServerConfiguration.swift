import EaselBase

/// Where a server listens and what it puts up with. Every limit protects the process from slow or hostile clients (S4).
package struct HTTPServerConfiguration: Sendable {
    /// A numeric address or a name that resolves to one.
    package var host: String
    /// 0 takes any free port.
    package var port: UInt16
    /// Connections that may wait in the kernel for being accepted.
    package var backlog: Int32
    /// The request line and all fields together, in bytes; more is answered 431.
    package var maxHeadBytes: Int
    /// From a connection's start, or from the first byte of a later request, to the end of the head. Absolute, so that
    /// a byte now and then does not prolong it; then 408.
    package var headTimeout: Duration
    /// How long a kept-alive connection may be idle between two requests.
    package var keepAliveTimeout: Duration
    /// The longest time without one byte while the server waits for a body.
    package var bodyIdleTimeout: Duration
    /// The longest time for one whole body; the time in which the handler did not read does not count.
    package var bodyTimeout: Duration
    /// The longest time without progress while an answer is written.
    package var writeTimeout: Duration
    /// How long the rest of an unread body is discarded after an early answer, so that the client can read it.
    package var lingerTimeout: Duration
    /// Open connections, all loops together; one more is answered 503 and closed.
    package var maxConnections: Int

    /// The defaults suit a gateway behind nothing else.
    package init(
        host: String = "127.0.0.1",
        port: UInt16 = 0,
        backlog: Int32 = 1024,
        maxHeadBytes: Int = 32 << 10,
        headTimeout: Duration = .seconds(10),
        keepAliveTimeout: Duration = .seconds(75),
        bodyIdleTimeout: Duration = .seconds(15),
        bodyTimeout: Duration = .seconds(120),
        writeTimeout: Duration = .seconds(30),
        lingerTimeout: Duration = .seconds(2),
        maxConnections: Int = 20_000
    ) {
        self.host = host
        self.port = port
        self.backlog = backlog
        self.maxHeadBytes = maxHeadBytes
        self.headTimeout = headTimeout
        self.keepAliveTimeout = keepAliveTimeout
        self.bodyIdleTimeout = bodyIdleTimeout
        self.bodyTimeout = bodyTimeout
        self.writeTimeout = writeTimeout
        self.lingerTimeout = lingerTimeout
        self.maxConnections = maxConnections
    }
}

/// Why a server could not start.
package enum HTTPServerError: Error, Sendable, Equatable, Explained {
    /// The host is no address and no name that can be resolved.
    case unknownHost(String)
    /// Another program, or another server of this process, listens there.
    case addressInUse(host: String, port: UInt16)
    /// The operating system refused; `reason` is its own text.
    case system(operation: String, reason: String)
    /// `start` was called twice, or the event loops have stopped.
    case notStartable

    /// A sentence for the operator.
    package var sentence: String {
        switch self {
        case .unknownHost(let host): "the host \(host) cannot be resolved"
        case .addressInUse(let host, let port): "\(host):\(port) is already in use by another program"
        case .system(let operation, let reason): "\(operation) failed: \(reason)"
        case .notStartable: "the server was started before, or its event loops have stopped"
        }
    }
}
