import EaselBase
import EaselCore
import EaselImaging
import EaselTransport
import Foundation

/// Makes what a provider gave into what the caller asked for: downloaded, proven, converted, kept.
final class ImageDelivery: Sendable {
    /// The largest result that is downloaded: a lossless picture of the largest size fits.
    static let resultLimit = 64 << 20
    /// Downloads of one link, the first included: the picture is paid for.
    static let downloadTries = 3

    /// A picture on its way to the caller.
    struct Delivered: Sendable {
        let image: ProviderImage
        let attemptID: UUID
        var bytes: [UInt8]?
        var info: ImageInfo?
        var sha256: [UInt8]?
        /// Where it lies in the store; nil when it is not kept.
        var artifact: String?
        /// The provider's own link, for want of anything better.
        var fallbackLink: String?
        /// What could not be done as asked.
        var note: TranslationEntry?

        var isWithheld: Bool { image.isWithheld }
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

    /// The picture as asked for, or nil when it was lost on its way: paid, and not to be had.
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
        let original: [UInt8]
        switch image.content {
        case .withheld: return delivered
        case .bytes(let bytes): original = bytes
        case .link(let url):
            guard let bytes = await download(url, trustedOrigin: trustedOrigin, timeout: timeout) else { return nil }
            original = bytes
        }
        let store = store
        let needsWork = original.count > 65_536 || store != nil || !Self.isAsAsked(original, output)
        let work: @Sendable () -> Result<Delivered, ImageError> = { [delivered] in
            var done = delivered
            do throws(ImageError) {
                let info = try ImageProbe.probe(original)
                let bytes =
                    info.format == output.format
                    ? original : try ImageEditing.transcode(original, to: output.format, quality: output.quality ?? 95)
                done.info =
                    bytes.count == original.count && info.format == output.format ? info : try ImageProbe.probe(bytes)
                done.bytes = bytes
                done.sha256 = Crypto.sha256(bytes)
                return .success(done)
            } catch {
                return .failure(error)
            }
        }
        switch needsWork
            ? await ThreadPoolExecutor.shared.run({ Self.keep(work(), in: store, callID, ordinal) }) : work()
        {
        case .success(let done): return done
        case .failure(let error):
            log.warning("result image unreadable", ["call_id": callID.text, "error": error.sentence])
            return nil
        }
    }

    private static func keep(
        _ outcome: Result<Delivered, ImageError>,
        in store: ArtifactStore?,
        _ callID: UUID,
        _ ordinal: Int
    ) -> Result<Delivered, ImageError> {
        guard case .success(var done) = outcome, let store, let bytes = done.bytes, let info = done.info else {
            return outcome
        }
        let path = ArtifactStore.path(callID: callID, ordinal: ordinal, format: info.format)
        do {
            try store.write(bytes, to: path)
            done.artifact = path
        } catch {
            // A full disc does not take the picture from a caller who gets its bytes; who wanted a link gets the provider's.
            if case .link(let url) = done.image.content {
                done.fallbackLink = url
                done.note = TranslationEntry(.output, nil, .approximated, "the provider's own link, which expires")
            }
        }
        return .success(done)
    }

    private static func isAsAsked(_ bytes: [UInt8], _ output: OutputOptions) -> Bool {
        (try? ImageProbe.probe(bytes))?.format == output.format
    }

    private func download(_ url: String, trustedOrigin: String?, timeout: Duration) async -> [UInt8]? {
        for attempt in 1...Self.downloadTries {
            do throws(Fetcher.Failure) {
                return try await fetcher.fetch(
                    url,
                    maxBytes: Self.resultLimit,
                    trustedOrigin: trustedOrigin,
                    timeout: timeout
                )
            } catch {
                log.warning("result download failed", ["try": String(attempt), "error": sentence(for: error)])
                if error == .badURL || error == .addressNotAllowed { return nil }
                if attempt < Self.downloadTries { try? await Task.sleep(for: .milliseconds(200 * attempt)) }
            }
        }
        return nil
    }
}
