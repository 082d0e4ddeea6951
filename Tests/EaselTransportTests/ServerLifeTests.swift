import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing

/// Starting and draining.
@Suite(.timeLimit(.minutes(1))) struct ServerLifeTests {
    @Test(arguments: [false, true])
    func `a port that someone else listens on is refused`(sharesPort: Bool) async throws {
        let listener = try DeafListener(sharesPort: sharesPort)
        defer { listener.close() }
        let group = EventLoopGroup(name: "test", count: 2)
        defer { group.shutdown() }
        let configuration = HTTPServerConfiguration(port: listener.port)
        let server = HTTPServer(group: group, configuration: configuration, log: .silent) { _ in .text("x") }
        let wanted = HTTPServerError.addressInUse(host: "127.0.0.1", port: listener.port)
        #expect(throws: wanted) { try server.start() }
        #expect(wanted.sentence.contains("already in use"))
    }

    @Test func `a port is free again at once, and a second server of ours is refused too`() async throws {
        try await withServer(loops: 2, handler: { _ in .text("first") }) { (fixture) async throws in
            #expect(try await fixture.get().status == 200)
            let configuration = HTTPServerConfiguration(port: fixture.port)
            func second() -> HTTPServer {
                HTTPServer(group: fixture.group, configuration: configuration, log: .silent) { _ in .text("second") }
            }
            #expect(throws: HTTPServerError.self) { try second().start() }
            await fixture.server.drain(grace: .zero)
            let server = second()
            #expect(try server.start() == fixture.port)
            #expect(throws: HTTPServerError.notStartable) { try server.start() }
            #expect(try await fixture.get().body == Array("second".utf8))
            await server.drain(grace: .zero)
        }
    }

    @Test func `an unknown host is named`() throws {
        let group = EventLoopGroup(name: "test", count: 1)
        defer { group.shutdown() }
        let configuration = HTTPServerConfiguration(host: "300.1.2.3.4")
        let server = HTTPServer(group: group, configuration: configuration, log: .silent) { _ in .text("x") }
        #expect(throws: HTTPServerError.unknownHost("300.1.2.3.4")) { try server.start() }
    }

    @Test func `all loops take connections`() async throws {
        let loops = Locked<Set<ObjectIdentifier>>([])
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            loops.withLock { _ = $0.insert(ObjectIdentifier(request.loop)) }
            return .text("x")
        }
        try await withServer(loops: 2, handler: handler) { (fixture) async throws in
            for _ in 0..<60 where loops.withLock({ $0.count < 2 }) {
                _ = try await fixture.raw { socket in
                    try socket.send("GET / HTTP/1.0\r\n\r\n")
                    return try socket.receiveAll()
                }
            }
            #expect(loops.withLock { $0.count } == 2)
        }
    }

    @Test func `draining answers what is in flight and closes what is idle`() async throws {
        let began = Gate()
        let gate = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            if request.path == "/slow" {
                began.open()
                await gate.wait()
            }
            return .text("body")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let idle = try await onThread { try RawSocket(port: fixture.port) }
            try idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await onThread { try idle.receive(until: "body") }
            let busy = try await onThread { try RawSocket(port: fixture.port) }
            try busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await began.wait()
            let drained = Locked(false)
            let drain = Task {
                await fixture.server.drain(grace: .seconds(60))
                drained.withLock { $0 = true }
            }
            let rest = try await onThread { try idle.receiveAll() }
            #expect(rest == "")
            #expect(drained.withLock { $0 } == false)
            let refused = try? await onThread { try RawSocket(port: fixture.port) }
            #expect(refused == nil)
            gate.open()
            let answer = try await onThread { try busy.receiveAll() }
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.hasSuffix("body"))
            await drain.value
            idle.close()
            busy.close()
        }
    }

    @Test func `who could connect before a drain has ended is answered, however close it was`() async throws {
        // A second each: who comes too late asks again after one.
        for _ in 0..<12 {
            let answers = Locked<[String: Int]>([:])
            try await withServer(handler: { _ in .text("body") }) { (fixture) async throws in
                let port = fixture.port
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            try await onThread {
                                // Until nobody listens any more.
                                while let socket = try? RawSocket(port: port) {
                                    defer { socket.close() }
                                    var answer = "reset"
                                    do {
                                        try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                                        if try socket.receive(until: "body").hasSuffix("body") { answer = "answered" }
                                    } catch {}
                                    answers.withLock { $0[answer, default: 0] += 1 }
                                }
                            }
                        }
                    }
                    await fixture.server.drain(grace: .seconds(60))
                    try await group.waitForAll()
                }
            }
            let counts = answers.withLock(\.self)
            #expect(counts["reset"] == nil && counts["answered"] ?? 0 > 0, "\(counts)")
        }
    }

    @Test func `after the grace the rest is aborted`() async throws {
        let began = Gate()
        let cancelled = Gate()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            began.open()
            do { try await request.loop.sleep(for: .seconds(3600)) } catch { cancelled.open() }
            return .text("late")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            let socket = try await onThread { try RawSocket(port: fixture.port) }
            try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await began.wait()
            let start = SteadyInstant.now
            await fixture.server.drain(grace: .milliseconds(100))
            #expect(SteadyInstant.now.since(start) >= .milliseconds(99))
            await cancelled.wait()
            #expect(fixture.server.openConnections == 0)
            socket.close()
        }
    }

    @Test func `handlers may leave the loop and come back`() async throws {
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            let away = await ThreadPoolExecutor.shared.run { EventLoop.current == nil }
            return .text("\(away) \(request.loop.isCurrent)")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            #expect(try await fixture.get().body == Array("true true".utf8))
        }
    }

    @Test func `an impossible status is a 500`() async throws {
        try await withServer(handler: { _ in .text("x", status: 42) }) { (fixture) async throws in
            #expect(try await fixture.get().status == 500)
        }
    }
}
