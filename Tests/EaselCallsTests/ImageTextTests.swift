import EaselCore
import EaselImaging
import EaselTransport
import Foundation
import Testing

@testable import EaselCalls

/// An image as text: a URL, a data URI or base64, however people have it.
struct ImageTextTests {
    private static let bytes = [UInt8](0...99)
    private static let base64 = Data(bytes).base64EncodedString()

    @Test(arguments: [
        base64, " \(base64)\n", base64.replacing("=", with: ""), "data:image/jpeg;base64,\(base64)",
        "\n DATA:image/jpeg;BASE64, \(base64) ",
        "data:image/jpeg;charset=utf-8;base64,\(base64.replacing("=", with: "%3D"))",
        Data(bytes).base64EncodedString(options: [.lineLength76Characters, .endLineWithCarriageReturn]) + "\r\n",
    ])
    func `base64 is read in every spelling`(_ text: String) throws {
        guard case .bytes(let read) = ImageText(text, maxBytes: 100) else { throw Unexpected() }
        #expect(read == Self.bytes)
        guard case .fault(let sentence) = ImageText(text, maxBytes: 99) else { throw Unexpected() }
        #expect(sentence == Fetcher.Failure.tooLarge(limit: 99).sentence)
    }

    private struct Unexpected: Error {}

    @Test(arguments: [
        ("http://example.com/a b.png", "http://example.com/a%20b.png"),
        (" https://example.com\n", "https://example.com/"),
        ("HTTP:\\\\example.com\\x", "http://example.com/x"),
    ])
    func `a URL is read in every spelling`(_ text: String, _ url: String) throws {
        #expect(ImageText.isLink(text))
        guard case .link(let read) = ImageText(text, maxBytes: 10) else { throw Unexpected() }
        #expect(read.text == url)
    }

    @Test(arguments: [
        ("", "is empty"), (" \n", "is empty"), ("not base64!", "“!” at position 11"), ("AQID*", "“*” at position 5"),
        ("data:image/png;base64,AQ\"D", "“\"” at position 3"), ("data:image/png;base64,", "holds nothing"),
        ("data:image/png;base64", "without a comma"), ("file:///etc/passwd", "file: is not fetched"),
        ("s3://bucket/a.png", "s3: is not fetched"), ("http://", "must be an http or https URL with a host"),
        ("https://user:pw@example.com/", "user name"), ("http://example.com:99999/", "port"), ("AQIDA", "cut short"),
        ("/Users/me/a.png ", "“.” at position 12"), ("iVBORw0KGgo=AAAA", "behind the “=”"),
    ])
    func `what is wrong is said, with its place`(_ text: String, _ words: String) throws {
        guard case .fault(let sentence) = ImageText(text, maxBytes: 1000) else { throw Unexpected() }
        #expect(sentence.contains(words), "\(sentence)")
    }

    @Test func `a data URI that forgot to say base64 is told so`() async throws {
        let images = ImageIntake(
            fetcher: Fetcher(client: Bench.client, policy: .publicOnly(allow: []), timeout: .seconds(1)),
            maxBytes: 1000,
            fetchMaxBytes: 1000,
            preparation: SourcePreparation()
        )
        guard case .fault(let sentence) = await images.inspect(.text("data:image/png,\(Self.base64)")) else {
            throw Unexpected()
        }
        #expect(sentence.contains(";base64"))
    }
}
