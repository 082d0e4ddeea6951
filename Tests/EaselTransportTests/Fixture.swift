import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing

/// A server and a client on event loops of their own, for the length of a test.
struct Fixture: Sendable {
    let group: EventLoopGroup
    let server: HTTPServer
    let client: HTTPClient
    let port: UInt16

    var url: String { "http://127.0.0.1:\(port)" }

    func get(_ path: String = "/", timeouts: HTTPTimeouts = HTTPTimeouts()) async throws -> HTTPResponse {
        try await client.execute(HTTPRequest(url: url + path, timeouts: timeouts))
    }

    func post(_ body: [UInt8], _ path: String = "/") async throws -> HTTPResponse {
        try await client.execute(HTTPRequest(method: "POST", url: url + path, body: body))
    }

    /// The error of an exchange that must fail.
    func failure(_ request: HTTPRequest) async throws -> TransportError {
        let error = await #expect(throws: TransportError.self) { _ = try await client.execute(request) }
        return try #require(error)
    }

    /// Opens a plain socket to the server on a thread of its own.
    func raw<Result: Sendable>(
        _ body: @escaping @Sendable (RawSocket) throws -> Result
    ) async throws -> Result {
        let port = port
        return try await onThread {
            let socket = try RawSocket(port: port)
            defer { socket.close() }
            return try body(socket)
        }
    }
}

func withServer(
    loops: Int = 1,
    _ configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    client: HTTPClientConfiguration = HTTPClientConfiguration(),
    handler: @escaping @Sendable (ServerRequest) async -> ServerResponse,
    _ body: (Fixture) async throws -> Void
) async throws {
    let group = EventLoopGroup(name: "test", count: loops)
    let server = HTTPServer(group: group, configuration: configuration, log: .silent, handler: handler)
    let fixture = Fixture(
        group: group,
        server: server,
        client: HTTPClient(group: group, configuration: client),
        port: try server.start()
    )
    do {
        try await body(fixture)
    } catch {
        await server.drain(grace: .zero)
        group.shutdown()
        throw error
    }
    await server.drain(grace: .zero)
    #expect(server.openConnections == 0)
    group.shutdown()
}

/// Runs blocking code on a thread of its own, so that the test runner's few threads stay free.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
        thread.stackSize = 1 << 20
        thread.start()
    }
}

/// A door that opens once.
final class Gate: Sendable {
    private let state = Locked<(isOpen: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Counts what happens on several threads.
final class Counter: Sendable {
    private let state = Locked(0)
    var value: Int { state.withLock { $0 } }
    @discardableResult
    func increment() -> Int {
        state.withLock {
            $0 += 1
            return $0
        }
    }
}
