import EaselBase
import EaselCore
import EaselImaging
import EaselProviders
import EaselServer
import EaselTransport
import Foundation
import TestKit
import Testing

@testable import EaselCalls
@testable import EaselGateway

/// Phone photos on their way to both providers: what is sent is upright, has the shape that people see, and says nothing of
/// an orientation, for the source as for references, characters and masks.
struct UprightTests {
    /// 96x64 with EXIF, so that it is shown as 64x96 from orientation 5 on.
    private static func photo(_ orientation: Int, _ format: ImageFormat) -> [UInt8] {
        let plain = SampleImage.bytes(format, width: 96, height: 64)
        let tiff: [UInt8] = [
            77, 77, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0,
        ]
        switch format {
        case .jpg:
            let body = Array("Exif\0\0".utf8) + tiff
            return [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + plain.dropFirst(2)
        case .png:
            let content = Array("eXIf".utf8) + tiff
            return Array(plain[..<33]) + [0, 0, 0, UInt8(tiff.count)] + content + checksum(content)
                + Array(plain[33...])
        case .webp:
            let head = Array("VP8X".utf8) + [10, 0, 0, 0, 0x08, 0, 0, 0, 95, 0, 0, 63, 0, 0]
            let body =
                Array("WEBP".utf8) + head + plain.dropFirst(12) + Array("EXIF".utf8) + [UInt8(tiff.count), 0, 0, 0]
                + tiff
            return Array("RIFF".utf8) + (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) } + body
        }
    }

    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        let crc = ~bytes.reduce(UInt32.max) { value, byte in
            (0..<8).reduce(value ^ UInt32(byte)) { rest, _ in (rest >> 1) ^ (rest & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return (0..<4).map { UInt8(truncatingIfNeeded: crc >> (24 - 8 * $0)) }
    }

    private static let images = ImageIntake(
        fetcher: Fetcher(client: TestLoops.client, policy: .publicOnly(allow: []), timeout: .seconds(1)),
        maxBytes: 1 << 20,
        fetchMaxBytes: 1 << 20,
        preparation: SourcePreparation()
    )

    /// Through the same door as a caller's request.
    private static func request(_ change: (inout RemixDraft) -> Void) async throws -> RemixRequest {
        var draft = RemixDraft()
        draft.prompt = "a harbour"
        change(&draft)
        let policy = Policy(name: "test", ordering: .order(["runware"]))
        let policies = PolicyDesk(
            book: PolicyBook(policies: [policy.name: policy], defaultName: policy.name),
            reading: NoPolicies(),
            budgets: BudgetGauge(ledger: MemoryLedger())
        )
        return try await RequestCompletion(images: images, policies: policies)
            .complete(draft, account: SampleTrade.account()).0
    }

    /// What Ideogram is sent: the fields and the files of the form.
    private static func sentToIdeogram(_ request: RemixRequest) async throws -> [MultipartParser.Part] {
        let seen = Locked<[MultipartParser.Part]>([])
        let handler: @Sendable (ServerRequest) async -> ServerResponse = { request in
            let body = (try? await request.body.collect(limit: 1 << 20)) ?? []
            let boundary = MultipartParser.boundary(of: request.fields["Content-Type"] ?? "") ?? ""
            let parts = (try? MultipartParser.parse(body, boundary: boundary)) ?? []
            seen.withLock { $0 = parts }
            return .text("no", status: 500)
        }
        try await LocalServer.with(handler) { server in
            let provider = IdeogramProvider(
                settings: ProviderSettings(
                    name: "ideogram",
                    kind: .ideogram,
                    baseURL: server.origin,
                    apiKey: Secret("k"),
                    delivery: .sync,
                    maxInFlight: 1
                ),
                client: TestLoops.client
            )
            let (attempt, task) = (UUIDv7.mint(at: TimeSource.system.now), UUID())
            _ = await provider.perform(
                ProviderTask(attemptID: attempt, taskID: task, request: request, count: 1, timeout: .seconds(20))
            )
        }
        return seen.withLock { $0 }
    }

    private static func sentToRunware(_ request: RemixRequest) throws -> JSONValue {
        let task = RunwareInference(request, taskID: UUID(), count: 1, delivery: .sync)
        return try JSON.decode(JSONValue.self, from: JSON.encode(task))
    }

    private func expectUpright(_ bytes: [UInt8], _ orientation: Int, _ what: String) throws {
        let info = try ImageProbe.probe(bytes)
        let shown = orientation >= 5 ? PixelSize(width: 64, height: 96) : PixelSize(width: 96, height: 64)
        #expect(info.size == shown && info.orientation == 1, "\(what), orientation \(orientation): \(info)")
        // Red grows to the right of the stored image, green downwards.
        let pixels = try ImageCodec.decode(bytes)
        let first = Array(pixels.bytes[..<2])
        let corner =
            [
                1: [0, 0], 2: [255, 0], 3: [255, 255], 4: [0, 255], 5: [0, 0], 6: [0, 255], 7: [255, 255], 8: [255, 0],
            ][orientation] ?? []
        for (value, wanted) in zip(first, corner) {
            #expect(abs(Int(value) - wanted) < 40, "\(what), orientation \(orientation)")
        }
    }

    @Test(arguments: 1...8, ImageFormat.allCases)
    func `Ideogram gets the shape that is shown, with strength and its size`(orientation: Int, format: ImageFormat)
        async throws
    {
        let size = orientation >= 5 ? (1664, 2496) : (2496, 1664)
        let request = try await Self.request { draft in
            draft.model = "ideogram-4.0"
            draft.image = .bytes(Self.photo(orientation, format))
            draft.strength = 0.5
            (draft.width, draft.height) = size
        }
        let parts = try await Self.sentToIdeogram(request)
        let image = try #require(parts.first { $0.name == "image" })
        try expectUpright(Array(image.bytes), orientation, "\(format)")
        #expect(parts.first { $0.name == "resolution" }?.text == "\(size.0)x\(size.1)")
        #expect(parts.first { $0.name == "image_weight" }?.text == "50")
        // The shape is the one asked for, so nothing had to be cut off.
        let translation = IdeogramProvider.translation(of: request)
        #expect(translation.first { $0.parameter == "image" }?.action == .mapped)
    }

    @Test(arguments: 1...8, ImageFormat.allCases)
    func `Runware gets the shape that is shown, and a size to match`(orientation: Int, format: ImageFormat) async throws
    {
        let text = "data:image/x;base64," + Data(Self.photo(orientation, format)).base64EncodedString()
        let request = try await Self.request { draft in
            draft.model = "ideogram-4.0"
            draft.image = .text(text)
        }
        let task = try Self.sentToRunware(request)
        let (width, height) = (task["width"]?.intValue ?? 0, task["height"]?.intValue ?? 0)
        #expect(width * 3 == height * 2 || width * 2 == height * 3)
        #expect((width < height) == (orientation >= 5))
        let image = try #require(task["inputs"]?["seedImage"]?.stringValue.flatMap { DataURI.decode($0) })
        try expectUpright(image, orientation, "\(format)")
    }

    @Test(arguments: 1...8)
    func `references, characters and masks are turned as well`(orientation: Int) async throws {
        let request = try await Self.request { draft in
            draft.model = "ideogram-3.0"
            draft.image = .bytes(Self.photo(orientation, .jpg))
            draft.styleReferenceImages = [.bytes(Self.photo(orientation, .png))]
            draft.characterReferenceImages = [.bytes(Self.photo(orientation, .webp))]
            draft.characterReferenceMasks = [.bytes(Self.photo(orientation, .png))]
        }
        let parts = try await Self.sentToIdeogram(request)
        let names = [
            "image", "style_reference_images", "character_reference_images", "character_reference_images_mask",
        ]
        for name in names {
            let part = try #require(parts.first { $0.name == name })
            try expectUpright(Array(part.bytes), orientation, name)
        }
        let ideogram = try Self.sentToRunware(request)["providerSettings"]?["ideogram"]
        for name in ["styleReferenceImages", "characterReferenceImages", "characterReferenceImagesMask"] {
            let text = try #require(ideogram?[name]?.arrayValue?.first?.stringValue)
            try expectUpright(try #require(DataURI.decode(text)), orientation, name)
        }
    }
}

extension IdeogramProvider {
    /// What becomes of a request's parameters.
    fileprivate static func translation(of request: RemixRequest) -> [TranslationEntry] {
        IdeogramTranslation.translate(request).entries
    }
}
