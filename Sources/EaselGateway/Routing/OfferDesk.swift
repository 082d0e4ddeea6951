import EaselBase
import EaselCore

/// Gathers what a plan is made from: each provider's translation, price, usual time and standing (R1).
final class OfferDesk: Sendable {
    let providers: [any Provider]
    let health: ProviderHealth

    init(
        providers: [any Provider],
        health: ProviderHealth
    ) {
        self.providers = providers
        self.health = health
    }

    func offers(for request: RemixRequest, prices book: PriceBook, at moment: Timestamp) -> [ProviderOffer] {
        providers.map { provider in
            let price = book.price(
                provider: provider.name,
                kind: provider.kind,
                model: request.model,
                speed: request.effectiveSpeed,
                characterReference: request.usesCharacterReference,
                at: moment
            )
            let kind = ProviderHealth.Kind(
                provider: provider.name,
                model: request.model,
                speed: request.effectiveSpeed
            )
            return ProviderOffer(
                provider: provider.name,
                kind: provider.kind,
                translation: provider.translate(request),
                pricePerImage: price?.perImage,
                expectedLatency: health.usualDuration(kind),
                unavailable: health.unavailability(of: provider.name)
            )
        }
    }
}
