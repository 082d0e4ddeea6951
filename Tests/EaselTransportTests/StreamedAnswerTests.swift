import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestTools

/// Answers that go on behind their head.
@Suite(.timeLimit(.minutes(2))) struct StreamedAnswerTests {
    /// The writers of the answers that are open.
    private final class Readers: Sendable {
        private let state = Locked<(writers: [ObjectIdentifier: StreamWriter], ended: Int)>(([:], 0))

        var open: Int { state.withLock(\.writers.count) }
        var ended: Int { state.withLock(\.ended) }

        func answer(mostWaiting: Int = 256 << 10) -> ServerResponse {
            let answer = StreamedAnswer(mostWaiting: mostWaiting) { [self] writer in
                state.withLock { $0.writers[ObjectIdentifier(writer)] = writer }
                writer.write(StreamPiece("hello\n"))
            } ended: { [self] writer in
                state.withLock { state in
                    state.writers[ObjectIdentifier(writer)] = nil
                    state.ended += 1
                }
            }
            return ServerResponse(status: 200, body: .streamed(answer))
        }

        func each(_ body: @escaping @Sendable (StreamWriter) -> Void) {
            for writer in state.withLock({ Array($0.writers.values) }) { writer.loop.submit { body(writer) } }
        }
    }

    private func reader(_ fixture: Fixture, version: String = "1.1") async throws -> RawSocket {
        let socket = try await onThread { try RawSocket(port: fixture.port) }
        try socket.send("GET / HTTP/\(version)\r\nHost: a\r\n\r\n")
        _ = try await onThread { try socket.receive(until: "hello\n") }
        return socket
    }

    @Test func `pieces come as they are written, and the connection is used again`() async throws {
        let readers = Readers()
        try await withServer(handler: { _ in readers.answer() }) { (fixture) async throws in
            let socket = try await reader(fixture)
            let piece = StreamPiece("one\n")
            readers.each { $0.write(piece) }
            #expect(try await onThread { try socket.receive(until: "one\n\r\n") } == "4\r\none\n\r\n")
            // It is no request under way.
            #expect(await eventually { fixture.server.requestsInFlight == 0 })
            readers.each { $0.end() }
            _ = try await onThread { try socket.receive(until: "0\r\n\r\n") }
            #expect(readers.open == 0 && readers.ended == 1)
            try socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await onThread { try socket.receive(until: "hello\n") }
            socket.close()
            #expect(await eventually { readers.open == 0 })
            #expect(readers.ended == 2)
        }
    }

    @Test func `an old client gets plain bytes until the end`() async throws {
        let readers = Readers()
        try await withServer(handler: { _ in readers.answer() }) { (fixture) async throws in
            let socket = try await reader(fixture, version: "1.0")
            readers.each { writer in
                writer.write(StreamPiece("last\n"))
                writer.end()
                // Too late.
                writer.write(StreamPiece("more\n"))
                writer.end()
            }
            #expect(try await onThread { try socket.receiveAll() } == "last\n")
            socket.close()
            #expect(readers.ended == 1)
        }
    }

    @Test func `HEAD has no body and begins nothing`() async throws {
        let readers = Readers()
        try await withServer(handler: { _ in readers.answer() }) { (fixture) async throws in
            let answer = try await fixture.client.execute(HTTPRequest(method: "HEAD", url: fixture.url))
            #expect(answer.status == 200 && answer.body.isEmpty)
            #expect(readers.open == 0 && readers.ended == 0)
        }
    }

    @Test func `a client that leaves is forgotten, in order or not`() async throws {
        let readers = Readers()
        try await withServer(handler: { _ in readers.answer() }) { (fixture) async throws in
            let first = try await reader(fixture)
            let second = try await reader(fixture)
            #expect(readers.open == 2)
            first.halfClose()
            second.closeWithReset()
            #expect(await eventually { readers.open == 0 })
            #expect(readers.ended == 2)
            first.close()
        }
    }

    @Test func `one that does not read is cut off, and the others are not held up`() async throws {
        let readers = Readers()
        try await withServer(handler: { _ in readers.answer(mostWaiting: 64 << 10) }) { (fixture) async throws in
            let deaf = try await reader(fixture)
            #expect(readers.open == 1)
            let listening = try await reader(fixture)
            let piece = StreamPiece([UInt8](repeating: 0x78, count: 16 << 10))
            let count = Locked(0)
            let reading = Task {
                try await onThread {
                    while true {
                        let bytes = try listening.receive()
                        if bytes.isEmpty { return }
                        count.withLock { $0 += bytes.count }
                    }
                }
            }
            var written = 0
            while readers.open == 2, written < 4000 {
                readers.each { $0.write(piece) }
                written += 1
                try await Task.sleep(for: .milliseconds(2))
            }
            #expect(readers.open == 1 && readers.ended == 1, "after \(written)")
            let wanted = written * 16 << 10
            #expect(await eventually { count.withLock(\.self) >= wanted })
            readers.each { $0.end() }
            await fixture.server.drain(grace: .zero)
            _ = try await reading.value
            deaf.close()
            listening.close()
        }
    }

    @Test func `a drain ends it at once, and in order`() async throws {
        let readers = Readers()
        try await withServer(handler: { _ in readers.answer() }) { (fixture) async throws in
            let socket = try await reader(fixture)
            let began = SteadyInstant.now
            await fixture.server.drain(grace: .seconds(30))
            #expect(SteadyInstant.now.since(began) < .seconds(5))
            #expect(try await onThread { try socket.receiveAll() } == "0\r\n\r\n")
            #expect(readers.ended == 1)
            socket.close()
        }
    }

    @Test func `two thousand readers get one text`() async throws {
        let readers = Readers()
        try await withServer(loops: 2, handler: { _ in readers.answer() }) { (fixture) async throws in
            var sockets: [RawSocket] = []
            for _ in 0..<2000 { sockets.append(try await reader(fixture)) }
            let piece = StreamPiece("all\n")
            readers.each { $0.write(piece) }
            for socket in sockets { _ = try await onThread { try socket.receive(until: "all\n") } }
            for socket in sockets { socket.close() }
            #expect(await eventually { readers.open == 0 })
        }
    }
}
