import EaselBase
import EaselCore
import EaselImaging
import EaselServer
import EaselTransport
import Foundation
import TestKit
import Testing

@testable import EaselCalls

/// Results are proven like sources (S5): what is broken is fetched again, and then it is lost.
struct DeliveryProofTests {
    private static let whole: [ImageFormat: [UInt8]] = Dictionary(
        uniqueKeysWithValues: ImageFormat.allCases.map { ($0, SampleImage.bytes($0, width: 200, height: 120)) }
    )

    /// A delivery from a server that gives these bodies in turn, the last one for ever; also how often it was asked.
    private func deliver(
        _ bodies: [[UInt8]],
        as format: ImageFormat,
        encoding: String? = nil
    ) async throws -> (ImageDelivery.Delivered?, asked: Int) {
        let asked = Locked(0)
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { _ in
            let index = asked.withLock { count in
                count += 1
                return min(count, bodies.count) - 1
            }
            let fields = HTTPFields(encoding.map { [("Content-Encoding", $0)] } ?? [])
            return .bytes(bodies[index], type: "image/png", fields: fields)
        }
        return try await LocalServer.with(handler) { server in
            let fetcher = Fetcher(client: Bench.client, policy: .any, timeout: .seconds(20))
            let delivered = await ImageDelivery(fetcher: fetcher, store: nil, log: .silent).deliver(
                ProviderImage(content: .link(server.origin + "/x")),
                attemptID: UUID(),
                callID: UUID(),
                ordinal: 1,
                output: OutputOptions(type: .url, format: format),
                trustedOrigin: nil,
                timeout: .seconds(20)
            )
            return (delivered, asked.withLock { $0 })
        }
    }

    @Test(arguments: ImageFormat.allCases, ImageFormat.allCases)
    func `half an image is fetched three times and then lost`(sent: ImageFormat, wanted: ImageFormat) async throws {
        let bytes = try #require(Self.whole[sent])
        for share in [50, 90] {
            let (delivered, asked) = try await deliver([Array(bytes.prefix(bytes.count * share / 100))], as: wanted)
            #expect(delivered == nil, "\(share)% of a \(sent) as \(wanted)")
            #expect(asked == ImageDelivery.downloadTries)
        }
    }

    @Test(arguments: ImageFormat.allCases)
    func `an image that was harmed on its way is whole the second time`(format: ImageFormat) async throws {
        let bytes = try #require(Self.whole[format])
        for broken in [Array(bytes.prefix(bytes.count / 2)), Array("<html>try again</html>".utf8), []] {
            let (delivered, asked) = try await deliver([broken, bytes], as: format)
            #expect(delivered?.bytes == bytes && asked == 2)
            #expect(delivered?.info?.size == PixelSize(width: 200, height: 120))
        }
    }

    @Test func `a missing end is noticed where the image is passed on as it is`() async throws {
        let png = try #require(Self.whole[.png])
        #expect(try await deliver([Array(png.dropLast(12))], as: .png).0 == nil)
        let webp = try #require(Self.whole[.webp])
        #expect(try await deliver([Array(webp.dropLast(20))], as: .webp).0 == nil)
        var flipped = png
        flipped[png.count / 2] ^= 1
        #expect(try await deliver([flipped], as: .png).0 == nil, "a checksum does not fit")
    }

    @Test func `another kind of image is not asked for again`() async throws {
        let (delivered, asked) = try await deliver([Array("GIF89a..............".utf8)], as: .png)
        #expect(delivered == nil && asked == 1)
    }

    @Test(arguments: ["aws-chunked", "UTF-8", "binary", "identity", "none", "aws-chunked, utf-8", "none-such"])
    func `a Content-Encoding that names no compression is passed over`(_ encoding: String) async throws {
        let png = try #require(Self.whole[.png])
        let (delivered, asked) = try await deliver([png], as: .png, encoding: encoding)
        #expect(delivered?.bytes == png && asked == 1)
    }

    @Test func `images that come in the answer are proven too`() async throws {
        let delivery = ImageDelivery(
            fetcher: Fetcher(client: Bench.client, policy: .any, timeout: .seconds(1)),
            store: nil,
            log: .silent
        )
        for format in ImageFormat.allCases {
            let bytes = try #require(Self.whole[format])
            for (content, isWhole) in [(bytes, true), (Array(bytes.prefix(bytes.count / 2)), false), ([], false)] {
                let delivered = await delivery.deliver(
                    ProviderImage(content: .bytes(content)),
                    attemptID: UUID(),
                    callID: UUID(),
                    ordinal: 1,
                    output: OutputOptions(type: .base64, format: format),
                    trustedOrigin: nil,
                    timeout: .seconds(5)
                )
                #expect((delivered != nil) == isWhole, "\(format)")
            }
        }
    }
}
