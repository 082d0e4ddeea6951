/// An HTTP client on the event loops of a group.
package final class HTTPClient: Sendable {
    private let group: EventLoopGroup
    private let configuration: HTTPClientConfiguration

    package init(group: EventLoopGroup, configuration: HTTPClientConfiguration = .init()) {
        self.group = group
        self.configuration = configuration
    }

    /// Performs one exchange.
    package func execute(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
        throw TransportError(kind: .other, sent: false)
    }
}
