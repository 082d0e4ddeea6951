import EaselBase
package import EaselCore
import EaselImaging
package import EaselTransport
import Foundation

/// Ideogram's own interface, version 1: multipart requests, answers with links (docs/providers/ideogram.md, 1).
package final class IdeogramProvider: Provider {
    package static let registration = ProviderRegistration(
        ProviderProfile(
            kind: .ideogram,
            baseURL: "https://api.ideogram.ai",
            delivery: .sync,
            maxInFlight: 10
        )
    ) { IdeogramProvider(settings: $0, client: $1) }

    private static let responseLimit = 8 << 20
    /// Bytes of an image that the page of June 2026 allows; later texts allow more (docs/providers/ideogram.md, 1.3).
    static let imageLimit = 10_000_000

    let settings: ProviderSettings
    let client: HTTPClient

    package init(settings: ProviderSettings, client: HTTPClient) {
        self.settings = settings
        self.client = client
    }

    package var name: String { settings.name }
    package var kind: ProviderKind { .ideogram }
    package var maxInFlight: Int { settings.maxInFlight }
    package var timeout: Duration { settings.timeout }
    package var secrets: [String] { [settings.apiKey.reveal()] }

    package func translate(_ request: RemixRequest) -> ProviderTranslation {
        IdeogramTranslation.translate(request)
    }

    package func perform(_ task: ProviderTask) async -> Exchange {
        let source: SourceImage
        do {
            source = try await prepared(task.request)
        } catch {
            let failure = ProviderFailure(.invalidRequest, code: "source_not_croppable", message: error.sentence)
            return .ended(ProviderResult(failure: failure))
        }
        // Only 4.0 has an asynchronous twin (docs/providers/ideogram.md, 2.2).
        let delivery = task.request.model == .ideogram4 ? settings.delivery : .sync
        let request = IdeogramRequest(task.request, image: source, count: task.count, delivery: delivery)
        let boundary = MultipartBody.freshBoundary()
        let parts = request.body
        let body = await ThreadPoolExecutor.work(on: task.request.weightOfSource) { parts.encode(boundary: boundary) }
        var fields = fields(contentType: "multipart/form-data; boundary=\(boundary)")
        fields.add(task.trace)
        let http = HTTPRequest(
            method: "POST",
            url: settings.baseURL + request.path,
            fields: fields,
            body: body,
            timeouts: timeouts(task.timeout),
            maxResponseBytes: Self.responseLimit
        )
        let question = IdeogramReading.Question(
            model: task.request.model,
            count: task.count,
            copyrightDetection: task.request.copyrightDetection,
            secrets: [settings.apiKey.reveal(), task.request.prompt]
        )
        do throws(TransportError) {
            let response = try await client.execute(http)
            return await ThreadPoolExecutor.work(on: response.body.count) {
                IdeogramReading.submission(response, question, delivery: delivery)
            }
        } catch {
            let failure = TransportFailure.failure(for: error)
            return .ended(ProviderResult(failure: failure, timings: PhaseTimings(error.timings)))
        }
    }

    package func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        // A synchronous request leaves no name to ask by: whether it was executed cannot be found out (M7).
        guard let id = task.providerTaskID, !id.isEmpty, id.utf8.allSatisfy(\.isURLSafe) else { return .untraceable }
        let http = HTTPRequest(
            method: "GET",
            url: "\(settings.baseURL)/v1/generations/\(id)",
            fields: fields(contentType: nil),
            timeouts: timeouts(timeout),
            maxResponseBytes: Self.responseLimit
        )
        guard let response = try? await client.execute(http) else { return .unknown() }
        return IdeogramReading.standing(
            response,
            IdeogramReading.Question(
                model: task.model,
                count: task.count,
                copyrightDetection: task.copyrightDetection,
                secrets: [settings.apiKey.reveal()]
            ),
            id: id
        )
    }

    package func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery {
        await poll(task, timeout: timeout)
    }

    /// The source, cropped off the event loop where 4.0 needs the shape of the resolution.
    private func prepared(_ request: RemixRequest) async throws(ImageError) -> SourceImage {
        guard let ratio = IdeogramTranslation.cropRatio(for: request) else { return request.image }
        let image = request.image
        return try await ThreadPoolExecutor.shared.run { () throws(ImageError) in
            guard let cropped = try ImageEditing.crop(image.bytes, toRatio: ratio, maxBytes: Self.imageLimit) else {
                return image
            }
            return SourceImage(bytes: cropped.bytes, format: cropped.info.format, size: cropped.info.size)
        }
    }

    func fields(contentType: String?) -> HTTPFields {
        var fields = HTTPFields([("Api-Key", settings.apiKey.reveal()), ("Accept", "application/json")])
        if let contentType { fields.add("Content-Type", contentType) }
        return fields
    }

    func timeouts(_ total: Duration) -> HTTPTimeouts {
        HTTPTimeouts(
            connect: min(settings.connectTimeout, total),
            firstByte: settings.firstByteTimeout,
            total: total
        )
    }
}

extension UInt8 {
    /// Letters, digits and `-._~` (RFC 3986, unreserved).
    fileprivate var isURLSafe: Bool {
        (48...57).contains(self) || (65...90).contains(self) || (97...122).contains(self)
            || [45, 46, 95, 126].contains(self)
    }
}
