package import EaselBase

/// Every metric of a gateway, in the order in which people read them. From here come `/metrics` and docs/metrics.md.
package enum MetricTable {
    static let entries: [MetricEntry] = requests + calls + money + providers + ledger + traces + process

    /// What each is, without values.
    package static var metrics: [Metric] { entries.map(\.metric) }

    static func text(_ view: MetricsView, _ form: Exposition) -> String {
        form.write(entries.map { $0.family(view) })
    }

    /// The table in docs/metrics.md.
    package static func reference() -> String {
        let rows = metrics.map { metric -> String in
            let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
            let help = metric.help.replacing("|", with: "\\|")
            return "| `\(metric.name)` | \(metric.kind.rawValue) | \(labels) | \(metric.unit ?? "") | \(help) |"
        }
        return (["| metric | type | labels | unit | what it says |", "|---|---|---|---|---|"] + rows)
            .joined(separator: "\n") + "\n"
    }

    // MARK: - Requests

    private static let requests: [MetricEntry] = [
        MetricEntry(
            "easel_http_requests_total",
            .counter,
            "Requests by route and by the status of the answer; route none: there is no such path.",
            labels: ["route", "method", "status"]
        ) { view in
            let samples = view.requests.rows.flatMap { key, figures in
                figures.statuses.map { status, count in MetricSample([key.route, key.method, String(status)], count) }
            }
            return samples.sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
        },
        MetricEntry(
            "easel_http_request_duration_seconds",
            .histogram,
            "Time from the head of a request to its answer, by route.",
            labels: ["route", "method"]
        ) { $0.requests.rows.mapValues(\.durations).samples { [$0.route, $0.method] } },
        MetricEntry("easel_requests_in_flight", .gauge, "Requests whose answer has not begun.") {
            [MetricSample(max(0, $0.requests.inFlight))]
        },
        MetricEntry("easel_reports_running", .gauge, "Requests under way that read much of the log.") {
            [MetricSample($0.reports.running)]
        },
        MetricEntry("easel_reports_waiting", .gauge, "Requests that wait until they may read much of the log.") {
            [MetricSample($0.reports.waiting)]
        },
        MetricEntry("easel_connections_open", .gauge, "Client connections.") { view in
            view.connections.map { [MetricSample($0.open)] } ?? []
        },
        MetricEntry(
            "easel_connections_shed_total",
            .counter,
            "Idle connections closed to make room for others."
        ) { view in view.connections.map { [MetricSample($0.shed)] } ?? [] },
        MetricEntry(
            "easel_connections_refused_total",
            .counter,
            "Connections rejected because there were too many."
        ) { view in view.connections.map { [MetricSample($0.refused)] } ?? [] },
        MetricEntry(
            "easel_loop_stall_seconds",
            .histogram,
            "Turns of an event loop that took longer than 0.1 s and kept its connections waiting.",
            labels: ["loop"]
        ) { view in view.stalls.map { MetricSample([$0.loop], $0.stalls.histogram) } },
    ]

    // MARK: - Traces and the process

    private static let traces: [MetricEntry] = [
        MetricEntry("easel_traces_exported_total", .counter, "Spans that the collector accepted.") {
            [MetricSample($0.traces.exported)]
        },
        MetricEntry(
            "easel_traces_dropped_total",
            .counter,
            "Spans that were lost, by reason: queue_full, rejected, unreachable, shutdown.",
            labels: ["reason"]
        ) { $0.traces.dropped.samples { [$0] } },
    ]

    private static let process: [MetricEntry] = [
        MetricEntry("easel_build_info", .info, "The program that runs.", labels: ["version", "commit"]) {
            [MetricSample([$0.build.version, $0.build.commit], 1)]
        },
        MetricEntry("easel_log_dropped_total", .counter, "Log lines lost because standard error did not accept them.") {
            [MetricSample($0.logDropped)]
        },
        MetricEntry("process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.") {
            known($0.process.cpuSeconds)
        },
        MetricEntry("process_open_fds", .gauge, "Number of open file descriptors.") { known($0.process.openFiles) },
        MetricEntry("process_max_fds", .gauge, "Maximum number of open file descriptors.") {
            known($0.process.openFilesLimit)
        },
        MetricEntry("process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.") {
            known($0.process.virtualBytes)
        },
        MetricEntry("process_virtual_memory_max_bytes", .gauge, "Maximum amount of virtual memory available in bytes.")
        {
            known($0.process.virtualLimitBytes)
        },
        MetricEntry("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.") {
            known($0.process.residentBytes)
        },
        MetricEntry("process_start_time_seconds", .gauge, "Start time of the process since the Unix epoch in seconds.")
        {
            known($0.process.startSeconds)
        },
        MetricEntry("process_threads", .gauge, "Number of OS threads in the process.") { known($0.process.threads) },
    ]

    /// Nothing where the system did not say it.
    private static func known(_ value: (some MetricValue)?) -> [MetricSample] {
        value.map { [MetricSample($0)] } ?? []
    }
}
