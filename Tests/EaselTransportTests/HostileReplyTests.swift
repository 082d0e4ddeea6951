import EaselBase
import Testing

@testable import EaselServer
@testable import EaselTransport

/// Answers that no honest server gives. Whoever answers a download may be anybody's server; a provider's edge may be broken.
@Suite(.timeLimit(.minutes(2))) struct HostileReplyTests {
    private static func raw(_ text: String, then step: ResponseStep = .close) -> ServerResponse {
        ServerResponse(status: 200, body: .scripted(declaredLength: nil, [.raw(Array(text.utf8)), step]))
    }

    private static let good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    /// The path's number is the answer's.
    private static func server(
        _ answers: [String],
        then step: ResponseStep = .close
    ) -> @Sendable (ServerRequest) async -> ServerResponse {
        { request in
            let index = Int(request.path.dropFirst()) ?? 0
            return raw(answers[index], then: step)
        }
    }

    /// A handle of libcurl that is used again after such an answer writes to memory that was freed.
    @Test func `a folded first field, again and again, is refused and nothing else`() async throws {
        let folds = [
            "HTTP/1.1 200 OK\r\n\tX-Folded: y\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            "HTTP/1.1 200 OK\r\n X: y\r\n\t z\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nA: b\r\n\tc\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
            "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\tc\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\tc\r\n\r\n",
        ]
        try await withServer(handler: Self.server([Self.good] + folds)) { (fixture) async throws in
            for _ in 0..<40 {
                #expect(try await fixture.get("/0").body == Array("ok".utf8))
                for index in 1...folds.count {
                    let error = try await fixture.failure(HTTPRequest(url: fixture.url + "/\(index)"))
                    #expect(error.kind == .malformedResponse, "\(index): \(error)")
                    #expect(error.sent)
                }
            }
        }
    }

    @Test func `what readers would understand differently is no answer`() async throws {
        let answers = [
            "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nnofield\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\n: nameless\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokgarbage\r\n0\r\n\r\n",
            "HTTP/1.1 xx OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 099 OK\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 000 OK\r\nContent-Length: 2\r\n\r\nok",
            "HtTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "http/1.0 200 OK\r\nX: y\r\n\r\nok",
            "HTTP/1.1 100 Continue\r\n\r\nhTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            "<html>not HTTP at all</html>",
        ]
        try await withServer(handler: Self.server(answers + [Self.good])) { (fixture) async throws in
            for index in answers.indices {
                let error = try await fixture.failure(HTTPRequest(url: fixture.url + "/\(index)"))
                #expect([.malformedResponse, .reset].contains(error.kind), "\(index): \(error)")
            }
            #expect(try await fixture.get("/\(answers.count)").status == 200)
        }
    }

    @Test func `floods of fields and interim answers end`() async throws {
        let answers = [
            "HTTP/1.1 200 OK\r\n" + String(repeating: "a:\r\n", count: 20_000) + "\r\n",
            String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 5000) + Self.good,
            String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", count: 40) + Self.good,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n"
                + String(repeating: "a: b\r\n", count: 20_000) + "\r\n",
        ]
        try await withServer(handler: Self.server(answers)) { (fixture) async throws in
            for index in answers.indices {
                let error = try await fixture.failure(HTTPRequest(url: fixture.url + "/\(index)"))
                #expect(error.kind == .responseTooLarge, "\(index): \(error)")
            }
        }
    }

    @Test func `a few interim answers and a trailer are no offence`() async throws {
        let answers = [
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n" + Self.good,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\nA: b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        ]
        try await withServer(handler: Self.server(answers)) { (fixture) async throws in
            for index in answers.indices {
                let response = try await fixture.get("/\(index)")
                #expect(response.status == 200)
                #expect(response.fields["A"] == nil && response.fields["Link"] == nil)
            }
        }
    }

    /// What lies behind an answer is nobody's: least of all the next request's.
    @Test func `an answer that was smuggled in behind another is not taken for the next one's`() async throws {
        let smuggled = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        let answers = [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + smuggled,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + smuggled,
            "HTTP/1.1 204 No Content\r\n\r\n" + smuggled,
            "HTTP/1.1 304 Not Modified\r\n\r\n" + smuggled,
            Self.good,
        ]
        try await withServer(handler: Self.server(answers, then: .wait(.milliseconds(300)))) { (fixture) async throws in
            for index in 0..<4 {
                _ = try await fixture.get("/\(index)")
                let next = try await fixture.get("/4")
                #expect(next.body == Array("ok".utf8), "after answer \(index)")
            }
        }
    }

    @Test func `a promise of a body makes no room for it`() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\nx"
        try await withServer(handler: Self.server([answer])) { (fixture) async throws in
            #expect(try await fixture.failure(HTTPRequest(url: fixture.url + "/0")).kind == .reset)
        }
    }

    @Test func `each kind of failure is told apart`() async throws {
        try await withServer(handler: { _ in .text("plain") }) { (fixture) async throws in
            let deaf = try DeafListener()
            deaf.close()
            let cases: [(String, TransportError.Kind)] = [
                ("http://no-such-host.invalid/", .dns),
                ("http://127.0.0.1:\(deaf.port)/", .refused),
                ("https://127.0.0.1:\(fixture.port)/", .tls),
            ]
            for (url, kind) in cases {
                let error = try await fixture.failure(HTTPRequest(url: url))
                #expect(error.kind == kind, "\(url): \(error)")
                #expect(!error.sent)
            }
            #expect(Set(TransportError.Kind.allCases.map(\.words)).count == TransportError.Kind.allCases.count)
        }
    }
}

