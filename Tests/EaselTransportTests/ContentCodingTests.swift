import EaselTransport
import Foundation
import Testing
import TestTools

/// Bodies that were packed, and names that are no packing.
struct ContentCodingTests {
    /// `hello world!` by the gzip program, by zlib, and without a frame.
    static let gzip = decode("H4sIAAAAAAACA8tIzcnJVyjPL8pJUQQAbcK0AwwAAAA=")
    static let zlib = decode("eJzLSM3JyVcozy/KSVEEAB6JBH4=")
    static let bare = decode("y0jNyclXKM8vyklRBAA=")
    static let text = Array("hello world!".utf8)

    private static func decode(_ text: String) -> [UInt8] { [UInt8](Data(base64Encoded: text) ?? Data()) }

    @Test func `names are read from every field`() {
        let fields = HTTPFields([
            ("Content-Encoding", "GZIP , identity"), ("content-encoding", "aws-chunked,,"), ("Content-Encoding", ""),
        ])
        #expect(ContentCoding.names(in: fields) == ["gzip", "aws-chunked"])
        #expect(ContentCoding.stranger(among: ["gzip", "x-gzip", "deflate"]) == nil)
        #expect(ContentCoding.stranger(among: ["gzip", "br"]) == "br")
        #expect(ContentCoding.stranger(among: [String(repeating: "x", count: 100)])?.count == 32)
    }

    @Test(
        arguments: [
            (["gzip"], gzip), (["x-gzip"], gzip), (["deflate"], zlib), (["deflate"], bare), ([], text),
            (["utf-8"], text),
            (["aws-chunked", "gzip"], gzip), (["gzip", "binary"], gzip), (["gzip"], gzip + [0, 0, 0]),
        ] as [([String], [UInt8])]
    )
    func `a body is unpacked, and names of no packing are passed over`(_ names: [String], _ body: [UInt8]) throws {
        #expect(try ContentCoding.unpack(body, names, maxBytes: 12) == Self.text)
        guard body != Self.text else { return }
        #expect(throws: ContentCoding.Fault.tooLarge(limit: 11)) {
            try ContentCoding.unpack(body, names, maxBytes: 11)
        }
    }

    @Test func `members of gzip follow one another`() throws {
        #expect(try ContentCoding.unpack(Self.gzip + Self.gzip, ["gzip"], maxBytes: 100) == Self.text + Self.text)
        #expect(throws: ContentCoding.Fault.tooLarge(limit: 23)) {
            try ContentCoding.unpack(Self.gzip + Self.gzip, ["gzip"], maxBytes: 23)
        }
    }

    @Test func `what is cut or changed is damaged`() {
        for (name, body) in [("gzip", Self.gzip), ("deflate", Self.zlib), ("deflate", Self.bare)] {
            for length in 0..<body.count {
                #expect(throws: ContentCoding.Fault.damaged, "\(name) cut to \(length)") {
                    try ContentCoding.unpack(Array(body.prefix(length)), [name], maxBytes: 100)
                }
            }
        }
        #expect(throws: ContentCoding.Fault.damaged) {
            try ContentCoding.unpack(Self.gzip + [1, 2, 3], ["gzip"], maxBytes: 100)
        }
        #expect(throws: ContentCoding.Fault.damaged) {
            try ContentCoding.unpack(Self.gzip, ["gzip", "gzip", "gzip", "gzip"], maxBytes: 100)
        }
    }

    @Test func `changed bytes never crash and never grow beyond the limit`() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for round in 0..<3000 {
            var body = [Self.gzip, Self.zlib, Self.bare][round % 3]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                body[Int.random(in: 0..<body.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let unpacked = try? ContentCoding.unpack(body, [round % 3 == 0 ? "gzip" : "deflate"], maxBytes: 1000)
            #expect((unpacked?.count ?? 0) <= 1000, "seed \(seed)")
        }
    }
}
