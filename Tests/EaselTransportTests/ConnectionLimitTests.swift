import EaselBase
import Foundation
import Testing
import TestTools

@testable import EaselServer
@testable import EaselTransport

/// Too many connections: who has no key and does nothing goes first, and who watches the process gets in.
@Suite(.timeLimit(.minutes(1))) struct ConnectionLimitTests {
    private static let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
        if request.fields["Authorization"] != nil { request.clientIsKnown() }
        if request.path == "/slow" { try? await request.loop.sleep(for: .seconds(3600)) }
        return .text("body")
    }

    private static func get(_ port: UInt16, _ path: String = "/", key: Bool = false) throws -> RawSocket {
        let socket = try RawSocket(port: port)
        try socket.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\(key ? "Authorization: x\r\n" : "")\r\n")
        return socket
    }

    /// On a thread of the test's own, until so many requests are being answered; a thread cannot be cancelled by the suite's limit.
    private static func wait(for requests: Int, at server: HTTPServer) {
        let latest = SteadyInstant.now + .seconds(20)
        while server.requestsInFlight < requests, SteadyInstant.now < latest { usleep(1000) }
        #expect(server.requestsInFlight >= requests)
    }

    @Test func `idle connections without a key make room, the oldest first, and those with one stay`() async throws {
        let configuration = HTTPServerConfiguration(maxConnections: 10, maxKeylessPerAddress: 100)
        try await withServer(configuration, handler: Self.handler) { (fixture) async throws in
            let port = fixture.port
            try await onThread {
                let known = try Self.get(port, key: true)
                _ = try known.receive(until: "body")
                let idle = try (0..<30).map { _ in try RawSocket(port: port) }
                // Each new one is served all the same, and the one with the key is still there.
                for _ in 0..<20 {
                    let socket = try Self.get(port, key: true)
                    #expect(try socket.receive(until: "body").hasPrefix("HTTP/1.1 200 "))
                    socket.close()
                }
                #expect(try idle[0].receive().isEmpty, "the oldest was closed")
                try known.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try known.receive(until: "body").hasPrefix("HTTP/1.1 200 "))
                for socket in idle + [known] { socket.close() }
            }
            #expect(fixture.server.shedConnections >= 20)
        }
    }

    @Test func `one address cannot take all places without a key`() async throws {
        let configuration = HTTPServerConfiguration(maxConnections: 1000, maxKeylessPerAddress: 5)
        try await withServer(configuration, handler: Self.handler) { (fixture) async throws in
            let port = fixture.port
            let server = fixture.server
            try await onThread {
                let idle = try (0..<12).map { _ in try RawSocket(port: port) }
                // An idle one of its own went for each further one.
                #expect(try idle[0].receive().isEmpty)
                let busy = try (0..<5).map { _ in try Self.get(port, "/slow") }
                Self.wait(for: 5, at: server)
                let refused = try Self.get(port)
                #expect(try refused.receiveAll().hasPrefix("HTTP/1.1 503 "))
                for socket in idle + busy + [refused] { socket.close() }
            }
        }
    }

    @Test(arguments: [false, true])
    func `what watches the process has a place however full it is`(places: Bool) async throws {
        let configuration = HTTPServerConfiguration(
            maxConnections: 4,
            maxKeylessPerAddress: 4,
            reservedTargets: ["/healthz"]
        )
        try await withServer(configuration, handler: Self.handler) { (fixture) async throws in
            let port = fixture.port
            let server = fixture.server
            try await onThread {
                var taken = try (0..<4).map { _ in try Self.get(port, "/slow", key: true) }
                Self.wait(for: 4, at: server)
                // The few places beyond the limit cannot be taken by who says nothing, either.
                if places { taken += try (0..<60).map { _ in try RawSocket(port: port) } }
                let other = try Self.get(port, key: true)
                let text = try other.receiveAll()
                #expect(text.hasPrefix("HTTP/1.1 503 ") && text.contains("too many connections"))
                let health = try Self.get(port, "/healthz")
                let answer = try health.receiveAll()
                #expect(answer.hasPrefix("HTTP/1.1 200 ") && answer.contains("Connection: close"))
                for socket in taken + [other, health] { socket.close() }
            }
            #expect(fixture.server.refusedConnections >= 2)
        }
    }

    @Test func `who says nothing in a place beyond the limit is told why it goes`() async throws {
        let configuration = HTTPServerConfiguration(maxConnections: 1)
        try await withServer(configuration, handler: Self.handler) { (fixture) async throws in
            let port = fixture.port
            let server = fixture.server
            try await onThread {
                let busy = try Self.get(port, "/slow", key: true)
                Self.wait(for: 1, at: server)
                let silent = try RawSocket(port: port)
                #expect(try silent.receiveAll().hasPrefix("HTTP/1.1 503 "))
                silent.close()
                busy.close()
            }
        }
    }

    @Test func `an address is what one client has`() {
        #expect(PeerAddress("192.0.2.1").group == PeerAddress("::ffff:192.0.2.1").group)
        #expect(PeerAddress("192.0.2.1").group != PeerAddress("192.0.2.2").group)
        #expect(PeerAddress("2001:db8:1:2::1").group == PeerAddress("2001:db8:1:2:9::7").group)
        #expect(PeerAddress("2001:db8:1:2::1").group != PeerAddress("2001:db8:1:3::1").group)
    }

    @Test func `what stays is looked at a bounded number of times`() {
        var list = SheddingList<Int>()
        var nodes = (0..<1000).map { list.append($0) }
        var looks = 0
        let found = list.find { _ in
            looks += 1
            return false
        }
        #expect(found == nil && looks == SheddingList<Int>.mostLooks)
        let seventy = list.find { $0 == 70 }
        #expect(seventy == 70)
        for node in nodes { list.remove(node) }
        for node in nodes { list.remove(node) }
        #expect(list.count == 0)
        nodes = []
        let none = list.find { _ in true }
        #expect(none == nil)
    }
}

