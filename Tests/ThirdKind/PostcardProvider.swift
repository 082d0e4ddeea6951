import EaselBase
package import EaselCore
package import EaselProviders
package import EaselTransport

/// A third kind, made by docs/adding-a-provider.md alone: `POST /remix` takes JSON and answers with images, never with a
/// price; its tasks have no names to ask by.
package final class PostcardProvider: Provider {
    package static let registration = ProviderRegistration(
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

    package init(settings: ProviderSettings, client: HTTPClient) {
        self.settings = settings
        self.client = client
    }

    package var name: String { settings.name }
    package var kind: ProviderKind { .postcard }
    package var maxInFlight: Int { settings.maxInFlight }
    package var timeout: Duration { settings.timeout }
    package var secrets: [String] { [settings.apiKey.reveal()] }

    package func translate(_ request: RemixRequest) -> ProviderTranslation {
        ProviderTranslation(
            providerModel: PostcardRequest.model,
            entries: PostcardRequest.entries(request),
            imagesPerRequest: PostcardRequest.mostCopies
        )
    }

    package func perform(_ task: ProviderTask) async -> Exchange {
        let request = HTTPRequest(
            method: "POST",
            url: "\(settings.baseURL)/remix",
            fields: HTTPFields([("X-Key", settings.apiKey.reveal()), ("Content-Type", "application/json")]),
            body: PostcardRequest(task.request, count: task.count).body,
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

    package func poll(_ task: RecoverableTask, timeout: Duration) async -> Recovery { .untraceable }

    package func recover(_ task: RecoverableTask, timeout: Duration) async -> Recovery { .untraceable }
}

extension ProviderKind {
    package static let postcard = ProviderKind(rawValue: "postcard")
}
