import EaselBase
package import EaselServer
import EaselTransport

/// A server on the loopback for one test.
package struct LocalServer: Sendable {
    package let port: UInt16
    private let server: HTTPServer

    /// `http://127.0.0.1:PORT`
    package var origin: String { "http://127.0.0.1:\(port)" }

    /// Runs `body` beside a server that answers with `handler`.
    package static func with<Result>(
        _ handler: @escaping @Sendable (ServerRequest) async -> ServerResponse,
        _ body: (LocalServer) async throws -> Result
    ) async throws -> Result {
        let server = HTTPServer(
            group: TestLoops.group,
            configuration: HTTPServerConfiguration(),
            log: .silent,
            handler: handler
        )
        let local = LocalServer(port: try server.start(), server: server)
        do {
            let result = try await body(local)
            await server.drain(grace: .zero)
            return result
        } catch {
            await server.drain(grace: .zero)
            throw error
        }
    }
}
