import EaselBase
import EaselTransport
import Testing

@testable import EaselServer
@testable import EaselTransport

struct HTTPFieldsTests {
    @Test(
        arguments: [
            ("0", Duration.zero), ("7", .seconds(7)), ("1.5", .milliseconds(1500)), ("86400", .seconds(3600)),
            ("1e300", .seconds(3600)), ("inf", .seconds(3600)), ("-1", nil), ("nan", nil), ("", nil), ("soon", nil),
            ("Wed, 21 Oct 2026 07:28:00 GMT", .seconds(30)), ("Wed, 21 Oct 2026 07:27:00 GMT", .zero),
            ("Thu, 22 Oct 2026 07:28:00 GMT", .seconds(3600)), ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(3600)),
            ("Wed, 21 Oct 300000 07:28:00 GMT", nil), ("Wed, 21 Okt 2026 07:28:00 GMT", nil),
        ] as [(String, Duration?)]
    )
    func `Retry-After is read in seconds and as a date`(text: String, pause: Duration?) throws {
        let now = try #require(Timestamp("2026-10-21T07:27:30Z"))
        #expect(HTTPFields([("retry-after", text)]).retryAfter(atMost: .seconds(3600), now: now) == pause)
        #expect(HTTPFields().retryAfter(atMost: .seconds(3600), now: now) == nil)
    }

    @Test func `names are compared without case and order is kept`() {
        var fields = HTTPFields([("Accept", "a"), ("X-One", "1"), ("accept", "b")])
        #expect(fields["ACCEPT"] == "a")
        #expect(fields.values(of: "Accept") == ["a", "b"])
        #expect(fields["Missing"] == nil)
        fields["aCCept"] = "c"
        #expect(fields.pairs.map(\.name) == ["aCCept", "X-One"])
        fields.add("x-one", "2")
        fields.remove("X-ONE")
        #expect(fields == ["Accept": "c"])
        fields["Accept"] = nil
        #expect(fields.pairs.isEmpty)
        fields["New"] = "n"
        #expect(fields["new"] == "n")
    }

    @Test func `only letters differ by case`() {
        #expect(HTTPSyntax.equalIgnoringCase("Content-Type", "content-tYPE"))
        #expect(!HTTPSyntax.equalIgnoringCase("a[", "a{"))
        #expect(!HTTPSyntax.equalIgnoringCase("a@", "a`"))
        #expect(!HTTPSyntax.equalIgnoringCase("ab", "abc"))
    }

    @Test(arguments: [
        ("/a%20b", "/a b"), ("/a%2Fb", "/a%2Fb"), ("/a%2fb", "/a%2Fb"), ("/%C3%A4", "/\u{E4}"), ("/a+b", "/a+b"),
    ])
    func `paths are decoded, encoded slashes stay`(raw: String, decoded: String) {
        #expect(HTTPSyntax.percentDecoded(raw.utf8, form: false) == decoded)
    }

    @Test(arguments: ["/%", "/%2", "/%zz", "/%00", "/%ff", "/%C3"])
    func `broken escapes are refused`(raw: String) {
        #expect(HTTPSyntax.percentDecoded(raw.utf8, form: false) == nil)
        #expect(RequestTarget(raw) == nil)
        #expect(RequestTarget("/x?a=" + raw) == nil)
    }

    @Test func `targets come apart`() throws {
        let plain = try #require(RequestTarget("/v1/calls?team=a%26b&empty=&flag&q=x+y%2Fz=1"))
        #expect(plain.path == "/v1/calls")
        #expect(plain.query.map(\.name) == ["team", "empty", "flag", "q"])
        #expect(plain.query.map(\.value) == ["a&b", "", "", "x y/z=1"])
        let absolute = try #require(RequestTarget("http://host:80/p?q=1"))
        #expect(absolute.path == "/p")
        #expect(RequestTarget("http://host")?.path == "/")
        #expect(RequestTarget("http://host?x=/y")?.path == "/")
        #expect(RequestTarget("*")?.path == "*")
        #expect(RequestTarget("nonsense") == nil)
    }

    @Test func `field values cannot carry line ends`() {
        #expect(HTTPSyntax.isFieldValue("plain\ttext \u{E4}"))
        for bad in ["a\r\nb", "a\nb", "a\u{0}b", "a\u{7F}"] { #expect(!HTTPSyntax.isFieldValue(bad)) }
        #expect(!HTTPSyntax.isToken(""))
        #expect(!HTTPSyntax.isToken("a b"))
        #expect(HTTPSyntax.isToken("X-Easel_1"))
    }

    @Test func `an answer's head cannot be split by a value`() {
        let head = ResponseHead(
            status: 200,
            fields: ["X-A": "1\r\nX-Evil: 2", "Bad Name": "3", "Content-Length": "99", "Date": "never"],
            framing: .length(5),
            closes: false,
            tellsKeepAlive: false
        )
        let text = String(decoding: head.encoded(date: Array("D".utf8)), as: UTF8.self)
        let wanted = "HTTP/1.1 200 OK\r\nDate: D\r\nX-A: 1  X-Evil: 2\r\nContent-Length: 5\r\n\r\n"
        #expect(text == wanted)
    }
}
