import EaselBase
import EaselCore

/// Gathers a plan's inputs: each provider's translation, price, usual time, health and load (R1).
final class OfferDesk: Sendable {
    let providers: [any Provider]
    let health: ProviderHealth
    let gates: [String: ProviderGate]
    private let abilities: ProviderAbilities

    init(
        providers: [any Provider],
        health: ProviderHealth,
        gates: [String: ProviderGate]
    ) {
        self.providers = providers
        self.health = health
        self.gates = gates
        abilities = ProviderAbilities(providers)
    }

    func offers(
        for request: RemixRequest,
        team: Int64,
        prices book: PriceBook,
        at moment: Timestamp,
        now: SteadyInstant = .now
    ) -> [ProviderOffer] {
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
            let view = health.view(kind, now: now)
            let gate = gates[provider.name]
            // Whether a slot is free is known without knowing how long an attempt takes.
            let wait: Duration? =
                if let gate { gate.expectedWait(team: team, usual: view.pace?.p50) } else { nil }
            return ProviderOffer(
                provider: provider.name,
                kind: provider.kind,
                translation: provider.translate(request),
                capabilities: abilities.of(provider.name, request.model),
                pricePerImage: price?.perImage,
                expectedLatency: view.pace?.p50,
                slowLatency: view.pace?.p95,
                success: view.success.map { Share(fraction: $0) },
                loadPercent: gate?.loadPercent ?? 0,
                expectedWait: wait,
                fastestFinish: wait.flatMap { wait in view.pace?.fast.map { wait + $0 } },
                queueFull: gate?.isFull(for: team) ?? false,
                demoted: view.standing.demotion,
                isProbe: view.standing.isProbe,
                unavailable: view.standing.unavailability
            )
        }
    }
}
