import EaselBase
import EaselCore

/// Values that the tests of several files start from.
enum Samples {
    static let now = Timestamp(microseconds: 1_795_253_400_000_000)

    static func cents(_ cents: Int64) -> Money { Money(nanodollars: cents * 10_000_000) }

    /// A draft that every model takes.
    static func draft(_ model: RemixModel = .ideogram3) -> RemixDraft {
        var draft = RemixDraft()
        draft.model = model.rawValue
        draft.prompt = "a lighthouse in the fog"
        draft.image = .text("https://example.com/source.png")
        return draft
    }

    static let image = SourceImage(bytes: [1, 2, 3], format: .png, size: PixelSize(width: 800, height: 600))

    static func request(_ model: RemixModel = .ideogram3, count: Int = 1) -> RemixRequest {
        var request = RemixRequest(model: model, prompt: "a lighthouse in the fog", image: image)
        request.count = count
        return request
    }

    static func offer(
        _ provider: String,
        price: Money? = cents(6),
        latency: Duration? = nil,
        entries: [TranslationEntry] = [],
        impossible: String? = nil,
        unavailable: ProviderOffer.Unavailability? = nil
    ) -> ProviderOffer {
        ProviderOffer(
            provider: provider,
            kind: .runware,
            translation: ProviderTranslation(
                providerModel: "model-of-\(provider)",
                entries: entries,
                imagesPerRequest: 20,
                impossible: impossible
            ),
            capabilities: .every,
            pricePerImage: price,
            expectedLatency: latency,
            unavailable: unavailable
        )
    }

    /// A plan for `AttemptMachine`: one candidate for each number, which is how many images a request can ask for.
    static func plan(
        count: Int = 1,
        imagesPerRequest: [Int] = [20, 20],
        attempts: Int = 3,
        deadline: Duration = .seconds(300),
        onRefusal: Policy.OnRefusal = .stop,
        onUnknown: Policy.OnUnknown = .recoverThenNext
    ) -> Plan {
        let names = imagesPerRequest.indices.map { "provider-\($0)" }
        return Planner.plan(
            request: request(count: count),
            policy: Policy(
                name: "test",
                ordering: .order(names),
                onRefusal: onRefusal,
                onUnknown: onUnknown,
                attempts: attempts,
                deadline: deadline
            ),
            offers: zip(names, imagesPerRequest).map { name, most in
                var offer = offer(name)
                offer.translation.imagesPerRequest = most
                return offer
            },
            draw: 0
        )
    }
}
