/// What all exchanges of one client have in common.
package struct HTTPClientConfiguration: Sendable {
    /// Open connections to one host, for each event loop; further exchanges wait for a free one. At least 1.
    package var maxConnectionsPerHost: Int
    /// Kept-alive connections for each event loop, all hosts together.
    package var maxIdleConnections: Int
    /// How long a connection may lie unused and still be taken again. Below the idle timeout of usual servers, so that
    /// a request rarely meets a connection that is just being closed.
    package var maxIdleAge: Duration
    /// HTTP/2 where the server offers it (ALPN); plain `http` is always HTTP/1.1.
    package var allowsHTTP2: Bool
    /// Sent as `User-Agent` unless the request names one.
    package var userAgent: String
    /// A file of trusted certificate authorities (PEM) in place of the system's.
    package var certificateAuthorityFile: String?
    /// A proxy's URL. The environment's proxy variables are never read. An exchange whose policy is `publicOnly` goes
    /// without the proxy, because the resolved address could not be judged behind it.
    package var proxy: String?

    /// The defaults suit a provider's API.
    package init(
        maxConnectionsPerHost: Int = 128,
        maxIdleConnections: Int = 256,
        maxIdleAge: Duration = .seconds(50),
        allowsHTTP2: Bool = true,
        userAgent: String = "easel",
        certificateAuthorityFile: String? = nil,
        proxy: String? = nil
    ) {
        self.maxConnectionsPerHost = maxConnectionsPerHost
        self.maxIdleConnections = maxIdleConnections
        self.maxIdleAge = maxIdleAge
        self.allowsHTTP2 = allowsHTTP2
        self.userAgent = userAgent
        self.certificateAuthorityFile = certificateAuthorityFile
        self.proxy = proxy
    }
}
