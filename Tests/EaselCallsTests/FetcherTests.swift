import EaselBase
import EaselServer
import EaselTransport
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// Downloads of what others name (S2, S3).
struct FetcherTests {
    /// Answers by path; `/to/...` redirects to what stands behind it.
    private static let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
        func redirect(_ location: String, _ status: Int = 302) -> ServerResponse {
            ServerResponse(status: status, fields: ["Location": location])
        }
        if let target = request.queryValue("to") {
            return redirect(target, Int(request.queryValue("status") ?? "") ?? 302)
        }
        switch request.path {
        case "/image": return .bytes([1, 2, 3], type: "image/png")
        case "/large": return .bytes([UInt8](repeating: 7, count: 100_000), type: "image/png")
        case "/loop": return redirect("/loop")
        case "/hop/1": return redirect("/hop/2")
        case "/hop/2": return redirect("3")
        case "/hop/3": return redirect("/image")
        case "/hop/0": return redirect("/hop/1")
        case "/nowhere": return ServerResponse(status: 302)
        case "/slow": return ServerResponse(status: 200, body: .scripted(declaredLength: nil, [.wait(.seconds(20))]))
        case "/sp ace.png", "/фото.png": return .bytes([1, 2, 3], type: "image/png")
        case "/packed":
            let name = request.queryValue("as") ?? ""
            let packed: [UInt8]
            switch name {
            case "gzip", "aws-chunked,gzip", "gzip, binary":
                packed = [
                    0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x64, 0x62, 0x06, 0, 0x1D, 0x80, 0xBC, 0x55, 3, 0, 0, 0,
                ]
            case "br": packed = [0x0B, 0x01, 0x80, 1, 2, 3, 3]
            default: packed = [1, 2, 3]
            }
            return .bytes(packed, type: "image/png", fields: ["Content-Encoding": name])
        case "/empty": return .bytes([], type: "image/png")
        default: return .text("no", status: 404)
        }
    }

    private static let loopbackAllowed = AddressPolicy.publicOnly(
        allow: [AddressRange("127.0.0.1/32")].compactMap(\.self)
    )

    private func fetch(
        _ path: String,
        policy: AddressPolicy = loopbackAllowed,
        trusted: Bool = false,
        maxBytes: Int = 50_000,
        timeout: Duration = .seconds(10)
    ) async throws -> Result<[UInt8], Fetcher.Failure> {
        try await LocalServer.with(Self.handler) { server in
            let fetcher = Fetcher(client: Bench.client, policy: policy, timeout: timeout)
            let url = path.hasPrefix("/") ? server.origin + path : path.replacing("PORT", with: "\(server.port)")
            do throws(Fetcher.Failure) {
                let origin = trusted ? Fetcher.origin(of: server.origin) : nil
                return .success(try await fetcher.fetch(url, maxBytes: maxBytes, trustedOrigin: origin))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test(arguments: [
        "/image", "/hop/3", "/hop/2", "/hop/1", "/x?to=/image&status=301", "/x?to=/image&status=307",
        "/x?to=/image&status=308", "/x?to=/image&status=303",
    ])
    func `an image is fetched, by way of up to three redirects`(_ path: String) async throws {
        #expect(try await fetch(path) == .success([1, 2, 3]))
    }

    @Test(arguments: [
        "/sp ace.png", "/sp%20ace.png", "/фото.png", "/image\n", "/x?to=/фото.png", "/x?to=/sp%20ace.png",
    ])
    func `a URL is fetched as browsers would`(_ path: String) async throws {
        #expect(try await fetch(path) == .success([1, 2, 3]))
    }

    @Test(arguments: [
        "gzip", "br", "aws-chunked", "UTF-8", "binary", "identity", "none", "aws-chunked,gzip", "gzip, binary", "x",
    ])
    func `an image is unpacked where it was packed, and only there`(_ encoding: String) async throws {
        let query = encoding.replacing(" ", with: "%20").replacing(",", with: "%2C")
        #expect(try await fetch("/packed?as=\(query)") == .success([1, 2, 3]))
    }

    @Test(arguments: ["/hop/0", "/loop"])
    func `more redirects end the fetch`(_ path: String) async throws {
        #expect(try await fetch(path) == .failure(.tooManyRedirects))
    }

    @Test(arguments: [
        "http://127.0.0.1:PORT/image", "http://localhost:PORT/image", "http://127.1:PORT/image",
        "http://[::1]:PORT/image", "http://[::ffff:127.0.0.1]:PORT/image", "http://2130706433:PORT/image",
        "http://10.0.0.1/image", "http://169.254.169.254/latest/meta-data", "http://0.0.0.0:PORT/image",
        "http://0x7f000001:PORT/image", "http://017700000001:PORT/image",
        "http://0x7f.1:PORT/image", "http://127.0.0.1.:PORT/image", "http://１２７.０.０.１:PORT/image",
        "http://ＬＯＣＡＬＨＯＳＴ:PORT/image", "http://127。0。0。1:PORT/image", "http://ⓛocalhost:PORT/image",
        "http://%6Cocalhost:PORT/image", " http:\\\\127.0.0.1:PORT\\image\n", "http://[::ffff:7f00:1]:PORT/image",
    ])
    func `a private address is not reached`(_ url: String) async throws {
        #expect(try await fetch(url, policy: .publicOnly(allow: [])) == .failure(.addressNotAllowed))
    }

    @Test(arguments: [
        "http%3A%2F%2F127.0.0.2%3A1%2Fx", "http%3A%2F%2F169.254.169.254%2F", "%2F%2F127.0.0.2%3A1%2Fx",
        "http%3A%2F%2F%5B%3A%3A1%5D%2F", "http%3A%2F%2F0x7f000002%3A1%2F", "%5C%5C127.0.0.2%3A1%5Cx",
    ])
    func `a redirect to a private address is not followed`(_ target: String) async throws {
        #expect(try await fetch("/x?to=\(target)") == .failure(.addressNotAllowed))
    }

    @Test(arguments: [
        "ftp%3A%2F%2Fexample.com%2F", "file%3A%2F%2F%2Fetc%2Fpasswd", "http%3A%2F%2Fuser%3Apw%40example.com%2F",
    ])
    func `a redirect to something else than http is not followed`(_ target: String) async throws {
        #expect(try await fetch("/x?to=\(target)") == .failure(.badURL))
    }

    @Test(arguments: [
        "", "/relative", "file:///etc/passwd", "ftp://example.com/a", "http://", "http:///x",
        "https://user:pw@example.com/", "gopher://x", "javascript:1",
        "http://example.com/" + String(repeating: "x", count: 9000),
    ])
    func `what is no http URL with a host is not fetched`(_ url: String) async throws {
        #expect(!Fetcher.isFetchable(url))
        guard !url.hasPrefix("/") else { return }
        #expect(try await fetch(url) == .failure(.badURL))
    }

    @Test func `a trusted origin may be private, what it redirects to may not`() async throws {
        let closed = AddressPolicy.publicOnly(allow: [])
        #expect(try await fetch("/image", policy: closed) == .failure(.addressNotAllowed))
        #expect(try await fetch("/image", policy: closed, trusted: true) == .success([1, 2, 3]))
        #expect(try await fetch("/hop/3", policy: closed, trusted: true) == .success([1, 2, 3]))
        let away = "/x?to=http%3A%2F%2F127.0.0.2%3A1%2Fx"
        #expect(try await fetch(away, policy: closed, trusted: true) == .failure(.addressNotAllowed))
    }

    @Test func `limits of size and time hold`() async throws {
        #expect(try await fetch("/large") == .failure(.tooLarge(limit: 50_000)))
        #expect(try await fetch("/large", maxBytes: 100_000).get().count == 100_000)
        #expect(try await fetch("/slow", timeout: .milliseconds(200)) == .failure(.timeout))
    }

    @Test(arguments: [("/missing", 404), ("/nowhere", 302)])
    func `any other status is a failure`(_ path: String, _ status: Int) async throws {
        #expect(try await fetch(path) == .failure(.status(status)))
    }

    @Test func `a server that cannot be reached is told apart`() async throws {
        #expect(try await fetch("http://127.0.0.1:1/x") == .failure(.unreachable(.refused)))
        #expect(try await fetch("http://no-such-host.invalid/x") == .failure(.unreachable(.dns)))
        #expect(try await fetch("https://127.0.0.1:PORT/image") == .failure(.unreachable(.tls)))
        #expect(
            Fetcher.Failure.unreachable(.dns).sentence
                == "could not be fetched: the name of the server is not found"
        )
    }

    @Test func `no credentials are sent`() async throws {
        let seen = Locked<[String]>([])
        try await LocalServer.with { request in
            seen.withLock { $0 = request.fields.pairs.map { $0.name.lowercased() } }
            return .bytes([1], type: "image/png")
        } _: { server in
            let fetcher = Fetcher(client: Bench.client, policy: Self.loopbackAllowed, timeout: .seconds(5))
            _ = try await fetcher.fetch(server.origin + "/image", maxBytes: 10)
        }
        let names = seen.withLock { $0 }
        #expect(names.contains("accept"))
        #expect(!names.contains("authorization") && !names.contains("api-key") && !names.contains("cookie"))
    }

    @Test(
        arguments: [
            ("https://Example.com/a", "https://example.com:443"), ("http://example.com", "http://example.com:80"),
            ("http://example.com:8080/x?y", "http://example.com:8080"), ("nonsense", nil),
        ] as [(String, String?)]
    )
    func `an origin spells its port out`(_ url: String, _ origin: String?) {
        #expect(Fetcher.origin(of: url) == origin)
    }
}
