import EaselBase
import EaselCalls
import EaselCore
import EaselTransport

extension MetricTable {
    static let providers: [MetricEntry] = [
        MetricEntry(
            "easel_breaker_state",
            .gauge,
            "0 closed, 1 half-open, 2 open; without a model: the account's.",
            labels: ["provider", "model"]
        ) { view in
            view.providers.flatMap { provider in
                provider.breakers.map { MetricSample([provider.name, $0.model], number($0.phase)) }
            }
        },
        MetricEntry(
            "easel_breaker_openings_total",
            .counter,
            "How often Easel stopped asking a provider, by cause.",
            labels: ["provider", "cause"]
        ) { $0.openings.samples { [$0.provider, $0.cause.rawValue] } },
        MetricEntry("easel_provider_in_flight", .gauge, "Requests under way at a provider.", labels: ["provider"]) {
            $0.providers.map { MetricSample([$0.name], $0.inFlight) }
        },
        MetricEntry(
            "easel_provider_waiting",
            .gauge,
            "Requests that wait for a free slot at a provider.",
            labels: ["provider"]
        ) { $0.providers.map { MetricSample([$0.name], $0.waiting) } },
    ]

    private static func number(_ phase: Breaker.Phase) -> Int {
        switch phase {
        case .closed: 0
        case .halfOpen: 1
        case .open: 2
        }
    }

    static let ledger: [MetricEntry] = [
        MetricEntry("easel_journal_pending", .gauge, "Writes that wait for the database.") {
            [MetricSample($0.journal.pending)]
        },
        MetricEntry(
            "easel_journal_in_memory",
            .gauge,
            "Writes that wait for the database and that the journal's disk did not accept."
        ) { [MetricSample($0.journal.inMemory)] },
        MetricEntry(
            "easel_journal_writable",
            .gauge,
            "0 while the journal's disk accepts no writes: no new calls are accepted then."
        ) { [MetricSample($0.journal.fault == nil)] },
        MetricEntry("easel_journal_unreadable_files", .gauge, "Files of the journal that cannot be read.") {
            [MetricSample($0.journal.unreadable.count)]
        },
        MetricEntry(
            "easel_journal_set_aside",
            .gauge,
            "Writes that the database rejected, or that cannot be read; `easel db journal list` names them.",
            labels: ["kind"]
        ) { view in ["damaged", "refused"].map { MetricSample([$0], view.journal.setAside[$0] ?? 0) } },
        MetricEntry(
            "easel_unreadable_rows",
            .gauge,
            "Database rows that this version cannot read; what they describe waits."
        ) { [MetricSample($0.unreadableRows)] },
        MetricEntry(
            "easel_rollup_lag_seconds",
            .gauge,
            "How old the oldest write to the log is that reports do not hold yet; every gateway tells the same."
        ) { view in view.ledger.rollupLag.map { [MetricSample($0.secondsAsDouble)] } ?? [] },
        MetricEntry(
            "easel_database_pool_connections",
            .gauge,
            "Connections to the database by what they do: busy, idle, closed.",
            labels: ["pool", "state"]
        ) { view in
            view.pools.flatMap { pool in
                [
                    MetricSample([pool.name, "busy"], pool.busy), MetricSample([pool.name, "idle"], pool.idle),
                    MetricSample([pool.name, "closed"], pool.closed),
                ]
            }
        },
        MetricEntry(
            "easel_database_pool_waiting",
            .gauge,
            "What waits for a connection to the database.",
            labels: ["pool"]
        ) { view in view.pools.map { MetricSample([$0.name], $0.waiting) } },
        MetricEntry("easel_artifact_bytes", .gauge, "Result images kept on this machine; measured every few minutes.") {
            view in view.ledger.artifactBytes.map { [MetricSample($0)] } ?? []
        },
    ]
}

extension LoopStalls {
    private static let bounds = Histogram.Bounds(milliseconds: bounds_ms)

    var histogram: Histogram { Histogram(Self.bounds, buckets: buckets, count: count, sum: total) }
}
