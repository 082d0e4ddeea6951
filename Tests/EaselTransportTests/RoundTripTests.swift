import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct RoundTripTests {
    static let echo: @Sendable (ServerRequest) async -> ServerResponse = { request in
        do throws(ServerRequestBody.BodyError) {
            let bytes = try await request.body.collect(limit: 20 << 20)
            let fields = HTTPFields([
                ("X-Method", request.method), ("X-Path", request.path),
                ("X-Query", request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ",")),
                ("X-Type", request.fields["Content-Type"] ?? "none"),
                ("X-Agent", request.fields["User-Agent"] ?? "none"),
                ("X-Expect", request.fields["Expect"] ?? "none"), ("X-Empty", request.fields["X-Void"] ?? "none"),
                ("X-Peer", request.peerAddress),
                ("X-On-Loop", String(EventLoop.current === request.loop)),
            ])
            return .bytes(bytes, type: "application/octet-stream", fields: fields)
        } catch {
            return .problem(for: error)
        }
    }

    @Test func `a GET comes back whole`() async throws {
        try await withServer(handler: Self.echo) { (fixture) async throws in
            let request = HTTPRequest(url: fixture.url + "/a%20b?x=1&y=%C3%A4", fields: ["X-Void": ""])
            let response = try await fixture.client.execute(request)
            #expect(response.status == 200)
            #expect(response.body.isEmpty)
            #expect(response.fields["X-Method"] == "GET")
            #expect(response.fields["x-path"] == "/a b")
            #expect(response.fields["X-Query"] == "x=1,y=\u{E4}")
            #expect(response.fields["X-Type"] == "none")
            #expect(response.fields["X-Agent"] == "easel")
            #expect(response.fields["X-Empty"] == "")
            #expect(response.fields["X-Peer"] == "127.0.0.1")
            #expect(response.fields["X-On-Loop"] == "true")
            #expect(response.fields["Content-Length"] == "0")
            let date = try #require(response.fields["Date"])
            #expect(date.hasSuffix(" GMT") && date.utf8.count == 29)
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func `every method carries its body`(method: String) async throws {
        try await withServer(handler: Self.echo) { (fixture) async throws in
            let body = Array("some text".utf8)
            let request = HTTPRequest(
                method: method,
                url: fixture.url,
                fields: ["Content-Type": "text/plain"],
                body: body
            )
            let response = try await fixture.client.execute(request)
            #expect(response.body == body)
            #expect(response.fields["X-Method"] == method)
            #expect(response.fields["X-Type"] == "text/plain")
            let empty = try await fixture.client.execute(HTTPRequest(method: method, url: fixture.url, body: []))
            #expect(empty.fields["X-Method"] == method)
            #expect(empty.body.isEmpty)
            #expect(empty.fields["X-Type"] == "none")
        }
    }

    @Test func `a HEAD has a length and no body`() async throws {
        try await withServer(handler: { _ in .text("twelve bytes") }) { (fixture) async throws in
            let response = try await fixture.client.execute(HTTPRequest(method: "HEAD", url: fixture.url))
            #expect(response.body.isEmpty)
            #expect(response.fields["Content-Length"] == "12")
            #expect(try await fixture.get().body.count == 12)
        }
    }

    @Test func `14 MB go there and back`() async throws {
        try await withServer(loops: 2, handler: Self.echo) { (fixture) async throws in
            let body = (0..<14_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
            let response = try await fixture.post(body)
            #expect(response.body == body)
            #expect(response.fields["X-Expect"] == "none")
        }
    }

    @Test func `chunked answers are put together`() async throws {
        let steps: [ResponseStep] = [
            .write(Array("one ".utf8)), .wait(.milliseconds(5)), .write([]), .write(Array("two".utf8)),
        ]
        let answer = ServerResponse(status: 200, body: .scripted(declaredLength: nil, steps))
        try await withServer(handler: { _ in answer }) { (fixture) async throws in
            for _ in 0..<3 {
                let response = try await fixture.get()
                #expect(response.body == Array("one two".utf8))
                #expect(response.fields["Transfer-Encoding"] == "chunked")
            }
            #expect(fixture.server.openConnections == 1)
        }
    }

    @Test func `compressed answers come decoded`() async throws {
        let compressed = Data(base64Encoded: "H4sIAAAAAAACA8tIzcnJVyjPL8pJUQQAbcK0AwwAAAA=")
        let bytes = [UInt8](try #require(compressed))
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            let accepted = request.fields["Accept-Encoding"]?.contains("gzip") == true
            return .bytes(accepted ? bytes : [], type: "text/plain", fields: ["Content-Encoding": "gzip"])
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let response = try await fixture.get()
            #expect(String(decoding: response.body, as: UTF8.self) == "hello world!")
            #expect(response.fields["Content-Encoding"] == nil)
            #expect(response.fields["Content-Length"] == nil)
        }
    }

    @Test func `a connection is used again, and its timings say so`() async throws {
        try await withServer(handler: Self.echo) { (fixture) async throws in
            let first = try await fixture.post([1])
            #expect(first.timings.connect != nil)
            #expect(first.timings.tls == nil)
            #expect(first.timings.firstByte != nil)
            for _ in 0..<20 {
                let next = try await fixture.post([2])
                #expect(next.timings.connect == nil)
                #expect(next.timings.dns == nil)
                let whole = try #require(next.timings.total)
                #expect(try #require(next.timings.firstByte) <= whole)
            }
            #expect(fixture.server.openConnections == 1)
        }
    }

    @Test func `calls from all sides at once`() async throws {
        try await withServer(loops: 2, client: HTTPClientConfiguration(maxConnectionsPerHost: 8), handler: Self.echo) {
            (fixture) async throws in
            let sums = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask { try await fixture.post([UInt8(number)]).body == [UInt8(number)] ? 1 : 0 }
                }
                return try await group.reduce(0, +)
            }
            #expect(sums == 200)
            #expect(fixture.server.openConnections <= 16)
        }
    }

    @Test func `a client on a loop stays on it`() async throws {
        try await withServer(loops: 2, handler: Self.echo) { (fixture) async throws in
            for loop in fixture.group.loops {
                let stayed = try await Task(executorPreference: loop) {
                    _ = try await fixture.get()
                    return EventLoop.current === loop
                }.value
                #expect(stayed)
            }
        }
    }
}