/// The reader of heads alone.
struct ResponseHeadReaderTests {
    private static func read(_ lines: [String]) -> (ResponseHeadReader, ResponseHeadReader.Step) {
        var reader = ResponseHeadReader()
        var step = ResponseHeadReader.Step.goesOn
        for line in lines {
            step = Array(line.utf8).withUnsafeBytes { reader.read($0) }
            if case .malformed = step { break }
            if case .tooLarge = step { break }
        }
        return (reader, step)
    }

    @Test func `fields of the last head count`() {
        let (reader, step) = Self.read([
            "HTTP/1.1 103 Early\r\n", "Link: a\r\n", "\r\n", "HTTP/2 200 \r\n", "A:  b \t\r\n", "content-length: 7\n",
            "\r\n",
        ])
        #expect(step == .complete)
        #expect(reader.status == 200)
        #expect(reader.contentLength == 7)
        #expect(reader.fields == ["A": "b", "content-length": "7"])
    }

    @Test func `a line that begins with a blank is refused wherever it stands`() {
        for blank in [" ", "\t"] {
            #expect(Self.read(["HTTP/1.1 200 OK\r\n", blank + "a: b\r\n"]).1 != .goesOn)
            #expect(Self.read(["HTTP/1.1 200 OK\r\n", "a: b\r\n", blank + "c\r\n"]).1 != .goesOn)
            #expect(Self.read(["HTTP/1.1 200 OK\r\n", "\r\n", blank + "c\r\n"]).1 != .goesOn)
        }
    }

    @Test func `no byte of a field is in what is told`() {
        for line in ["secret\u{1}: value\r\n", "se cret: value\r\n", "Content-Length: secret\r\n"] {
            guard case .malformed(let text) = Self.read(["HTTP/1.1 200 OK\r\n", line]).1 else {
                Issue.record("taken: \(line)")
                continue
            }
            #expect(!text.contains("cret") && !text.contains("value"))
        }
    }
}

/// What a server says of a stream it has not looked at (RFC 9113, 8.7).
struct StreamFateTests {
    private static func news(_ text: String) -> StreamNews {
        Array(text.utf8).withUnsafeBytes { StreamNews($0) }
    }

    private static func fate(_ news: [StreamNews], isAlive: Bool = true) -> StreamFate {
        var fate = StreamFate()
        for item in news {
            if case .goAway(let last) = item { fate.goAway(lastStream: last) }
            fate.hear(item) { isAlive }
        }
        return fate
    }

    @Test func `libcurl's sentences are understood, and no others`() {
        #expect(Self.news("Using Stream ID: 5 (easy handle 0x7f)\n") == .opened(5))
        #expect(Self.news("[HTTP/2] [7] OPENED stream for https://a/\n") == .opened(7))
        #expect(Self.news("REFUSED_STREAM, retrying a fresh connect\n") == .refused)
        #expect(Self.news("Connection died, retrying a fresh connect (retry count: 1)\n") == .retries)
        #expect(Self.news("recveived GOAWAY, error=0, last_stream=3\n") == .goAway(lastStream: 3))
        #expect(Self.news("received GOAWAY, error=2, last_stream=2147483647\n") == .goAway(lastStream: 2_147_483_647))
        #expect(Self.news("We are completely uploaded and fine\n") == .harmless)
        for text in [
            "", "x REFUSED_STREAM, retrying a fresh connect", "Using Stream ID: x", "received GOAWAY, error=1",
        ] {
            #expect(Self.news(text) == .other, "\(text)")
        }
    }

    @Test func `only what was certainly not processed is called so`() {
        #expect(!StreamFate().isUnprocessed)
        #expect(!Self.fate([.opened(5), .goAway(lastStream: 5)]).isUnprocessed, "the last one may have been processed")
        #expect(Self.fate([.opened(5), .goAway(lastStream: 5), .goAway(lastStream: 3)]).isUnprocessed)
        #expect(!Self.fate([.goAway(lastStream: 0)]).isUnprocessed)
        #expect(Self.fate([.opened(1), .harmless, .refused, .other]).isUnprocessed)
        var answered = Self.fate([.opened(5), .goAway(lastStream: 3), .refused])
        answered.answerBegan()
        #expect(!answered.isUnprocessed)
    }

    @Test func `a retry on a kept connection tells of a refusal only where nothing else can be the reason`() {
        #expect(Self.fate([.other, .opened(3), .harmless, .retries]).isUnprocessed)
        #expect(!Self.fate([.opened(3), .harmless, .retries], isAlive: false).isUnprocessed)
        #expect(!Self.fate([.opened(3), .other, .retries]).isUnprocessed, "an alert, or a failure to read")
        #expect(!Self.fate([.retries]).isUnprocessed, "no stream of HTTP/2")
    }
}
