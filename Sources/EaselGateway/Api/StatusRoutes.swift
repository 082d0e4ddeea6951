import EaselBase
import EaselCalls
import EaselCore
import EaselServer
import EaselTransport

/// Health, readiness and how the providers stand.
final class StatusRoutes: Sendable {
    static let routes: [ApiRoute] = [
        ApiRoute(
            "GET",
            "/healthz",
            .open,
            "Whether the process is alive",
            gives: [.bytes("text/plain", "It is alive.")]
        ) {
            api,
            _ throws(Problem) in
            api.status.alive()
        },
        ApiRoute(
            "GET",
            "/readyz",
            .open,
            "Whether a remix would be accepted now",
            gives: [.json(Shapes.readiness, "It would."), .json(Shapes.readiness, "It would not.", status: 503)]
        ) { api, _ throws(Problem) in
            await api.status.readiness()
        },
        ApiRoute(
            "GET",
            "/openapi.json",
            .open,
            "These routes as OpenAPI 3.1",
            gives: [.json(.map(of: .any), "The document.")]
        ) { api, _ throws(Problem) in api.status.document() },
        ApiRoute(
            "GET",
            "/metrics",
            .metrics,
            "Metrics for Prometheus",
            gives: [
                .bytes(
                    "text/plain",
                    "Prometheus' text format, version 0.0.4; OpenMetrics 1.0 where `Accept` asks for it."
                )
            ]
        ) { api, visit throws(Problem) in
            api.status.metricsText(visit.request)
        },
        ApiRoute(
            "GET",
            "/v1/providers",
            .key,
            "The state of the providers",
            load: .report,
            gives: [.json(Shapes.providers, "The providers, in the order of the configuration.")]
        ) {
            api,
            visit throws(Problem) in try await api.status.providers(visit)
        },
    ]

    let ledger: any LedgerHealth
    let figures: any FigureLog
    let providers: [any Provider]
    let gates: [String: ProviderGate]
    let health: ProviderHealth
    let registry: CallRegistry
    let desk: MetricsDesk
    let journal: @Sendable () -> JournalStanding
    let version: String
    let commit: String
    /// Written when it is first asked for.
    private let openAPI = Locked<[UInt8]?>(nil)

    init(
        ledger: any LedgerHealth,
        figures: any FigureLog,
        providers: [any Provider],
        gates: [String: ProviderGate],
        health: ProviderHealth,
        registry: CallRegistry,
        desk: MetricsDesk,
        journal: @escaping @Sendable () -> JournalStanding,
        version: String,
        commit: String
    ) {
        self.ledger = ledger
        self.figures = figures
        self.providers = providers
        self.gates = gates
        self.health = health
        self.registry = registry
        self.desk = desk
        self.journal = journal
        self.version = version
        self.commit = commit
    }

    /// The process lives.
    private func alive() -> ServerResponse {
        .text("ok\n")
    }

    private struct Readiness: Encodable {
        let status: String
        let ledger: String
        let journal: String
        /// Why the ledger or the journal accepts no writes.
        let reason: String?
        let providers: [String: String]
        let version: String
        /// What a person has to look at, though calls are taken; absent when there is nothing.
        let degraded: [String]?
        let unreadable_rows: Int
    }

    /// Whether a remix would be accepted now.
    private func readiness() async -> ServerResponse {
        let isLeaving = registry.isLeaving
        var isReady = !isLeaving
        var ledgerState = "ok"
        var reason: String?
        do throws(LedgerError) {
            // Reading is not enough: a call must be written before anything is sent (M3).
            try await ledger.proveWritable()
        } catch {
            ledgerState = "unavailable"
            // Anybody may ask: names of hosts and roles are for the log and for `easel doctor`.
            if case .unavailable = error { reason = "the database accepts no writes; the log says why" }
            isReady = false
        }
        let journal = journal()
        if journal.fault != nil {
            // The path of a file is for the log.
            reason = reason ?? "the local journal cannot be written"
            isReady = false
        }
        let now = SteadyInstant.now
        let reports = providers.map { ($0.name, health.account($0.name)?.report(at: now)) }
        // Whoever may be asked will do, also one that is slow or on probation.
        if !reports.contains(where: { $0.1?.isUnavailable != true }) { isReady = false }
        let standings = reports.map { ($0.0, ($0.1?.state ?? .ok).rawValue) }
        let rows = ledger.unreadableRows.count
        let aside = journal.setAside.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { kind, count in
            "\(count) \(kind) in the journal; see `easel db journal list`"
        }
        let unread = rows == 0 ? [] : ["\(rows) in the database cannot be read by this version; the log names each"]
        let degraded = aside + unread
        let body = Readiness(
            status: isReady
                ? (degraded.isEmpty ? "ready" : "degraded") : isLeaving ? "shutting_down" : "unavailable",
            ledger: ledgerState,
            journal: journal.fault != nil ? "unwritable" : journal.unreadable.isEmpty ? "ok" : "unreadable_files",
            reason: reason,
            providers: Dictionary(standings, uniquingKeysWith: { first, _ in first }),
            version: version,
            degraded: degraded.isEmpty ? nil : degraded,
            unreadable_rows: rows
        )
        let bytes = (try? JSON.encode(body, sorted: true)) ?? []
        return .json(
            bytes,
            status: isReady ? 200 : 503,
            fields: isReady ? HTTPFields() : HTTPFields([("Retry-After", "2")])
        )
    }

    private func providers(_ visit: Visit<Member>) async throws(Problem) -> ServerResponse {
        try json(ProviderReports(providers: try await reports(at: visit.now)))
    }

    /// The providers as they stand now, in the order of the configuration.
    func reports(at moment: Timestamp) async throws(Problem) -> [ProviderReport] {
        let midnight = Timestamp(moment.description.prefix(10)) ?? moment
        let spend = try await Problem.of { () async throws(LedgerError) in
            try await figures.providerSpend(since: midnight)
        }
        let now = SteadyInstant.now
        return providers.map { provider in
            ProviderReport(
                provider,
                health: health.account(provider.name),
                last: health.lastOutcome(of: provider.name),
                gate: gates[provider.name],
                spend: spend[provider.name] ?? .zero,
                now: now
            )
        }
    }

    /// In the format that the scraper asks for.
    private func metricsText(_ request: ServerRequest) -> ServerResponse {
        let form = Exposition(accept: request.fields.values(of: "Accept"))
        let text = desk.text(form, build: MetricsView.Build(version: version, commit: commit))
        return .bytes(Array(text.utf8), type: form.contentType, fields: HTTPFields([("Vary", "Accept")]))
    }

    private func document() -> ServerResponse {
        .json(
            openAPI.withLock { known in
                if let known { return known }
                let document = RouteTable.openAPI(version: version)
                known = document
                return document
            }
        )
    }
}
