import EaselBase
package import EaselCore

/// Gathers what a plan is made from: each provider's translation, price, usual time and standing (R1).
final class OfferDesk: Sendable {
    let providers: [any Provider]
    let health: ProviderHealth
    let prices: PriceShelf

    init(
        providers: [any Provider],
        health: ProviderHealth,
        prices: PriceShelf
    ) {
        self.providers = providers
        self.health = health
        self.prices = prices
    }

    func offers(for request: RemixRequest, at moment: Timestamp) -> [ProviderOffer] {
        let book = prices.book
        return providers.map { provider in
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

/// The price book as last read from the ledger.
package final class PriceShelf: Sendable {
    private let current = Locked(PriceBook([]))

    package init() {}

    var book: PriceBook { current.withLock(\.self) }

    /// Reads the book again. The old one stays when the ledger is away.
    package func refresh(from ledger: any Ledger) async throws(LedgerError) {
        let book = PriceBook(try await ledger.prices())
        current.withLock { $0 = book }
    }
}
