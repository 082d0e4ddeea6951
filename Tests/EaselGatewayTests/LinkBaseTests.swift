import EaselTransport
import Testing

@testable import EaselGateway

/// What links begin with, whoever asks through whatever.
@Suite struct LinkBaseTests {
    private func base(
        _ fields: [(String, String)],
        peer: String = "10.1.2.3",
        local: String = "127.0.0.1:8080",
        publicURL: String? = nil
    ) -> String {
        LinkBase(
            publicURL: publicURL,
            trustedProxies: ["10.0.0.0/8", "fd00::/8"].compactMap { AddressRange($0) }
        )
        .text(peer: peer, local: local, HTTPFields(fields))
    }

    @Test func `the configured address stands, whatever anybody says`() {
        #expect(
            base([("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")], publicURL: "https://easel.example")
                == "https://easel.example"
        )
    }

    @Test func `a caller's own word is not believed`() {
        for field in [
            ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
            ("Forwarded", "host=evil.example;proto=https"),
        ] {
            #expect(base([field], peer: "192.0.2.1") == "http://127.0.0.1:8080")
            #expect(base([field], peer: "") == "http://127.0.0.1:8080")
        }
        #expect(base([("Host", "x")], peer: "::1", local: "[::1]:8080") == "http://[::1]:8080")
    }

    /// What a trusted proxy sends, and what links begin with then.
    private struct Proxied: Sendable, CustomStringConvertible {
        let fields: [(String, String)]
        let expected: String
        var description: String { expected + fields.map { " \($0): \($1)" }.joined() }

        init(_ expected: String, _ fields: (String, String)...) {
            self.expected = expected
            self.fields = fields
        }
    }

    private static let https = ("X-Forwarded-Proto", "https")
    private static let host = ("X-Forwarded-Host", "easel.example")
    private static let cases: [Proxied] = [
        Proxied("https://easel.example", host, https),
        Proxied("https://easel.example", ("Host", "easel.example"), https),
        Proxied("https://easel.example", ("Forwarded", "for=192.0.2.1;host=easel.example;proto=https")),
        Proxied(
            "https://easel.example:8443",
            ("Forwarded", "for=\"[2001:db8::1]:9\";Host=\"easel.example:8443\"; Proto=HTTPS")
        ),
        // A caller may send some before the proxy adds its own.
        Proxied(
            "https://easel.example",
            ("X-Forwarded-Host", "evil.example, easel.example"),
            ("X-Forwarded-Proto", "gopher, https")
        ),
        Proxied("http://easel.example", ("X-Forwarded-Host", "evil.example"), host),
        Proxied(
            "http://easel.example",
            ("Forwarded", "host=evil.example"),
            ("Forwarded", "host=\"a,b\", host=easel.example")
        ),
        Proxied("https://easel.example:8443", host, https, ("X-Forwarded-Port", "8443")),
        Proxied("https://easel.example", host, https, ("X-Forwarded-Port", "443")),
        Proxied("http://easel.example:81", ("X-Forwarded-Host", "easel.example:81"), ("X-Forwarded-Port", "8443")),
        Proxied("http://[2001:db8::1]:81", ("X-Forwarded-Host", "[2001:db8::1]"), ("X-Forwarded-Port", "81")),
    ]

    @Test func `a trusted proxy says where it stands`() {
        for one in Self.cases {
            for peer in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::5"] {
                let found = base(one.fields, peer: peer)
                #expect(found == one.expected, "\(one)")
            }
        }
    }

    @Test(arguments: [
        "evil.example/path", "a@evil.example", "evil.example?x", "evil.example#x", "a b", "", "\u{E9}.example", "a\"b",
        String(repeating: "a", count: 256),
    ])
    func `what is no host is not put into a link`(host: String) {
        #expect(base([("X-Forwarded-Host", host), ("Host", host)]) == "http://127.0.0.1:8080")
    }

    @Test func `a scheme that is none is not put into a link`() {
        #expect(
            base([("X-Forwarded-Host", "easel.example"), ("X-Forwarded-Proto", "javascript")])
                == "http://127.0.0.1:8080"
        )
    }
}
