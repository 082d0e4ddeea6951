import EaselBase
import EaselCore
import EaselServer
import EaselTransport
import Foundation
import TestKit
import Testing

@testable import EaselGateway

/// Bodies of requests that were packed, and limits that hold for what comes out of them.
struct RequestBodyTests {
    /// `{"a":"hello"}` by gzip and by zlib, and 256 KiB of zeros by gzip.
    private static let gzip = decode("H4sIAAAAAAACA6tWSlSyUspIzcnJV6oFAJD8InsNAAAA")
    private static let zlib = decode("eJyrVkpUslLKSM3JyVeqBQAbjQQw")
    private static let bomb = decode(
        "H4sIAAAAAAACA+3BMQEAAADCoPVP7W0HoAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA3gAi6g7iAAAEAA=="
    )
    private static let text = Array("{\"a\":\"hello\"}".utf8)

    private static func decode(_ text: String) -> [UInt8] { [UInt8](Data(base64Encoded: text) ?? Data()) }

    /// What a route sees of a body, or how it answers.
    private func read(_ body: [UInt8], _ encoding: String?, limit: Int = 1000) async throws -> Result<[UInt8], Problem>
    {
        let seen = Locked<Result<[UInt8], Problem>?>(nil)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            do throws(Problem) {
                let body = try await RequestBody.read(request, limit: limit)
                seen.withLock { $0 = .success(body) }
                return .text("ok")
            } catch {
                seen.withLock { $0 = .failure(error) }
                return error.response
            }
        }
        try await LocalServer.with(handler) { server in
            let fields = HTTPFields(encoding.map { [("Content-Encoding", $0)] } ?? [])
            let request = HTTPRequest(method: "POST", url: server.origin + "/", fields: fields, body: body)
            let response = try await TestLoops.client.execute(request)
            if case .failure(let problem)? = seen.withLock({ $0 }), problem.code == .unsupportedMediaType {
                #expect(response.fields["Accept-Encoding"] == "gzip, deflate")
            }
        }
        return try #require(seen.withLock { $0 })
    }

    @Test(
        arguments: [
            (gzip, "gzip"), (gzip, "X-GZIP"), (zlib, "deflate"), (text, nil), (text, "identity"), (text, ""),
            (gzip, "identity, gzip"),
        ] as [([UInt8], String?)]
    )
    func `a body is read as it was before it was packed`(_ body: [UInt8], _ encoding: String?) async throws {
        #expect(try await read(body, encoding).get() == Self.text)
    }

    @Test(arguments: ["br", "zstd", "compress", "aws-chunked", "gzip, br", "x\"><y"])
    func `a coding that is not understood is 415, whatever the body`(_ encoding: String) async throws {
        for body in [Self.gzip, [UInt8](repeating: 1, count: 5000)] {
            guard case .failure(let problem) = try await read(body, encoding) else { throw Unexpected() }
            #expect(problem.code == .unsupportedMediaType && problem.detail.contains("gzip, deflate"))
        }
    }

    private struct Unexpected: Error {}

    @Test func `what becomes too large is 413, before and after`() async throws {
        for (body, limit) in [(Self.bomb, 200_000), (Self.bomb, 300), (Self.gzip, 12)] {
            guard case .failure(let problem) = try await read(body, "gzip", limit: limit) else { throw Unexpected() }
            #expect(problem.code == .tooLarge)
        }
        #expect(try await read(Self.bomb, "gzip", limit: 1 << 18).get().count == 1 << 18)
        #expect(try await read(Self.gzip, "gzip", limit: max(Self.gzip.count, 13)).get() == Self.text)
    }

    @Test func `what cannot be unpacked is a fault of the body`() async throws {
        for body in [Self.text, Array(Self.gzip.dropLast(4)), Self.gzip + [1]] {
            guard case .failure(let problem) = try await read(body, "gzip") else { throw Unexpected() }
            #expect(problem.code == .invalidRequest && problem.errors.map(\.parameter) == ["body"])
        }
    }
}
