import EaselTransport
import Testing
import TestTools

/// URLs as people paste them, in the form that goes over the wire.
struct WebURLTests {
    @Test(arguments: [
        ("http://example.com", "http://example.com/"),
        ("  https://example.com/a.png\r\n", "https://example.com/a.png"),
        ("https://example.com/a\n b\t.png", "https://example.com/a%20b.png"),
        ("http://example.com/sp ace.png?q=a b&c=d#part", "http://example.com/sp%20ace.png?q=a%20b&c=d"),
        ("http://example.com/фото.png", "http://example.com/%D1%84%D0%BE%D1%82%D0%BE.png"),
        ("http://example.com/%D1%84?x=%20", "http://example.com/%D1%84?x=%20"),
        ("HTTP://EXAMPLE.com:80/A", "http://example.com/A"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("http:\\\\example.com\\a\\b.png", "http://example.com/a/b.png"),
        ("http:/example.com/a", "http://example.com/a"),
        ("http://example.com/\"<a>`{b}^|c\"", "http://example.com/%22%3Ca%3E%60%7Bb%7D%5E%7Cc%22"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://BÜCHER。example", "http://xn--bcher-kva.example/"), ("http://ｅｘａｍｐｌｅ.com", "http://example.com/"),
        ("http://faß.example", "http://xn--fa-hia.example/"), ("http://пример.рф/x", "http://xn--e1afmkfd.xn--p1ai/x"),
        ("http://ex%61mple.com/", "http://example.com/"),
        ("http://my_bucket.example.com/x", "http://my_bucket.example.com/x"),
        ("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
        ("http://example.com:/x", "http://example.com/x"),
        ("http://example.com./x", "http://example.com./x"), ("http://example.com?x", "http://example.com/?x"),
    ])
    func `a URL is normalised`(_ given: String, _ text: String) throws {
        let url = try WebURL(given)
        #expect(url.text == text)
        #expect(try WebURL(url.text) == url, "the form is stable")
        #expect(url.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }

    /// All of them lead to this machine; what is judged is the address that they become.
    @Test(arguments: [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0X7F.0.0.1", "017700000001",
        "0177.0.0.1",
        "127.0.0.1.", "１２７.０.０.１", "127。0。0。1", "%31%32%37.0.0.1", "①②⑦.0.0.1", "0x7F.0x0.0x0.0x1",
    ])
    func `an address is an address, however it is written`(_ host: String) throws {
        #expect(try WebURL("http://\(host):81/x").text == "http://127.0.0.1:81/x")
        #expect(try WebURL("http://\(host)/").origin == "http://127.0.0.1:80")
    }

    @Test(arguments: ["ＬＯＣＡＬＨＯＳＴ", "localhost", "LocalHost", "ⓛocalhost", "l%6Fcalhost"])
    func `names are mapped before they are resolved`(_ host: String) throws {
        #expect(try WebURL("http://\(host)/x").text == "http://localhost/x")
    }

    @Test(
        arguments: [
            ("", .notAbsolute), ("/relative", .notAbsolute), ("example.com/a.png", .notAbsolute),
            ("//example.com/a", .notAbsolute),
            ("ftp://example.com/a", .scheme("ftp")), ("file:///etc/passwd", .scheme("file")),
            ("javascript:1", .scheme("javascript")),
            ("http://", .noHost), ("http:///x", .noHost), ("http://?x", .noHost), ("http://:80/", .noHost),
            ("http://user:pw@example.com/", .credentials), ("http://user@example.com/", .credentials),
            ("http://example.com:65536/", .port), ("http://example.com:x/", .port),
            ("http://example.com:99999999999999999999/", .port),
            ("http://256.1.1.1/", .host), ("http://1.2.3.4.5/", .host), ("http://1.2.3.08/", .host),
            ("http://4294967296/", .host),
            ("http://exa mple.com/", .host), ("http://a%00b.com/", .host), ("http://a%2Fb.com/", .host),
            ("http://[::1/", .host),
            ("http://[::1%25lo]/", .host), ("http://[127.0.0.1]/", .host), ("http://exam<ple.com/", .host),
            ("http://a%ff.com/", .host),
            ("http://\u{AD}/", .host),
            ("http://example.com/" + String(repeating: "x", count: 9000), .tooLong),
        ] as [(String, WebURL.Fault)]
    )
    func `what cannot be fetched says why`(_ given: String, _ fault: WebURL.Fault) {
        let found = #expect(throws: WebURL.Fault.self, "\(given)") { try WebURL(given) }
        // A name that vanishes when it is mapped is a missing host as well as an impossible one.
        #expect(found == fault || (fault == .host && found == .noHost), "\(given): \(String(describing: found))")
        #expect(found?.sentence.isEmpty == false)
    }

    @Test(arguments: [
        ("/b.png", "http://example.com/b.png"), ("b.png", "http://example.com/dir/b.png"),
        ("../b", "http://example.com/b"),
        ("?x=1", "http://example.com/dir/a?x=1"), ("//other.example/c", "http://other.example/c"),
        ("\\\\other.example\\c", "http://other.example/c"), ("https://other.example", "https://other.example/"),
        ("/фото.png", "http://example.com/%D1%84%D0%BE%D1%82%D0%BE.png"), ("/a b", "http://example.com/a%20b"),
        (" /b.png\r\n", "http://example.com/b.png"), ("//127.1/x", "http://127.0.0.1/x"),
    ])
    func `a redirect is read where it stands`(_ reference: String, _ text: String) throws {
        #expect(try WebURL("http://example.com/dir/a").resolving(reference).text == text)
    }

    @Test func `any text is answered with a URL that stays itself, or a fault`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        let pieces = [
            "http:", "https:", "/", "//", "\\", "example", ".", "com", ":", "80", "@", "?", "#", "%", "%2e", "..", "[",
            "]", "::1",
            "0x7f", "017", "1", "é", "。", "Ａ", " ", "\n", "xn--", "-", "_", "\u{0}", "\u{200D}", "🦊", "a",
        ]
        for _ in 0..<3000 {
            let count = Int.random(in: 0...12, using: &random)
            let text = "http://" + (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
            guard let url = try? WebURL(text) else { continue }
            #expect(try WebURL(url.text) == url, "seed \(seed): \(text.debugDescription)")
        }
    }
}
