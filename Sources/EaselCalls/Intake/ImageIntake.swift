import EaselBase
import EaselCore
import EaselImaging
import EaselTransport

/// Checks the images of a draft: an image is what its bytes say (S5).
package final class ImageIntake: Sendable {
    /// Images below this size are decoded from base64 in place; larger ones leave the event loop.
    package static let inlineLimit = 64 << 10
    /// Bytes of a whole group of reference images; Ideogram's limit has changed (docs/providers/ideogram.md, 1.3).
    static let groupLimit = 10 << 20

    let fetcher: Fetcher
    let maxBytes: Int
    let fetchMaxBytes: Int
    let preparation: SourcePreparation

    init(
        fetcher: Fetcher,
        maxBytes: Int,
        fetchMaxBytes: Int,
        preparation: SourcePreparation
    ) {
        self.fetcher = fetcher
        self.maxBytes = maxBytes
        self.fetchMaxBytes = fetchMaxBytes
        self.preparation = preparation
    }

    /// The state of an image: ready, still to be fetched, or faulty.
    enum Standing: Sendable {
        case ready(SourceImage)
        case link(String)
        case fault(String)
    }

    /// What can be said about an image without the network.
    func inspect(_ input: ImageInput) async -> Standing {
        switch input {
        case .bytes(let bytes): return await prove(bytes)
        case .text(let text):
            let read: @Sendable () -> ImageText = { [maxBytes] in ImageText(text, maxBytes: maxBytes) }
            let content =
                text.utf8.count <= Self.inlineLimit ? read() : await ThreadPoolExecutor.shared.run(read)
            switch content {
            case .link(let url): return .link(url.text)
            case .bytes(let bytes): return await prove(bytes)
            case .unmarked(let bytes):
                guard case .ready(let image) = await prove(bytes) else {
                    return .fault("is a data URI without “;base64” before its comma, and holds no image as it is")
                }
                return .ready(image)
            case .fault(let sentence): return .fault(sentence)
            }
        }
    }

    func fetch(_ url: String) async -> Standing {
        do throws(Fetcher.Failure) {
            return await prove(try await fetcher.fetch(url, maxBytes: fetchMaxBytes))
        } catch {
            return .fault(error.sentence)
        }
    }

    /// Checks an image and prepares it for sending, off the event loop if that takes time.
    private func prove(_ bytes: [UInt8]) async -> Standing {
        guard bytes.count <= maxBytes else { return .fault(Fetcher.Failure.tooLarge(limit: maxBytes).sentence) }
        let preparation = preparation
        do throws(ImageError) {
            if bytes.count <= Self.inlineLimit, let prepared = try preparation.prepareQuickly(bytes) {
                return .ready(SourceImage(prepared))
            }
            return .ready(
                SourceImage(
                    try await ThreadPoolExecutor.shared.run { () throws(ImageError) in try preparation.prepare(bytes) }
                )
            )
        } catch {
            return .fault("is not usable. \(error.sentence)")
        }
    }
}

extension SourceImage {
    fileprivate init(_ prepared: SourcePreparation.Prepared) {
        self.init(bytes: prepared.bytes, format: prepared.info.format, size: prepared.info.size)
    }
}
