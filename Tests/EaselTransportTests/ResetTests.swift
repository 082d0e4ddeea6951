import EaselBase
import EaselServer
import EaselTransport
import Testing

/// A reset (RST) ends a connection; it takes nothing back that was there before it.
@Suite(.timeLimit(.minutes(1))) struct ResetTests {
    private static let kept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private static func scripted(_ steps: [ResponseStep]) -> ServerResponse {
        ServerResponse(status: 200, body: .scripted(declaredLength: nil, steps))
    }

    /// Both the answer and the reset are there when the client looks: the system tells of them in one event.
    @Test(arguments: [
        kept, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    ])
    func `an answer that was there before the reset counts`(answer: String) async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            _ = try? await request.body.collect(limit: 1 << 20)
            return Self.scripted([.raw(Array(answer.utf8)), .reset])
        }
        try await withServer(handler: handler) { (fixture) async throws in
            for _ in 0..<50 {
                #expect(try await fixture.get().body == Array("ok".utf8))
                #expect(try await fixture.post([1, 2, 3]).body == Array("ok".utf8))
            }
        }
    }

    /// The server has gone from the kept connection by the time the second request is on it.
    @Test(arguments: [ResponseStep.reset, .close])
    func `a request that is free to repeat survives the end of a kept connection`(ending: ResponseStep) async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            Self.scripted([.raw(Array(Self.kept.utf8)), .wait(.milliseconds(5)), ending])
        }
        try await withServer(handler: handler) { (fixture) async throws in
            for round in 0..<60 {
                let response = try await fixture.get()
                #expect(response.body == Array("ok".utf8))
                // Around the moment of the end: before it, in it, after it.
                try await Task.sleep(for: .microseconds(round % 12 * 900))
            }
        }
    }

    @Test func `half an answer before the reset is a reset`() async throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            Self.scripted([.raw(Array(half.utf8)), .reset])
        }
        try await withServer(handler: handler) { (fixture) async throws in
            for _ in 0..<20 {
                let error = try await fixture.failure(HTTPRequest(url: fixture.url))
                #expect(error.kind == .reset && error.sent, "\(error.detail)")
            }
        }
    }
}
