import EaselBase
import EaselCore
import EaselProviders
import EaselTransport
import Foundation

/// A third kind, made by docs/adding-a-provider.md alone: `POST /remix` takes JSON and answers with images, never with a
/// price; its tasks have no names to ask by.
final class PostcardProvider: Provider {
    static let registration = ProviderRegistration(
        ProviderProfile(
            kind: .postcard,
            baseURL: "https://api.postcard.example",
            delivery: .sync,
            deliveryNote: "sync; there is no other",
            maxInFlight: 4
        )
    ) { PostcardProvider(settings: $0, client: $1) }

    private let settings: ProviderSettings
    private let client: HTTPClient

    init(settings: ProviderSettings, client: HTTPClient) {
        self.settings = settings
        self.client = client
    }

    var name: String { settings.name }
    var kind: ProviderKind { .postcard }
    var maxInFlight: Int { settings.maxInFlight }
    var timeout: Duration { settings.timeout }
    var secrets: [String] { [settings.apiKey.reveal()] }

    func translate(_ request: RemixRequest) -> ProviderTranslation {
        var entries = [
            TranslationEntry(.prompt, "words", .mapped), TranslationEntry(.image, "picture", .mapped),
            TranslationEntry(.output, nil, .mapped, "converted by Easel"),
        ]
        if request.count > 1 { entries.append(TranslationEntry(.count, "copies", .mapped)) }
        if request.strength != nil { entries.append(TranslationEntry(.strength, nil, .dropped, "it has none")) }
        if request.safetyCheck { entries.append(TranslationEntry(.safetyCheck, nil, .dropped, "it checks nothing")) }
        return ProviderTranslation(providerModel: "card-1", entries: entries, imagesPerRequest: 4)
    }

    func perform(_ task: ProviderTask) async -> Exchange {
        let body: JSONValue = [
            "words": .string(task.request.prompt), "copies": .count(task.count),
            "picture": .string(Data(task.request.image.bytes).base64EncodedString()),
        ]
        let request = HTTPRequest(
            method: "POST",
            url: "\(settings.baseURL)/remix",
            fields: HTTPFields([("X-Key", settings.apiKey.reveal()), ("Content-Type", "application/json")]),
            body: try? JSON.encode(body),
            timeouts: HTTPTimeouts(
                connect: min(settings.connectTimeout, task.timeout),
                firstByte: settings.firstByteTimeout,
                total: task.timeout
            ),
            maxResponseBytes: 64 << 20
        )
        do throws(TransportError) {
            return .ended(PostcardReading.result(try await client.execute(request)))
        } catch {
            let failure = TransportFailure.failure(for: error)
            return .ended(ProviderResult(failure: failure, timings: PhaseTimings(error.timings)))
        }
    }

    func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery { .untraceable }

    func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery { .untraceable }
}

extension ProviderKind {
    static let postcard = ProviderKind(rawValue: "postcard")
}

/// What an answer says: pure.
enum PostcardReading {
    static func result(_ response: HTTPResponse) -> ProviderResult {
        var result = ProviderResult(httpStatus: response.status, timings: PhaseTimings(response.timings))
        guard response.status == 200 else {
            result.failure =
                ProviderVoice.isOwn(response, by: areOwn)
                ? ProviderFailure(
                    response.status == 401 ? .unauthorized : .unavailable,
                    code: "postcard_\(response.status)",
                    message: "Postcard cannot take it now.",
                    httpStatus: response.status
                ) : ProviderVoice.foreign(response, instead: "Postcard")
            return result
        }
        let members = (try? JSON.decodeForeign(JSONValue.self, from: response.body))?.objectValue
        guard let cards = members?["cards"]?.arrayValue else {
            result.failure = ProviderFailure(
                .garbled,
                code: "malformed_response",
                message: "The provider's answer could not be understood."
            )
            return result
        }
        result.providerRequestID = members?["id"]?.stringValue
        result.images = cards.compactMap { card in
            card.stringValue.flatMap { Data(base64Encoded: $0) }.map { ProviderImage(content: .bytes([UInt8]($0))) }
        }
        if result.images.isEmpty {
            result.failure = ProviderFailure(.empty, code: "no_images", message: "The provider delivered no image.")
        }
        return result
    }

    /// `{"trouble": "..."}` and nothing beside.
    static func areOwn(_ members: [String: JSONValue], _ status: Int) -> Bool {
        members.count == 1 && members["trouble"]?.stringValue != nil
    }
}