/// Loops that stand still.
@Suite(.timeLimit(.minutes(1))) struct LoopStallTests {
    @Test func `only turns above the threshold count, by how long they took`() {
        var stalls = LoopStalls()
        for milliseconds in [1, 100, 101, 250, 251, 40_000] { _ = stalls.turnTook(.milliseconds(milliseconds)) }
        #expect(stalls.count == 4)
        #expect(stalls.buckets == [2, 1, 0, 0, 0, 0, 0])
        #expect(stalls.longest == .seconds(40))
        #expect(stalls.total == .milliseconds(40_602))
    }

    @Test func `a loop that stands still is counted and told, one that waits is not`() async throws {
        let lines = Locked<[String]>([])
        let log = Log { line in lines.withLock { $0.append(line) } }
        let group = EventLoopGroup(name: "still", count: 2, log: log)
        defer { group.shutdown() }
        let loop = group.loops[0]
        try await Task.sleep(for: .milliseconds(300))
        #expect(loop.stalls.count == 0)
        loop.submit { usleep(150_000) }
        #expect(await eventually { loop.stalls.count == 1 })
        #expect(loop.stalls.total >= .milliseconds(150))
        #expect(lines.withLock { $0.contains { $0.contains("stood still") && $0.contains("still-0") } })
        #expect(group.loops[1].stalls.count == 0)
    }

    @Test func `one that does not come back is told while it does not`() async throws {
        let lines = Locked<[String]>([])
        let log = Log { line in lines.withLock { $0.append(line) } }
        let group = EventLoopGroup(name: "stuck", count: 1, log: log)
        defer { group.shutdown() }
        let gate = DispatchSemaphore(value: 0)
        group.loops[0].submit { gate.wait() }
        #expect(await eventually { lines.withLock { $0.contains { $0.contains("stands still") } } })
        gate.signal()
        #expect(await eventually { group.loops[0].stalls.count == 1 })
    }
}
