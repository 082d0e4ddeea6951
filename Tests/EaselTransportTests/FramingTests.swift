import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing

/// What arrives on the wire, byte by byte, and what a request smuggler would send.
@Suite(.timeLimit(.minutes(1))) struct FramingTests {
    private static let end = "Connection: close\r\n\r\n"

    @Test func `pipelined requests are answered in turn`() async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            if request.path == "/1" { try? await request.loop.sleep(for: .milliseconds(30)) }
            let body = (try? await request.body.collect(limit: 100)) ?? []
            return .text(request.path + ":" + String(decoding: body, as: UTF8.self) + ";")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send(
                    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                        + "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                        + "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n"
                        + "GET /4 HTTP/1.1\r\nHost: a\r\n" + Self.end
                )
                return try socket.receiveAll()
            }
            let bodies = text.components(separatedBy: "\r\n\r\n").dropFirst().map { $0.prefix { $0 != ";" } }
            #expect(bodies == ["/1:", "/2:abc", "/3:de", "/4:"])
        }
    }

    @Test func `a request may come one byte at a time`() async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                let request =
                    "POST /x%20y?q=1 HTTP/1.1\r\nHost: a\r\nX-Void:\r\nContent-Type: t/u\r\n"
                    + "Transfer-Encoding: chunked\r\n" + Self.end
                    + "3;name=value\r\nabc\r\n1\r\nd\r\n0\r\nX-Trailer: 1\r\n\r\n"
                for byte in request.utf8 {
                    try socket.send([byte])
                    usleep(200)
                }
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("X-Path: /x y\r\n"))
            #expect(text.contains("X-Type: t/u\r\n"))
            #expect(text.hasSuffix("\r\n\r\nabcd"))
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\n", "no host"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n", "two hosts"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n", "length and coding"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n", "coding and length"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n", "two lengths"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n", "one length twice"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n", "a list of lengths"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n", "a negative length"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n", "a signed length"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n", "an endless length"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n", "chunked not last"),
        ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n", "chunked in 1.0"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-A : 1\r\n", "a space before the colon"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\u{0}2\r\n", "a NUL in a value"),
        ("GET / HTTP/1.1\nHost: a\n", "bare line feeds"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n 2\r\n", "a folded field"),
        ("GET / HTTP/1.1\r\n\tHost: a\r\n", "a folded first field"),
        ("POST / HTTP/1.1\r\nHost: a\r\nX-A:\rTransfer-Encoding: chunked\r\n", "a CR for a line's end"),
        ("POST / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\rContent-Length: 5\r\n", "two of them"),
        ("GET / HTTP/1.1\rHost: a\r\n", "a CR after the request line"),
        ("GET / HTTP/1.1\r\nHost: a\r\nX-A: \u{1B}[2J\r\n", "an escape in a value"),
        ("GET /a b HTTP/1.1\r\nHost: a\r\n", "a space in the target"),
        ("GET /%zz HTTP/1.1\r\nHost: a\r\n", "a broken escape"),
        ("GET x HTTP/1.1\r\nHost: a\r\n", "a target without a slash"),
        ("GET / HTTP/3.1\r\nHost: a\r\n", "an unknown version"),
        (
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: a" + String(repeating: "\u{301}", count: 600) + "\r\n",
            "600 accents on a letter"
        ),
        ("brew / HTTP/1.1\r\nHost: a\r\n", "a method in small letters"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}", "a TLS handshake"),
    ])
    func `ambiguous framing is refused and closed, the handler never sees it`(
        head: String,
        what: String
    ) async throws {
        let seen = Counter()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            seen.increment()
            return .text("reached")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send(head + "\r\n" + "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(what): \(text)")
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.contains("\r\nContent-Type: application/problem+json\r\n"))
            #expect(text.hasSuffix("}"))
            #expect(text.contains("\"code\":\"invalid_request\""))
            #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2)
            #expect(seen.value == 0)
        }
    }

    @Test(arguments: ["BREW", "QUERY", "VERSION-CONTROL"])
    func `a method that nobody knows here is not implemented`(method: String) async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("\(method) / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 501 Not Implemented\r\n"), "\(text)")
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test(arguments: [
        ("Transfer-Encoding: gzip, chunked\r\n", "501"), ("Transfer-Encoding: xchunked\r\n", "501"),
        ("Expect: 200-ok\r\nContent-Length: 1\r\n", "417"),
    ])
    func `what is valid but not offered is refused`(field: String, status: String) async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n")
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test(arguments: ["zz\r\nabc\r\n", "3\r\nabcX", "3\nabc\r\n", "-1\r\n", "fffffffffffffffffff\r\n", "3 \r\nabc"])
    func `a bad chunk is a 400 and the connection ends`(chunk: String) async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)
                try socket.send("0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 400 "))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test(arguments: [
        "GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "b", count: 9000))\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-A:\(String(repeating: " ", count: 100_000))",
        "GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 2000))\r\n",
    ])
    func `a head over the limit is a 431`(head: String) async throws {
        let configuration = HTTPServerConfiguration(maxHeadBytes: 8 << 10)
        try await withServer(configuration, handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send(head)
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 431 "))
            #expect(text.contains("\"code\":\"too_large\""))
        }
    }

    @Test(arguments: [
        "3;" + String(repeating: "x", count: 40_000),
        "3\r\nabc\r\n0\r\n" + String(repeating: "A: b\r\n", count: 9000),
    ])
    func `extensions and trailers are not endless`(rest: String) async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.0\r\n\r\n", true, "Connection: close"),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false, "Connection: keep-alive"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true, "Connection: close"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, "200 OK"),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", false, "200 OK"),
        ("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", false, "200 OK"),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", false, "200 OK"),
    ])
    func `version and Connection decide whether it stays open`(
        request: String,
        closes: Bool,
        contains: String
    ) async throws {
        try await withServer(handler: { _ in .text("body") }) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send(request)
                var text = try socket.receive(until: "body")
                if !closes { try socket.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") }
                text += try socket.receiveAll()
                return text
            }
            #expect(text.contains(contains))
            #expect(text.components(separatedBy: "HTTP/1.1 200").count == (closes ? 2 : 3))
        }
    }

    @Test func `random damage never breaks the server`() async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let base = Array(
                ("POST /a?b=c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                    + "3\r\nabc\r\n0\r\n\r\n").utf8
            )
            try await fixture.raw { _ in
                var seed: UInt64 = 42
                func random(_ bound: Int) -> Int {
                    seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return Int(seed >> 33) % bound
                }
                for _ in 0..<300 {
                    var bytes = base
                    for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
                    let socket = try RawSocket(port: fixture.port)
                    try? socket.send(bytes)
                    socket.halfClose()
                    _ = try? socket.receiveAll()
                    socket.close()
                }
            }
            #expect(try await fixture.post([5]).body == [5])
        }
    }
}
