import EaselBase
import EaselTransport

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
    /// How long after a client has closed its direction, and then how often, it is found out whether it still waits.
    package var probeInterval: Duration
    /// Open connections, all loops together. When they are nearly used up, idle ones over which no valid key ever came
    /// go, the oldest first; one more than the limit is answered 503 and closed.
    package var maxConnections: Int
    /// Connections of one address (of one /64 in version 6) over which no valid key has come yet, all loops together.
    package var maxKeylessPerAddress: Int
    /// Request targets that are answered also beyond the limits: how a process is watched.
    package var reservedTargets: Set<String>
    /// Bytes of a body that are held until the handler takes them; the socket is not read meanwhile. At least 1.
    package var maxUnreadBodyBytes: Int
    /// Bytes that are held of requests which came before the present one was answered.
    package var maxPendingBytes: Int

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
        probeInterval: Duration = .seconds(10),
        maxConnections: Int = 20_000,
        maxKeylessPerAddress: Int? = nil,
        reservedTargets: Set<String> = [],
        maxUnreadBodyBytes: Int = 256 << 10,
        maxPendingBytes: Int = 64 << 10
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
        self.probeInterval = probeInterval
        self.maxConnections = maxConnections
        // The other half is for everybody else.
        self.maxKeylessPerAddress = maxKeylessPerAddress ?? max(1, maxConnections / 2)
        self.reservedTargets = reservedTargets
        self.maxUnreadBodyBytes = maxUnreadBodyBytes
        self.maxPendingBytes = maxPendingBytes
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
