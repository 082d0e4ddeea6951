import EaselBase
import EaselCalls
import EaselCore

/// The counts of calls in the words of Prometheus.
extension CallMetrics {
    func text() -> String {
        let state = counts
        var text = ""
        text.head("easel_calls_total", "Calls by status.", "counter")
        for (status, count) in state.calls.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            text += "easel_calls_total{status=\"\(status.rawValue)\"} \(count)\n"
        }
        text.head("easel_attempts_total", "Attempts by provider and outcome.", "counter")
        let attempts = state.attempts.sorted {
            ($0.key.provider, $0.key.outcome.rawValue) < ($1.key.provider, $1.key.outcome.rawValue)
        }
        for (key, count) in attempts {
            text += "easel_attempts_total{provider=\"\(key.provider)\",outcome=\"\(key.outcome.rawValue)\"} \(count)\n"
        }
        text.head("easel_budget_refusals_total", "Calls stopped by a hard budget, by scope.", "counter")
        for (scope, count) in state.refusals.sorted(by: { $0.key < $1.key }) {
            text += "easel_budget_refusals_total{scope=\"\(scope)\"} \(count)\n"
        }
        text.counter(
            "easel_hedges_total",
            "Second providers asked while the first was late.",
            [("result=\"won\"", state.hedgesWon), ("result=\"lost\"", state.hedgesLost)]
        )
        text.counter(
            "easel_unbelieved_costs_total",
            "Attempts for which the provider reported an implausible cost; they count at their bound.",
            [("", state.unbelieved)]
        )
        text.head("easel_call_duration_seconds", "From the request's arrival to its settlement.", "histogram")
        var total = 0
        for (bound, count) in zip(Self.bucketsMs, state.buckets) {
            total += count
            text += "easel_call_duration_seconds_bucket{le=\"\(Double(bound) / 1000)\"} \(total)\n"
        }
        text += "easel_call_duration_seconds_bucket{le=\"+Inf\"} \(state.latencyCount)\n"
        text += "easel_call_duration_seconds_sum \(Double(state.latencySumMs) / 1000)\n"
        text += "easel_call_duration_seconds_count \(state.latencyCount)\n"
        text += Self.text(shadows.counts)
        text.counter(
            "easel_log_dropped_total",
            "Log lines lost because standard error did not accept them.",
            [("", Log.dropped)]
        )
        return text
    }

    private static func text(_ shadows: ShadowMetrics.Counts) -> String {
        var text = ""
        text.head("easel_shadows_total", "Shadows by provider and outcome.", "counter")
        text += lines("easel_shadows_total", "outcome", shadows.ends)
        text.head("easel_shadows_skipped_total", "Sampled calls without a shadow, by provider and reason.", "counter")
        text += lines("easel_shadows_skipped_total", "reason", shadows.skips)
        return text
    }

    private static func lines(_ name: String, _ label: String, _ counts: [ShadowMetrics.Key: Int]) -> String {
        counts.sorted { ($0.key.provider, $0.key.word) < ($1.key.provider, $1.key.word) }
            .map { "\(name){provider=\"\($0.key.provider)\",\(label)=\"\($0.key.word)\"} \($0.value)\n" }
            .joined()
    }
}

extension String {
    mutating func head(_ name: String, _ help: String, _ type: String) {
        self += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    /// Appends a gauge with one line for each set of labels.
    mutating func gauge(_ name: String, _ help: String, _ values: [(labels: String, value: Int)]) {
        metric(name, help, "gauge", values)
    }

    /// The same of a counter.
    mutating func counter(_ name: String, _ help: String, _ values: [(labels: String, value: Int)]) {
        metric(name, help, "counter", values)
    }

    private mutating func metric(
        _ name: String,
        _ help: String,
        _ type: String,
        _ values: [(labels: String, value: Int)]
    ) {
        head(name, help, type)
        for (labels, value) in values {
            self += labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
        }
    }
}
