import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestTools

/// Bodies around the size at which a server stops reading, again and again on kept connections.
@Suite(.timeLimit(.minutes(3))) struct KeptConnectionTests {
    private static func post(_ size: Int, _ path: String = "/") -> [UInt8] {
        Array("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n".utf8)
            + [UInt8](repeating: 0x61, count: size)
    }

    /// Reads as slowly as the path says, then answers with the number of bytes.
    private static let slow: @Sendable (ServerRequest) async -> ServerResponse = { request in
        var count = 0
        do throws(ServerRequestBody.BodyError) {
            if request.path == "/late" { try? await request.loop.sleep(for: .milliseconds(2)) }
            if request.path == "/whole" { return .text("\(try await request.body.collect(limit: 1 << 20).count).") }
            while let bytes = try await request.body.next() {
                count += bytes.count
                if request.path == "/drip" { try? await request.loop.sleep(for: .milliseconds(1)) }
            }
        } catch {
            return .problem(for: error)
        }
        return .text("\(count).")
    }

    @Test func `bodies of 200 to 400 KiB over eight kept connections are all answered`() async throws {
        try await withServer(loops: 2, handler: Self.slow) { (fixture) async throws in
            let port = fixture.port
            let seed = UInt64.random(in: .min ... .max)
            let answered = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        try await onThread {
                            var generator = SeededRandom(seed: seed &+ UInt64(worker))
                            let socket = try RawSocket(port: port)
                            defer { socket.close() }
                            for _ in 0..<40 {
                                let size = Int.random(in: 200 << 10...400 << 10, using: &generator)
                                let path = ["/", "/late", "/drip", "/whole"].randomElement(using: &generator) ?? "/"
                                try socket.send(Self.post(size, path))
                                let answer = try socket.receive(until: ".")
                                guard answer.hasSuffix("\r\n\r\n\(size).") else {
                                    throw RawSocket.Failure(what: "seed \(seed), \(size) \(path): \(answer)", code: 0)
                                }
                                answered.increment()
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(answered.value == 320, "seed \(seed)")
        }
    }

    /// The marks of a real server, made small: pieces, pauses, early answers and pipelining meet on real sockets.
    @Test func `random conversations over small marks are all answered`() async throws {
        let configuration = HTTPServerConfiguration(
            lingerTimeout: .milliseconds(200),
            maxUnreadBodyBytes: 300,
            maxPendingBytes: 200
        )
        try await withServer(loops: 2, configuration, handler: Self.slow) { (fixture) async throws in
            let port = fixture.port
            let seed = UInt64.random(in: .min ... .max)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        try await onThread {
                            var generator = SeededRandom(seed: seed &+ UInt64(worker))
                            for round in 0..<30 {
                                let socket = try RawSocket(port: port)
                                defer { socket.close() }
                                let sizes = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                                    Int.random(in: 0...1500, using: &generator)
                                }
                                var bytes = sizes.flatMap { size in
                                    Self.post(
                                        size,
                                        ["/", "/drip", "/late", "/whole"].randomElement(using: &generator) ?? "/"
                                    )
                                }
                                while !bytes.isEmpty {
                                    let piece = min(bytes.count, Int.random(in: 1...900, using: &generator))
                                    try socket.send(Array(bytes.prefix(piece)))
                                    bytes.removeFirst(piece)
                                    if Bool.random(using: &generator) { usleep(200) }
                                }
                                // All answers come, also to a client that has ended its direction.
                                if Bool.random(using: &generator) { socket.halfClose() }
                                var text = ""
                                while text.components(separatedBy: "HTTP/1.1 200 ").count <= sizes.count
                                    || !text.hasSuffix(".")
                                {
                                    let more = try socket.receive()
                                    guard !more.isEmpty else {
                                        let what = "seed \(seed), worker \(worker), round \(round): \(text)"
                                        throw RawSocket.Failure(what: what, code: 0)
                                    }
                                    text += String(decoding: more, as: UTF8.self)
                                }
                                for size in sizes where !text.contains("\r\n\r\n\(size).") {
                                    throw RawSocket.Failure(
                                        what: "seed \(seed): no answer to \(size): \(text)",
                                        code: 0
                                    )
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// The answer is larger than what the kernel holds, the client sends everything before it reads.
    @Test func `an early answer to a client that sends first does not lock both`() async throws {
        let big = [UInt8](repeating: 0x62, count: 16 << 20)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            _ = try? await request.body.next()
            return .bytes(big, type: "x/y")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let count = try await fixture.raw { socket in
                try socket.send(Self.post(24 << 20))
                var count = 0
                while true {
                    let bytes = try socket.receive()
                    if bytes.isEmpty { return count }
                    count += bytes.count
                }
            }
            #expect(count > big.count)
        }
    }
}

/// Clients that end their direction and wait.
@Suite(.timeLimit(.minutes(1))) struct HalfCloseTests {
    @Test(arguments: ["", "Content-Length: 2\r\n", "Connection: close\r\n"])
    func `a client that ends its direction gets its answer, also a late one`(field: String) async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            try? await request.loop.sleep(for: .milliseconds(600))
            return .text("late")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                let body = field.contains("Length") ? "ab" : ""
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\(body)")
                socket.halfClose()
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 200 "))
            #expect(text.hasSuffix("\r\n\r\nlate"))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(await eventually { fixture.server.openConnections == 0 })
        }
    }

    @Test func `requests that were sent together are all answered`() async throws {
        try await withServer(handler: { .text("\($0.path);") }) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send((1...3).map { "GET /\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
                socket.halfClose()
                return try socket.receiveAll()
            }
            #expect((1...3).allSatisfy { text.contains("\r\n\r\n/\($0);") })
        }
    }

    @Test func `one that ends its direction within its body is told so`() async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            do throws(ServerRequestBody.BodyError) {
                return .text("\(try await request.body.collect(limit: 100).count)")
            } catch {
                return .problem(for: error)
            }
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab")
                socket.halfClose()
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test func `one that waits is asked by an interim answer, and one that has left is noticed by it`() async throws {
        let configuration = HTTPServerConfiguration(probeInterval: .milliseconds(100))
        let cancelled = Gate()
        let gate = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            if request.path == "/wait" {
                await gate.wait()
            } else {
                do { try await request.loop.sleep(for: .seconds(3600)) } catch { cancelled.open() }
            }
            return .text("late")
        }
        try await withServer(configuration, handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                socket.halfClose()
                let interim = try socket.receive(until: "\r\n\r\n")
                gate.open()
                return interim + (try socket.receiveAll())
            }
            #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\n"))
            #expect(text.hasSuffix("\r\n\r\nlate"))
            try await fixture.raw { try $0.send("GET /leave HTTP/1.1\r\nHost: a\r\n\r\n") }
            await cancelled.wait()
            #expect(await eventually { fixture.server.openConnections == 0 && fixture.server.requestsInFlight == 0 })
        }
    }
}
