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
            gives: [.bytes("text/plain", "Prometheus' text format, version 0.0.4.")]
        ) { api, _ throws(Problem) in
            api.status.metricsText()
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
    let metrics: CallMetrics
    let held: HeldBytes
    let transport: TransportMetrics
    let requests: RequestCounts
    let journal: @Sendable () -> JournalStanding
    let version: String
    /// Written when it is first asked for.
    private let openAPI = Locked<[UInt8]?>(nil)

    init(
        ledger: any LedgerHealth,
        figures: any FigureLog,
        providers: [any Provider],
        gates: [String: ProviderGate],
        health: ProviderHealth,
        registry: CallRegistry,
        metrics: CallMetrics,
        held: HeldBytes,
        transport: TransportMetrics,
        requests: RequestCounts,
        journal: @escaping @Sendable () -> JournalStanding,
        version: String
    ) {
        self.ledger = ledger
        self.figures = figures
        self.providers = providers
        self.gates = gates
        self.health = health
        self.registry = registry
        self.metrics = metrics
        self.held = held
        self.transport = transport
        self.requests = requests
        self.journal = journal
        self.version = version
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

    /// Prometheus' text format, version 0.0.4.
    private func metricsText() -> ServerResponse {
        var text = metrics.text() + requests.text() + transport.text()
        let standing = journal()
        text.gauge("easel_calls_in_flight", "Calls under way.", [("", registry.running)])
        text.gauge("easel_journal_pending", "Writes that wait for the database.", [("", standing.pending)])
        text.gauge(
            "easel_journal_in_memory",
            "Writes that wait for the database and that the journal's disk did not accept.",
            [("", standing.inMemory)]
        )
        text.gauge(
            "easel_journal_writable",
            "0 while the journal's disk accepts no writes: no new calls are accepted then.",
            [("", standing.fault == nil ? 1 : 0)]
        )
        text.gauge(
            "easel_journal_unreadable_files",
            "Files of the journal that cannot be read.",
            [("", standing.unreadable.count)]
        )
        text.gauge(
            "easel_journal_set_aside",
            "Writes that the database rejected, or that cannot be read; `easel db journal list` names them.",
            ["damaged", "refused"].map { ("kind=\"\($0)\"", standing.setAside[$0] ?? 0) }
        )
        text.gauge("easel_held_bytes", "Bytes of bodies and images of requests under way.", [("", held.held)])
        text.gauge("easel_held_bytes_limit", "The most bytes there may be.", [("", held.limit)])
        text.counter(
            "easel_held_refusals_total",
            "Requests rejected because there was no room for their bytes.",
            [("", held.refusals)]
        )
        text.gauge(
            "easel_unreadable_rows",
            "Database rows that this version cannot read; what they describe waits.",
            [("", ledger.unreadableRows.count)]
        )
        text.gauge(
            "easel_provider_in_flight",
            "Requests under way at a provider.",
            providers.map { ("provider=\"\($0.name)\"", gates[$0.name]?.running ?? 0) }
        )
        text.gauge(
            "easel_provider_waiting",
            "Requests that wait for a free slot at a provider.",
            providers.map { ("provider=\"\($0.name)\"", gates[$0.name]?.waiting ?? 0) }
        )
        text.gauge(
            "easel_breaker_state",
            "0 closed, 1 half-open, 2 open; without a model: the account's.",
            breakers()
        )
        text.counter(
            "easel_breaker_openings_total",
            "How often Easel stopped asking a provider, by cause.",
            health.openings.map { ("provider=\"\($0.provider)\",cause=\"\($0.cause.rawValue)\"", $1) }.sorted {
                $0 < $1
            }
        )
        return .bytes(Array(text.utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }

    private func breakers() -> [(labels: String, value: Int)] {
        func value(_ phase: Breaker.Phase) -> Int {
            switch phase {
            case .closed: 0
            case .halfOpen: 1
            case .open: 2
            }
        }
        let now = SteadyInstant.now
        return providers.flatMap { provider -> [(labels: String, value: Int)] in
            let name = "provider=\"\(provider.name)\""
            guard let account = health.account(provider.name) else { return [("\(name),model=\"\"", 0)] }
            let models = account.knownModels.map { model in
                ("\(name),model=\"\(model.rawValue)\"", value(account.report(of: model, at: now).breaker))
            }
            return [("\(name),model=\"\"", value(account.accountPhase(at: now)))] + models
        }
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
