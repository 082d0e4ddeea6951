import EaselBase
import EaselCore
import EaselTransport

/// Health, readiness and how the providers stand.
final class StatusRoutes: Sendable {
    let ledger: any Ledger
    let authenticator: Authenticator
    let providers: [any Provider]
    let gates: [String: ProviderGate]
    let health: ProviderHealth
    let registry: CallRegistry
    let metrics: GatewayMetrics
    let publicMetrics: Bool
    let journalPending: @Sendable () -> Int
    let time: TimeSource
    let version: String

    init(
        ledger: any Ledger,
        authenticator: Authenticator,
        providers: [any Provider],
        gates: [String: ProviderGate],
        health: ProviderHealth,
        registry: CallRegistry,
        metrics: GatewayMetrics,
        publicMetrics: Bool,
        journalPending: @escaping @Sendable () -> Int,
        time: TimeSource,
        version: String
    ) {
        self.ledger = ledger
        self.authenticator = authenticator
        self.providers = providers
        self.gates = gates
        self.health = health
        self.registry = registry
        self.metrics = metrics
        self.publicMetrics = publicMetrics
        self.journalPending = journalPending
        self.time = time
        self.version = version
    }

    /// The process lives.
    func alive() -> ServerResponse {
        .text("ok\n")
    }

    private struct Readiness: Encodable {
        let status: String
        let ledger: String
        let providers: [String: String]
        let version: String
    }

    /// Whether a remix would be taken now.
    func readiness() async -> ServerResponse {
        var isReady = !registry.isClosed
        var ledgerState = "ok"
        do throws(LedgerError) {
            try await ledger.ping()
        } catch {
            ledgerState = "unavailable"
            isReady = false
        }
        let standings = providers.map { ($0.name, health.unavailability(of: $0.name) == nil ? "ok" : "cooling_down") }
        if !standings.contains(where: { $0.1 == "ok" }) { isReady = false }
        let body = Readiness(
            status: isReady ? "ready" : registry.isClosed ? "shutting_down" : "unavailable",
            ledger: ledgerState,
            providers: Dictionary(standings, uniquingKeysWith: { first, _ in first }),
            version: version
        )
        let bytes = (try? JSON.encode(body, sorted: true)) ?? []
        return .json(
            bytes,
            status: isReady ? 200 : 503,
            fields: isReady ? HTTPFields() : HTTPFields([("Retry-After", "2")])
        )
    }

    private struct ProviderStanding: Encodable {
        let name: String
        let kind: ProviderKind
        let state: String
        let reason: String?
        let retry_after_ms: Int?
        let in_flight: Int
        let max_in_flight: Int
        let latency_ms: [String: Int]
        let last_outcome: AttemptOutcome?
        let last_attempt_at: Timestamp?
        let spend_today_usd: Money
    }

    private struct Standings: Encodable { let providers: [ProviderStanding] }

    func providers(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        _ = try await authenticator.account(for: request)
        let midnight = Timestamp(time.now.description.prefix(10)) ?? time.now
        let spend: [String: Money]
        do {
            spend = try await ledger.providerSpend(since: midnight)
        } catch {
            throw Problem(error)
        }
        let standings = providers.map { provider in
            let away = health.unavailability(of: provider.name)
            let last = health.lastOutcome(of: provider.name)
            var latency: [String: Int] = [:]
            for model in RemixModel.allCases {
                let kind = ProviderHealth.Kind(provider: provider.name, model: model, speed: .default)
                if let usual = health.usualDuration(kind) { latency[model.rawValue] = Int(usual.milliseconds) }
            }
            return ProviderStanding(
                name: provider.name,
                kind: provider.kind,
                state: away == nil ? "ok" : "cooling_down",
                reason: away?.reason,
                retry_after_ms: away.map { Int($0.retryAfter.milliseconds) },
                in_flight: gates[provider.name]?.running ?? 0,
                max_in_flight: provider.maxInFlight,
                latency_ms: latency,
                last_outcome: last?.outcome,
                last_attempt_at: last?.at,
                spend_today_usd: spend[provider.name] ?? .zero
            )
        }
        return try json(Standings(providers: standings))
    }

    /// Prometheus' text format, version 0.0.4.
    func metrics(_ request: ServerRequest) async throws(Problem) -> ServerResponse {
        if !publicMetrics { _ = try await authenticator.admin(for: request) }
        var text = metrics.text()
        text.gauge("easel_calls_in_flight", "Calls under way.", [("", registry.running)])
        text.gauge("easel_journal_pending", "Writes that wait for the database.", [("", journalPending())])
        text.gauge(
            "easel_provider_in_flight",
            "Requests under way at a provider.",
            providers.map { ("provider=\"\($0.name)\"", gates[$0.name]?.running ?? 0) }
        )
        return .bytes(Array(text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    /// What stands at `/`: where to go from here.
    func welcome() -> ServerResponse {
        .text(
            """
            Easel \(version): one door to the image-remix APIs.

            POST /v1/remix            remix a picture (JSON or multipart/form-data)
            GET  /v1/calls            your calls, newest first
            GET  /v1/calls/ID         one call with its attempts and pictures
            GET  /v1/reports/usage    cost, latency, NSFW and copyright figures
            GET  /v1/providers        how the providers stand
            GET  /healthz  /readyz    is it alive, can it serve

            Send a key as `Authorization: Bearer KEY`.

            """
        )
    }
}
