import EaselBase
import EaselCore
import EaselImaging
import EaselProviders
import EaselTransport
import Foundation

/// Turns the pictures of a draft into proven ones: a picture is what its bytes say (S5).
final class ImageIntake: Sendable {
    /// Pictures below this size are decoded from base64 where they are; larger ones leave the event loop.
    static let inlineLimit = 64 << 10
    /// What Ideogram's documents allow for a whole group of reference pictures.
    static let groupLimit = 10 << 20

    let fetcher: Fetcher
    let maxBytes: Int
    let fetchMaxBytes: Int
    let limits: ImageLimits

    init(
        fetcher: Fetcher,
        maxBytes: Int,
        fetchMaxBytes: Int,
        limits: ImageLimits
    ) {
        self.fetcher = fetcher
        self.maxBytes = maxBytes
        self.fetchMaxBytes = fetchMaxBytes
        self.limits = limits
    }

    /// A picture on its way: proven, still to be fetched, or at fault.
    enum Standing: Sendable {
        case ready(SourceImage)
        case link(String)
        case fault(String)
    }

    /// What can be said of a picture without the network.
    func inspect(_ input: ImageInput) async -> Standing {
        switch input {
        case .bytes(let bytes):
            if bytes.count <= Self.inlineLimit { return prove(bytes) }
            return await ThreadPoolExecutor.shared.run { self.prove(bytes) }
        case .text(let text):
            let start = text.prefix(8).lowercased()
            if start.hasPrefix("http://") || start == "https://" {
                return Fetcher.isFetchable(text) ? .link(text) : .fault(Fetcher.Failure.badURL.sentence)
            }
            guard text.utf8.count <= maxBytes / 3 * 4 + 256 else {
                return .fault(Fetcher.Failure.tooLarge(limit: maxBytes).sentence)
            }
            if text.utf8.count <= Self.inlineLimit { return decode(text) }
            return await ThreadPoolExecutor.shared.run { self.decode(text) }
        }
    }

    func fetch(_ url: String) async -> Standing {
        do throws(Fetcher.Failure) {
            return await inspect(.bytes(try await fetcher.fetch(url, maxBytes: fetchMaxBytes)))
        } catch {
            return .fault(error.sentence)
        }
    }

    private func decode(_ text: String) -> Standing {
        if text.hasPrefix("data:") {
            guard let bytes = DataURI.decode(text) else { return .fault("is a data URI without valid base64") }
            return prove(bytes)
        }
        guard !text.isEmpty, let data = Data(base64Encoded: text) else {
            return .fault("must be a URL, a data URI or base64; it is none of them")
        }
        return prove([UInt8](data))
    }

    private func prove(_ bytes: [UInt8]) -> Standing {
        guard bytes.count <= maxBytes else { return .fault(Fetcher.Failure.tooLarge(limit: maxBytes).sentence) }
        do throws(ImageError) {
            let info = try ImageProbe.probe(bytes, limits: limits)
            try ImageProbe.checkWhole(bytes, format: info.format)
            return .ready(SourceImage(bytes: bytes, format: info.format, size: info.displaySize))
        } catch {
            return .fault("is not usable. \(error.sentence)")
        }
    }
}
