import EaselBase
package import EaselCore
import EaselImaging

/// The part of calls that is made again with each configuration. Work that has started keeps the generation it started
/// with.
package struct CallGeneration: Sendable {
    package let settings: CallSettings
    /// In the order of the configuration, each behind the door that bounds what it sends (S2, S4).
    package let providers: [any Provider]
    /// By provider.
    package let gates: [String: ProviderGate]
    package let completion: RequestCompletion
    package let service: CallService
    let shadowRecovery: ShadowRecovery

    init(_ configuration: CallConfiguration, _ engine: CallEngine) {
        let settings = configuration.settings
        let (books, time, log) = (engine.books, engine.time, engine.log)
        let fetcher = Fetcher(client: engine.client, policy: settings.fetchAddresses, timeout: settings.fetch.timeout)
        // Beyond this line providers are only heard through the door (S2, S4).
        let providers: [any Provider] = configuration.providers.map { GuardedProvider($0) }
        let byName = Dictionary(providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let gates = engine.gates(for: byName)
        let delivery = ImageDelivery(fetcher: fetcher, store: engine.store, log: log)
        engine.shadows.adopt(
            providers: byName,
            doors: gates.mapValues { ShadowDesk.Door($0) },
            belief: settings.costBelief
        )
        engine.resolver.adopt(
            Resolver.Manner(
                providers: byName,
                origins: configuration.origins,
                delivery: delivery,
                unknownAfter: settings.recovery.unknownAfter,
                belief: settings.costBelief
            )
        )
        let tools = CallTools(
            ledger: books.calls,
            providers: byName,
            origins: configuration.origins,
            gates: gates,
            health: engine.health,
            runner: AttemptRunner(health: engine.health, ledger: books.calls, log: log),
            delivery: delivery,
            metrics: engine.metrics,
            liveness: engine.liveness,
            belief: settings.costBelief,
            time: time,
            log: log
        )
        let policies = PolicyDesk(
            book: configuration.policies,
            reading: configuration.policyReading,
            budgets: BudgetGauge(ledger: books.budgets)
        )
        let planner = CallPlanner(
            policies: policies,
            desk: OfferDesk(providers: providers, health: engine.health, gates: gates),
            terms: engine.terms
        )
        self.settings = settings
        self.providers = providers
        self.gates = gates
        completion = RequestCompletion(
            images: ImageIntake(
                fetcher: fetcher,
                maxBytes: settings.limits.imageBytes,
                fetchMaxBytes: min(settings.fetch.maxBytes, settings.limits.imageBytes),
                preparation: SourcePreparation(keepsMetadata: settings.images.metadata == .keep)
            ),
            policies: policies
        )
        service = CallService(
            admission: CallAdmission(
                planner: planner,
                registry: engine.registry,
                books: books,
                tools: tools,
                manner: CallAdmission.Manner(gatewayID: settings.gatewayID, prompts: settings.logging.prompts)
            ),
            tools: tools,
            shadows: engine.shadows
        )
        shadowRecovery = ShadowRecovery(
            ledger: books.shadows,
            providers: byName,
            unknownAfter: settings.recovery.unknownAfter,
            questions: engine.health.questions,
            belief: settings.costBelief,
            time: time,
            log: log
        )
    }
}
