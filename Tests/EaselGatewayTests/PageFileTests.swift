import EaselBase
import EaselTransport
import Foundation
import Testing
import TestTools

@testable import EaselGateway

/// The page's files as they are sent, and who is a page of ours.
struct PageFileTests {
    @Test func `the binary carries what dashboards and web holds, and chart point js`() throws {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "dashboards/web").path
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let files = Dictionary(uniqueKeysWithValues: EmbeddedFiles.all().map { ($0.name, $0.bytes) })
        #expect(Set(files.keys) == Set(names).union(["chart.js"]))
        for name in names {
            #expect(files[name] == Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))))
        }
        #expect(files["chart.js"]?.count ?? 0 > 100_000)
    }

    @Test func `what is packed comes out again`() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for length in [0, 1, 100, 70_000] {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...9, using: &random) }
            let packed = Deflation.gzip(bytes)
            #expect(try ContentCoding.unpack(packed, ["gzip"], maxBytes: length) == bytes, "seed \(seed)")
            if length > 1000 { #expect(packed.count < length) }
        }
    }

    @Test func `gzip is taken where it has a weight`() {
        for (field, takes) in [
            ("gzip", true), ("gzip, deflate, br", true), ("br;q=1, GZIP;q=0.5", true), ("gzip;q=0", false),
            ("gzip; q=0.0", false), ("deflate", false), ("", false), ("x-gzip", true), ("gzipped", false),
        ] {
            #expect(PageFile.takesGzip(HTTPFields([("Accept-Encoding", field)])) == takes, "\(field)")
        }
        #expect(!PageFile.takesGzip(HTTPFields()))
    }

    @Test func `a version is known by its tag`() {
        for (field, knows) in [
            (#""a""#, true), (#"W/"a""#, true), (#""b", "a""#, true), ("*", true), (#""b""#, false), ("a", false),
        ] {
            #expect(PageFile.knows(#""a""#, HTTPFields([("If-None-Match", field)])) == knows, "\(field)")
        }
    }

    @Test func `text is for those who ask for it`() {
        for (field, wants) in [
            ("*/*", false), ("text/html,application/xhtml+xml,*/*;q=0.8", false), ("application/json", true),
            ("application/json, text/html;q=0.1", false), ("text/plain;q=0.5", true), ("image/*", false),
        ] {
            #expect(PageRoutes.wantsText(HTTPFields([("Accept", field)])) == wants, "\(field)")
        }
        #expect(!PageRoutes.wantsText(HTTPFields()))
    }

    @Test func `a cookie is ours by its name and shape`() {
        let token = SessionCookie.fresh()
        #expect(token.utf8.count == 64)
        for (field, found) in [
            ("easel_session=\(token)", true), ("a=b; easel_session=\(token)", true),
            ("easel_session=\(token); a=b", true),
            ("a=b;easel_session=\(token);c=d", true), ("easel_session=", false), ("easel_session=\(token)0", false),
            ("easel_session=\(token.uppercased())x", false), ("xeasel_session=\(token)", false), ("", false),
        ] {
            #expect((SessionCookie.token(in: HTTPFields([("Cookie", field)])) == token) == found, "\(field)")
        }
        #expect(
            SessionCookie.field(token, isSecure: true).1.hasSuffix("Max-Age=43200; HttpOnly; SameSite=Strict; Secure")
        )
        #expect(
            SessionCookie.field(nil, isSecure: false).1
                == "easel_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        )
    }

    @Test func `a page is ours by what its browser says`() {
        let host = ("Host", "easel.example:8080")
        let cases: [([(String, String)], own: Bool, foreign: Bool)] = [
            ([], false, false),
            ([("Sec-Fetch-Site", "same-origin")], true, false),
            ([("Sec-Fetch-Site", "same-site")], false, true),
            ([("Sec-Fetch-Site", "cross-site")], false, true),
            ([("Sec-Fetch-Site", "none")], false, false),
            ([("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")], false, true),
            ([("Sec-Fetch-Site", "cross-site"), ("Origin", "http://easel.example:8080")], false, true),
            ([("Origin", "http://easel.example:8080")], true, false),
            ([("Origin", "http://EASEL.example:8080")], true, false),
            ([("Origin", "http://easel.example")], false, true),
            ([("Origin", "http://easel.example:8080.evil.example")], false, true),
            ([("Origin", "null")], false, true),
            ([("Origin", "")], false, true),
            ([("Origin", "https://public.example")], true, false),
            ([("Origin", "https://public.example.evil.example")], false, true),
        ]
        for (fields, own, foreign) in cases {
            let all = HTTPFields([host] + fields)
            #expect(RequestOrigin.isOwn(all, publicURL: "https://public.example/easel") == own, "\(fields)")
            #expect(RequestOrigin.isForeign(all, publicURL: "https://public.example/easel") == foreign, "\(fields)")
        }
    }
}
