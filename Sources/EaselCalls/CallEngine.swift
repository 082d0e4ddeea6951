package import EaselBase
package import EaselCore
package import EaselTransport
package import Foundation

/// Calls as a whole: the state that counts, remembers and is under way independently of the current configuration, and
/// the work that runs besides the calls. Doors are in front of it.
package final class CallEngine: Sendable {
    package let terms: TermsShelf
    package let registry: CallRegistry
    /// Nil: images are not kept.
    package let store: ArtifactStore?
    package let health: ProviderHealth
    package let metrics: CallMetrics
    package let held: HeldBytes
    let books: CallBooks
    let liveness: Liveness
    let resolver: Resolver
    let shadows: ShadowDesk
    let client: HTTPClient
    let previousGatewayIDs: [UUID]
    let journal: @Sendable () -> JournalStanding
    let tookOver: @Sendable () -> Void
    let time: TimeSource
    let log: Log
    private let gates = Locked<[String: ProviderGate]>([:])
    private let current: Locked<CallGeneration?> = Locked(nil)

    /// Puts the parts together; nothing runs yet.
    ///
    /// `terms` are those that the ledger had at start, `journal` returns the state of the journal of writes that wait
    /// for the database, and `previousGatewayIDs` are gateways that ran here before and are gone, whose calls are taken
    /// over at once; `tookOver` is called when that is done.
    ///
    /// - Throws: an error with a sentence if the folder of artifacts cannot be created.
    package init(
        _ configuration: CallConfiguration,
        books: CallBooks,
        terms: TermsShelf,
        client: HTTPClient,
        previousGatewayIDs: [UUID] = [],
        tookOver: @escaping @Sendable () -> Void = {},
        journal: @escaping @Sendable () -> JournalStanding = { JournalStanding() },
        time: TimeSource = .system,
        log: Log
    ) throws {
        let settings = configuration.settings
        self.books = books
        self.terms = terms
        self.client = client
        self.previousGatewayIDs = previousGatewayIDs
        self.tookOver = tookOver
        self.journal = journal
        self.time = time
        self.log = log
        registry = CallRegistry()
        liveness = Liveness()
        store =
            settings.artifacts.store == .local
            ? try ArtifactStore(dataDirectory: settings.dataDirectory, retention: settings.artifacts.retention) : nil
        health = ProviderHealth(timeouts: configuration.timeouts, seed: settings.gatewayID.text, log: log)
        metrics = CallMetrics()
        held = HeldBytes(limit: settings.limits.heldBytes)
        // Providers come with the first generation.
        shadows = ShadowDesk(
            ledger: books.shadows,
            providers: [:],
            doors: [:],
            gatewayID: settings.gatewayID,
            health: health,
            metrics: metrics.shadows,
            liveness: liveness,
            time: time,
            log: log
        )
        let fetcher = Fetcher(client: client, policy: settings.fetchAddresses, timeout: settings.fetch.timeout)
        resolver = Resolver(
            ledger: books.calls,
            recovery: books.recovery,
            providers: [:],
            origins: [:],
            delivery: ImageDelivery(fetcher: fetcher, store: store, log: log),
            unknownAfter: settings.recovery.unknownAfter,
            questions: health.questions,
            metrics: metrics,
            time: time,
            log: log
        )
        let first = CallGeneration(configuration, self)
        current.withLock { $0 = first }
    }

    /// What follows from the current configuration. Work that has started keeps the one it started with.
    package var generation: CallGeneration {
        guard let generation = current.withLock(\.self) else { preconditionFailure("there is one since the start") }
        return generation
    }

    /// Changes the configuration; calls under way end under the one they began with. Storage locations stay as they
    /// were. `renewed`: providers whose key or address changed.
    package func adopt(_ configuration: CallConfiguration, renewed: Set<String>) {
        health.adopt(timeouts: configuration.timeouts, renewed: renewed)
        let generation = CallGeneration(configuration, self)
        current.withLock { $0 = generation }
    }

    /// The gates of these providers. An existing gate stays, with its requests under way and its queue, and gets the
    /// new number of slots.
    func gates(for providers: [String: any Provider]) -> [String: ProviderGate] {
        gates.withLock { gates in
            for (name, provider) in providers {
                if let gate = gates[name] {
                    gate.setLimit(provider.maxInFlight)
                } else {
                    gates[name] = ProviderGate(limit: provider.maxInFlight)
                }
            }
            return gates.filter { providers[$0.key] != nil }
        }
    }

    // MARK: - The end

    /// Keeps accepting calls but is no longer ready: for a while before `close`.
    package func announceEnd() { registry.announceEnd() }

    /// No further call starts.
    package func close() {
        registry.close()
        shadows.close()
    }

    /// Returns when all calls and shadows have ended and are settled, or after `grace`. Recovery handles what was cut
    /// off.
    package func waitUntilIdle(atMost grace: Duration) async {
        let began = SteadyInstant.now
        await registry.waitUntilIdle(atMost: grace)
        if registry.running > 0 {
            log.warning("calls were cut off at shutdown", ["calls": String(registry.running)])
        }
        await shadows.waitUntilIdle(atMost: grace - SteadyInstant.now.since(began))
    }
}
