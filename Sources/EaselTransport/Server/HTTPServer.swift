package import EaselBase

/// An HTTP/1.1 server on the event loops of a group.
package final class HTTPServer: Sendable {
    private let group: EventLoopGroup

    package init(
        group: EventLoopGroup,
        configuration: HTTPServerConfiguration,
        log: Log,
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) {
        self.group = group
    }

    package func start() throws -> UInt16 { throw HTTPServerError.notStartable }
    package func drain(grace: Duration) async {}
    package var openConnections: Int { 0 }
    package var requestsInFlight: Int { 0 }
}
