import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestTools

/// Slow, absent, greedy and leaving clients.
@Suite(.timeLimit(.minutes(1))) struct ServerLimitTests {
    @Test func `a head that drips is cut off at an absolute deadline`() async throws {
        let configuration = HTTPServerConfiguration(headTimeout: .milliseconds(250))
        try await withServer(configuration, handler: RoundTripTests.echo) { (fixture) async throws in
            let start = SteadyInstant.now
            let text = try await fixture.raw { socket in
                try socket.send("GET / HTTP/1.1\r\nHost: a\r\n")
                for _ in 0..<200 {
                    usleep(20_000)
                    do { try socket.send("X: y\r\n") } catch { break }
                    if SteadyInstant.now.since(start) > .seconds(3) { break }
                    var byte: UInt8 = 0
                    if recv(socket.descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT)) >= 0 { break }
                }
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 408 "))
            #expect(SteadyInstant.now.since(start) >= .milliseconds(240))
        }
    }

    @Test func `a connection that says nothing is closed`() async throws {
        let configuration = HTTPServerConfiguration(headTimeout: .milliseconds(100))
        try await withServer(configuration, handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { try $0.receiveAll() }
            #expect(text == "")
        }
    }

    @Test func `an idle kept connection is closed`() async throws {
        let configuration = HTTPServerConfiguration(keepAliveTimeout: .milliseconds(100))
        try await withServer(configuration, handler: { _ in .text("body") }) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                return try socket.receiveAll()
            }
            #expect(text.hasSuffix("body"))
        }
    }

    @Test(arguments: [(100, 60_000), (60_000, 300)])
    func `a body that stalls or drips is cut off`(idle: Int, whole: Int) async throws {
        let configuration = HTTPServerConfiguration(
            bodyIdleTimeout: .milliseconds(idle),
            bodyTimeout: .milliseconds(whole)
        )
        try await withServer(configuration, handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
                if idle > whole {
                    for _ in 0..<20 {
                        usleep(20_000)
                        do { try socket.send("x") } catch { break }
                    }
                }
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 408 "))
            #expect(text.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func `a body over the limit is answered before it is read, readably`() async throws {
        try await withServer(handler: RoundTripTests.echo) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99000000\r\n\r\n")
                // The client sends on without looking, as many do.
                for _ in 0..<64 { try socket.send([UInt8](repeating: 0, count: 65_536)) }
                socket.halfClose()
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 413 "))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.contains("\"code\":\"too_large\""))
        }
    }

    @Test func `a chunked body over the limit is cut off while it comes`() async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            do throws(ServerRequestBody.BodyError) {
                return .text("\(try await request.body.collect(limit: 1000).count)")
            } catch {
                #expect(error == .tooLarge(limit: 1000))
                return .problem(for: error)
            }
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                try socket.send("3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n1\r\ny\r\n")
                return try socket.receiveAll()
            }
            #expect(text.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `100-continue is answered when the handler asks for the body, not before`() async throws {
        let gate = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            if request.path == "/refuse" { return .problem(status: 403, code: "forbidden") }
            await gate.wait()
            return .text(String(decoding: (try? await request.body.collect(limit: 10)) ?? [], as: UTF8.self))
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let head = " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n"
            let refused = try await fixture.raw { socket in
                try socket.send("POST /refuse" + head)
                return try socket.receiveAll()
            }
            #expect(refused.hasPrefix("HTTP/1.1 403 "))
            let accepted = try await fixture.raw { socket in
                try socket.send("POST /" + head)
                usleep(50_000)
                #expect(recv(socket.descriptor, nil, 0, Int32(MSG_DONTWAIT)) == -1)
                gate.open()
                let interim = try socket.receive(until: "\r\n\r\n")
                #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
                try socket.send("abcd")
                return try socket.receiveAll()
            }
            #expect(accepted.hasPrefix("HTTP/1.1 200 "))
            #expect(accepted.hasSuffix("abcd"))
        }
    }

    @Test func `reading stops while the handler does not read`() async throws {
        let gate = Gate()
        let total = 48 << 20
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            await gate.wait()
            var count = 0
            do throws(ServerRequestBody.BodyError) {
                while let bytes = try await request.body.next() { count += bytes.count }
            } catch {
                return .problem(for: error)
            }
            return .text("\(count)")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let text = try await fixture.raw { socket in
                try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(total)\r\nConnection: close\r\n\r\n")
                let piece = [UInt8](repeating: 1, count: 1 << 20)
                var sent = 0
                var silent = 0
                while sent < total, silent < 20 {
                    let count = socket.trySend(Array(piece.prefix(total - sent)))
                    sent += count
                    silent = count == 0 ? silent + 1 : 0
                    if count == 0 { usleep(10_000) }
                }
                // The kernel's buffers hold some megabytes, the server a quarter of one.
                #expect(sent < total / 2)
                gate.open()
                try socket.send([UInt8](repeating: 1, count: total - sent))
                return try socket.receiveAll()
            }
            #expect(text.hasSuffix("\r\n\r\n\(total)"))
        }
    }

    @Test func `a connection that breaks cancels its handler at once`() async throws {
        let began = Gate()
        let cancelled = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            _ = try? await request.body.collect(limit: 10)
            began.open()
            do { try await request.loop.sleep(for: .seconds(3600)) } catch { cancelled.open() }
            return .text("late")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let socket = try await onThread { try RawSocket(port: fixture.port) }
            try socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            await began.wait()
            #expect(fixture.server.requestsInFlight == 1)
            socket.closeWithReset()
            await cancelled.wait()
            #expect(await eventually { fixture.server.openConnections == 0 && fixture.server.requestsInFlight == 0 })
        }
    }

    @Test func `a client that leaves within its body is told to the handler`() async throws {
        let seen = Locked<ServerRequestBody.BodyError?>(nil)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            do throws(ServerRequestBody.BodyError) {
                _ = try await request.body.collect(limit: 1000)
            } catch {
                seen.withLock { $0 = error }
            }
            return .text("late")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            try await fixture.raw { try $0.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab") }
            #expect(await eventually { seen.withLock { $0 } == .clientGone })
        }
    }

    @Test func `a client that does not read its answer is cut off`() async throws {
        let configuration = HTTPServerConfiguration(writeTimeout: .milliseconds(150))
        let big = [UInt8](repeating: 1, count: 64 << 20)
        let began = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            began.open()
            return .bytes(big, type: "x/y")
        }
        try await withServer(configuration, handler: handler) { (fixture) async throws in
            let socket = try await onThread { try RawSocket(port: fixture.port) }
            try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await began.wait()
            #expect(await eventually { fixture.server.openConnections == 0 })
            socket.close()
        }
    }

    @Test func `a slow reader gets all of a big answer`() async throws {
        let big = [UInt8](repeating: 1, count: 24 << 20)
        try await withServer(handler: { _ in .bytes(big, type: "x/y") }) { (fixture) async throws in
            let count = try await fixture.raw { socket in
                try socket.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                usleep(200_000)
                var count = 0
                while true {
                    let bytes = try socket.receive()
                    if bytes.isEmpty { return count }
                    count += bytes.count
                }
            }
            #expect(count > 24 << 20)
        }
    }

    @Test func `two thousand connections wait at once`() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let count = limit.rlim_cur >= 5000 ? 2000 : Int(limit.rlim_cur) / 4
        let gate = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            await gate.wait()
            return .text("done")
        }
        try await withServer(loops: 2, handler: handler) { (fixture) async throws in
            let port = fixture.port
            let sockets = try await onThread {
                try (0..<count).map { _ in
                    let socket = try RawSocket(port: port)
                    try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    return socket
                }
            }
            #expect(await eventually { fixture.server.requestsInFlight == count })
            #expect(fixture.server.openConnections == count)
            gate.open()
            let answered = try await onThread {
                try sockets.count { try $0.receive(until: "done").hasPrefix("HTTP/1.1 200 ") }
            }
            #expect(answered == count)
            for socket in sockets { socket.close() }
            #expect(await eventually { fixture.server.openConnections == 0 })
        }
    }
}
