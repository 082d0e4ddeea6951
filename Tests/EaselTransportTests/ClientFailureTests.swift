import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing

/// An answer that does not come to its end.
struct Breakage: Sendable {
    let steps: [ResponseStep]
    let length: Int?

    init(_ steps: [ResponseStep], length: Int? = nil) {
        self.steps = steps
        self.length = length
    }
}

@Suite(.timeLimit(.minutes(1))) struct ClientFailureTests {
    private static func scripted(_ steps: ResponseStep..., length: Int? = nil) -> ServerResponse {
        ServerResponse(status: 200, body: .scripted(declaredLength: length, steps))
    }

    @Test(arguments: [
        "ftp://127.0.0.1/", "127.0.0.1", "http:127.0.0.1", "", "file:///etc/passwd", "http://127.0.0.1/a b",
        "http://127.0.0.1:port/", "http://", "http://127.0.0.1/\r\nX: y",
    ])
    func `a bad URL is told before anything happens`(url: String) async throws {
        try await withServer(handler: { _ in .text("x") }) { (fixture) async throws in
            let error = try await fixture.failure(HTTPRequest(url: url))
            #expect(error.kind == .badURL)
            #expect(!error.sent)
        }
    }

    @Test func `fields and methods cannot carry line ends`() async throws {
        try await withServer(handler: { _ in .text("x") }) { (fixture) async throws in
            let value = HTTPRequest(url: fixture.url, fields: ["X-A": "1\r\nX-B: secret"])
            let error = try await fixture.failure(value)
            #expect(error.kind == .badURL)
            #expect(!error.detail.contains("secret"))
            #expect(try await fixture.failure(HTTPRequest(url: fixture.url, fields: ["X A": "1"])).kind == .badURL)
            #expect(try await fixture.failure(HTTPRequest(method: "GET /", url: fixture.url)).kind == .badURL)
        }
    }

    @Test func `a name that cannot exist is a dns failure`() async throws {
        try await withServer(handler: { _ in .text("x") }) { (fixture) async throws in
            // A label of more than 63 characters fails without asking any name server.
            let url = "http://" + String(repeating: "a", count: 70) + "/"
            let error = try await fixture.failure(HTTPRequest(url: url))
            #expect(error.kind == .dns)
            #expect(!error.sent)
        }
    }

    @Test func `nobody listening is a connect failure`() async throws {
        let listener = try DeafListener()
        listener.close()
        try await withServer(handler: { _ in .text("x") }) { (fixture) async throws in
            let error = try await fixture.failure(HTTPRequest(url: "http://127.0.0.1:\(listener.port)/"))
            #expect(error.kind == .refused)
            #expect(!error.sent)
            #expect(error.timings.total != nil)
        }
    }

    @Test func `a server without TLS is a tls failure`() async throws {
        try await withServer(handler: { _ in .text("x") }) { (fixture) async throws in
            let url = "https://127.0.0.1:\(fixture.port)/"
            let error = try await fixture.failure(HTTPRequest(method: "POST", url: url, body: [1]))
            #expect(error.kind == .tls)
            #expect(!error.sent)
        }
    }

    @Test func `a handshake that is never answered is a connect timeout`() async throws {
        let listener = try DeafListener()
        defer { listener.close() }
        try await withServer(handler: { _ in .text("x") }) { (fixture) async throws in
            let request = HTTPRequest(
                url: "https://127.0.0.1:\(listener.port)/",
                timeouts: HTTPTimeouts(connect: .milliseconds(100), total: .seconds(20))
            )
            let error = try await fixture.failure(request)
            #expect(error.kind == .connectTimeout)
            #expect(!error.sent)
        }
    }

    @Test(arguments: [nil, [1, 2, 3]] as [[UInt8]?])
    func `an answer that does not begin is a first-byte timeout`(body: [UInt8]?) async throws {
        try await withServer(handler: { _ in Self.scripted(.wait(.seconds(60)), .write([1])) }) {
            (fixture) async throws in
            let request = HTTPRequest(
                method: body == nil ? "GET" : "POST",
                url: fixture.url,
                body: body,
                timeouts: HTTPTimeouts(firstByte: .milliseconds(80), total: .seconds(20))
            )
            let error = try await fixture.failure(request)
            #expect(error.kind == .firstByteTimeout)
            #expect(error.sent)
            #expect(try #require(error.timings.total) >= .milliseconds(80))
            #expect(error.timings.firstByte == nil)
        }
    }

    @Test func `an answer that has begun is not a first-byte timeout`() async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            Self.scripted(.write([1]), .wait(.milliseconds(1200)), .write([2]))
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let timeouts = HTTPTimeouts(firstByte: .seconds(1), total: .seconds(20))
            #expect(try await fixture.get(timeouts: timeouts).body == [1, 2])
        }
    }

    @Test func `an answer that does not end is a total timeout`() async throws {
        try await withServer(handler: { _ in Self.scripted(.write([1]), .wait(.seconds(60))) }) {
            (fixture) async throws in
            let request = HTTPRequest(
                url: fixture.url,
                timeouts: HTTPTimeouts(firstByte: .seconds(20), total: .milliseconds(150))
            )
            let error = try await fixture.failure(request)
            #expect(error.kind == .totalTimeout)
            #expect(error.sent)
            #expect(try #require(error.timings.total) >= .milliseconds(140))
        }
    }

    @Test(arguments: [
        Breakage([.reset]), Breakage([.close]), Breakage([.write([1]), .reset], length: 10),
        Breakage([.write([1]), .close], length: 10), Breakage([.write([1])], length: 10),
        Breakage([.write([1]), .close]), Breakage([.wait(.milliseconds(10)), .close]),
    ])
    func `an answer that breaks off is a reset`(breakage: Breakage) async throws {
        let body = ServerResponse.Body.scripted(declaredLength: breakage.length, breakage.steps)
        let response = ServerResponse(status: 200, body: body)
        try await withServer(handler: { _ in response }) { (fixture) async throws in
            let error = try await fixture.failure(HTTPRequest(method: "POST", url: fixture.url, body: [1]))
            #expect(error.kind == .reset)
            #expect(error.sent)
        }
    }

    @Test(arguments: [
        "no HTTP at all\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        "HTTP/7.7 200 OK\r\n\r\n",
    ])
    func `nonsense is a malformed answer`(text: String) async throws {
        try await withServer(handler: { _ in Self.scripted(.raw(Array(text.utf8)), .close) }) {
            (fixture) async throws in
            let error = try await fixture.failure(HTTPRequest(url: fixture.url))
            #expect(error.kind == .malformedResponse, "\(error)")
            #expect(error.sent)
        }
    }

    @Test func `an answer over the limit is cut off, declared or not`() async throws {
        let big = [UInt8](repeating: 7, count: 100_001)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            request.path == "/declared" ? .bytes(big, type: "x/y") : Self.scripted(.write(big))
        }
        try await withServer(handler: handler) { (fixture) async throws in
            for path in ["/declared", "/chunked"] {
                var request = HTTPRequest(url: fixture.url + path, maxResponseBytes: 100_000)
                let error = try await fixture.failure(request)
                #expect(error.kind == .responseTooLarge)
                #expect(error.sent)
                request.maxResponseBytes = 100_001
                #expect(try await fixture.client.execute(request).body.count == 100_001)
            }
        }
    }

    @Test func `the limit counts decoded bytes`() async throws {
        // 256 KiB of zeroes, compressed by the gzip program.
        let text =
            "H4sIAAAAAAACA+3BMQEAAADCoPVP7W0HoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAA3gAi6g7iAAAEAA=="
        let bomb = [UInt8](try #require(Data(base64Encoded: text)))
        #expect(bomb.count < 1000)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            .bytes(bomb, type: "x/y", fields: ["Content-Encoding": "gzip"])
        }
        try await withServer(handler: handler) { (fixture) async throws in
            var request = HTTPRequest(url: fixture.url, maxResponseBytes: 10_000)
            #expect(try await fixture.failure(request).kind == .responseTooLarge)
            request.maxResponseBytes = 1 << 20
            #expect(try await fixture.client.execute(request).body.count == 1 << 18)
        }
    }

    @Test func `a head without end is cut off`() async throws {
        let line = Array("X-Filler: \(String(repeating: "y", count: 1000))\r\n".utf8)
        let steps =
            [ResponseStep.raw(Array("HTTP/1.1 200 OK\r\n".utf8))]
            + [ResponseStep](repeating: .raw(line), count: 400)
        let response = ServerResponse(status: 200, body: .scripted(declaredLength: nil, steps))
        try await withServer(handler: { _ in response }) { (fixture) async throws in
            #expect(try await fixture.failure(HTTPRequest(url: fixture.url)).kind == .responseTooLarge)
        }
    }

    @Test func `cancelling aborts at once, and the server notices`() async throws {
        let began = Gate()
        let cancelled = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            began.open()
            do { try await request.loop.sleep(for: .seconds(3600)) } catch { cancelled.open() }
            return .text("late")
        }
        let configuration = HTTPServerConfiguration(probeInterval: .milliseconds(50))
        try await withServer(loops: 2, configuration, handler: handler) { (fixture) async throws in
            let task = Task { try await fixture.client.execute(HTTPRequest(url: fixture.url)) }
            await began.wait()
            task.cancel()
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(error?.sent == true)
            await cancelled.wait()
        }
    }

    @Test func `a task that was cancelled before sends nothing`() async throws {
        let seen = Counter()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            seen.increment()
            return .text("x")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await fixture.client.execute(HTTPRequest(url: fixture.url))
            }
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(error?.sent == false)
            #expect(seen.value == 0)
        }
    }

    @Test func `shutting the loops down ends exchanges with an error`() async throws {
        let began = Gate()
        let group = EventLoopGroup(name: "client", count: 1)
        let client = HTTPClient(group: group)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            began.open()
            try? await request.loop.sleep(for: .seconds(3600))
            return .text("late")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let task = Task { try await client.execute(HTTPRequest(url: fixture.url)) }
            await began.wait()
            group.shutdown()
            let error = await #expect(throws: TransportError.self) { _ = try await task.value }
            #expect(error?.kind == .other)
            #expect(error?.sent == true)
            let late = await #expect(throws: TransportError.self) {
                _ = try await client.execute(HTTPRequest(url: fixture.url))
            }
            #expect(late?.kind == .other)
            #expect(late?.sent == false)
        }
    }
}
