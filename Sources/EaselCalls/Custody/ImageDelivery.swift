import EaselBase
package import EaselCore
package import EaselImaging
import EaselTransport
import Foundation

/// Turns a provider's result into what the caller asked for: downloads, checks, converts and keeps it.
package final class ImageDelivery: Sendable {
    /// The largest result that is downloaded: a lossless image of the largest size fits.
    static let resultLimit = 64 << 20
    /// Download tries for one link, including the first: the image is paid for.
    static let downloadTries = 3

    /// An image on its way to the caller.
    package struct Delivered: Sendable {
        package let image: ProviderImage
        let attemptID: UUID
        package var bytes: [UInt8]?
        package var info: ImageInfo?
        var sha256: [UInt8]?
        /// Where it is in the store; nil if it is not kept.
        package var artifact: String?
        /// The provider's own link, if there is nothing better.
        package var fallbackLink: String?
        /// What could not be done as asked.
        var note: TranslationEntry?

        package var isWithheld: Bool { image.isWithheld }
    }

    let fetcher: Fetcher
    let store: ArtifactStore?
    let log: Log

    init(
        fetcher: Fetcher,
        store: ArtifactStore?,
        log: Log
    ) {
        self.fetcher = fetcher
        self.store = store
        self.log = log
    }

    /// The image as requested, or nil if it was lost on its way: paid but unavailable.
    func deliver(
        _ image: ProviderImage,
        attemptID: UUID,
        callID: UUID,
        ordinal: Int,
        output: OutputOptions,
        trustedOrigin: String?,
        timeout: Duration
    ) async -> Delivered? {
        let delivered = Delivered(image: image, attemptID: attemptID)
        let url: String
        switch image.content {
        case .withheld: return delivered
        case .bytes(let bytes):
            do throws(ImageError) {
                return try await finish(bytes, delivered, output, callID, ordinal)
            } catch {
                log.warning("result image unreadable", ["call_id": callID.text, "error": error.sentence])
                return nil
            }
        case .link(let link): url = link
        }
        // A damaged image may only have been damaged on its way: it is paid for, so it is fetched again.
        for attempt in 1...Self.downloadTries {
            if attempt > 1 { try? await Task.sleep(for: .milliseconds(200 * (attempt - 1))) }
            do throws(Fetcher.Failure) {
                let bytes = try await fetcher.fetch(
                    url,
                    maxBytes: Self.resultLimit,
                    trustedOrigin: trustedOrigin,
                    timeout: timeout
                )
                do throws(ImageError) {
                    return try await finish(bytes, delivered, output, callID, ordinal)
                } catch {
                    log.warning(
                        "result image unreadable",
                        ["call_id": callID.text, "try": String(attempt), "error": error.sentence]
                    )
                    guard error.mayBeOfTheWay else { return nil }
                }
            } catch {
                log.warning("result download failed", ["try": String(attempt), "error": sentence(for: error)])
                if error == .badURL || error == .addressNotAllowed { return nil }
            }
        }
        return nil
    }

    /// Checks that the image is whole (S5), converts it as requested and keeps it; all of it off the event loops.
    private func finish(
        _ original: [UInt8],
        _ delivered: Delivered,
        _ output: OutputOptions,
        _ callID: UUID,
        _ ordinal: Int
    ) async throws(ImageError) -> Delivered {
        let store = store
        return try await ThreadPoolExecutor.shared.run { () throws(ImageError) in
            var done = delivered
            let format = try ImageProbe.probe(original).format
            if format == output.format {
                done.info = try ImageCodec.prove(original)
                done.bytes = original
            } else {
                // Decoding checks it.
                let bytes = try ImageEditing.transcode(original, to: output.format, quality: output.quality ?? 95)
                done.info = try ImageProbe.probe(bytes)
                done.bytes = bytes
            }
            done.sha256 = done.bytes.map { Crypto.sha256($0) }
            return Self.keep(done, in: store, callID, ordinal)
        }
    }

    private static func keep(
        _ delivered: Delivered,
        in store: ArtifactStore?,
        _ callID: UUID,
        _ ordinal: Int
    ) -> Delivered {
        guard let store, let bytes = delivered.bytes, let info = delivered.info else { return delivered }
        var done = delivered
        let path = ArtifactStore.path(callID: callID, ordinal: ordinal, format: info.format)
        do {
            try store.write(bytes, to: path)
            done.artifact = path
        } catch {
            // A full disk does not matter to a caller who gets the bytes; one who wanted a link gets the provider's.
            if case .link(let url) = done.image.content {
                done.fallbackLink = url
                done.note = TranslationEntry(.output, nil, .approximated, "the provider's own link, which expires")
            }
        }
        return done
    }
}

extension ImageError {
    /// Whether the bytes may have been damaged on their way; an unsupported kind of image would be the same again.
    fileprivate var mayBeOfTheWay: Bool {
        switch self {
        case .truncated, .corrupt, .notAnImage: true
        case .unsupportedFormat, .dimensionsTooLarge, .encodingFailed: false
        }
    }
}
