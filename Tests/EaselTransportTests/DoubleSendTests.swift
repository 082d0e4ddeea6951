import EaselBase
import EaselServer
import EaselTransport
import Foundation
import Testing
import TestTools

/// A request that may cost money leaves at most once (R4, R6).
@Suite(.timeLimit(.minutes(1))) struct DoubleSendTests {
    /// Answers the first request of all, then reads each whole request and ends the connection without a byte.
    private static func oneAnswer(
        _ seen: Counter,
        then ending: ResponseStep
    ) -> @Sendable (ServerRequest) async -> ServerResponse {
        { request in
            _ = try? await request.body.collect(limit: 1 << 20)
            guard seen.increment() > 1 else { return .text("first") }
            return ServerResponse(status: 200, body: .scripted(declaredLength: nil, [ending]))
        }
    }

    @Test(arguments: [ResponseStep.close, .reset], ["POST", "PUT", "PATCH", "DELETE"])
    func `a kept connection that dies is an error, not a second request`(
        ending: ResponseStep,
        method: String
    ) async throws {
        let seen = Counter()
        try await withServer(handler: Self.oneAnswer(seen, then: ending)) { (fixture) async throws in
            for body in [[UInt8](repeating: 1, count: 10), [UInt8](repeating: 2, count: 200_000)] {
                let before = seen.value
                if before == 0 { #expect(try await fixture.post([0]).status == 200) }
                let sofar = seen.value
                let error = try await fixture.failure(HTTPRequest(method: method, url: fixture.url, body: body))
                #expect(error.kind == .reset)
                #expect(error.sent)
                #expect(seen.value == sofar + 1)
            }
        }
    }

    @Test(arguments: ["POST", "DELETE"])
    func `neither is one without a body`(method: String) async throws {
        let seen = Counter()
        try await withServer(handler: Self.oneAnswer(seen, then: .close)) { (fixture) async throws in
            #expect(try await fixture.get().status == 200)
            let error = try await fixture.failure(HTTPRequest(method: method, url: fixture.url))
            #expect(error.kind == .reset)
            #expect(seen.value == 2)
        }
    }

    @Test func `a kept connection that the server closed while idle is no failure`() async throws {
        let configuration = HTTPServerConfiguration(keepAliveTimeout: .milliseconds(30))
        try await withServer(configuration, handler: RoundTripTests.echo) { (fixture) async throws in
            for _ in 0..<4 {
                #expect(try await fixture.post([1, 2, 3]).body == [1, 2, 3])
                #expect(await eventually { fixture.server.openConnections == 0 })
            }
        }
    }
}

/// Addresses are judged where the connection is made (S3).
@Suite(.timeLimit(.minutes(1))) struct ClientAddressTests {
    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
    func `a local address is refused however it is spelt`(host: String) async throws {
        let seen = Counter()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            seen.increment()
            return .text("inside")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            var request = HTTPRequest(url: "http://\(host):\(fixture.port)/", addressPolicy: .publicOnly(allow: []))
            let error = try await fixture.failure(request)
            #expect(error.kind == .addressNotAllowed)
            #expect(!error.sent)
            #expect(seen.value == 0)
            let local = try #require(AddressRange("127.0.0.0/8"))
            request.addressPolicy = .publicOnly(allow: [local])
            #expect(try await fixture.client.execute(request).status == 200)
        }
    }

    @Test func `a connection that a laxer exchange left open does not help`() async throws {
        let seen = Counter()
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            seen.increment()
            return .text("inside")
        }
        try await withServer(handler: handler) { (fixture) async throws in
            #expect(try await fixture.get().status == 200)
            #expect(fixture.server.openConnections == 1)
            let request = HTTPRequest(url: fixture.url, addressPolicy: .publicOnly(allow: []))
            let error = try await fixture.failure(request)
            #expect(error.kind == .addressNotAllowed)
            #expect(!error.sent)
            #expect(seen.value == 1)
        }
    }
}
