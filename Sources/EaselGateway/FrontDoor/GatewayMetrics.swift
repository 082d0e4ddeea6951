import EaselBase
import EaselCore

/// What the gateway counts for Prometheus: ends of calls and attempts, and how long calls took.
final class GatewayMetrics: Sendable {
    /// Upper bounds of the latency histogram, in milliseconds.
    static let bucketsMs: [Int64] = [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000]

    private struct AttemptKey: Hashable {
        let provider: String
        let outcome: AttemptOutcome
    }

    private struct State {
        var calls: [CallStatus: Int] = [:]
        var attempts: [AttemptKey: Int] = [:]
        var buckets = [Int](repeating: 0, count: GatewayMetrics.bucketsMs.count)
        var latencySumMs: Int64 = 0
        var latencyCount = 0
        var refusals: [String: Int] = [:]
        var hedgesWon = 0
        var hedgesLost = 0
        var unbelieved = 0
    }

    let shadows = ShadowMetrics()
    private let state = Locked(State())

    func count(_ end: AttemptEnd) {
        let key = AttemptKey(provider: end.start.provider, outcome: end.outcome)
        state.withLock { state in
            state.attempts[key, default: 0] += 1
            if end.extra[CostBelief.claimMark] != nil { state.unbelieved += 1 }
        }
    }

    func count(_ status: CallStatus, latency: Duration) {
        let milliseconds = latency.milliseconds
        state.withLock { state in
            state.calls[status, default: 0] += 1
            state.latencySumMs += milliseconds
            state.latencyCount += 1
            if let index = Self.bucketsMs.firstIndex(where: { milliseconds <= $0 }) { state.buckets[index] += 1 }
        }
    }

    /// A call that a hard budget did not let through, by the kind of its scope.
    func countRefusal(by scope: String) {
        state.withLock { $0.refusals[scope, default: 0] += 1 }
    }

    /// A second provider that was asked while the first was late; `won`: the caller got its answer.
    func countHedge(won: Bool) {
        state.withLock { state in
            if won { state.hedgesWon += 1 } else { state.hedgesLost += 1 }
        }
    }

    func text() -> String {
        let state = state.withLock(\.self)
        var text = ""
        text.head("easel_calls_total", "Calls by how they ended.", "counter")
        for (status, count) in state.calls.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            text += "easel_calls_total{status=\"\(status.rawValue)\"} \(count)\n"
        }
        text.head("easel_attempts_total", "Attempts by provider and how they ended.", "counter")
        let attempts = state.attempts.sorted {
            ($0.key.provider, $0.key.outcome.rawValue) < ($1.key.provider, $1.key.outcome.rawValue)
        }
        for (key, count) in attempts {
            text += "easel_attempts_total{provider=\"\(key.provider)\",outcome=\"\(key.outcome.rawValue)\"} \(count)\n"
        }
        text.head("easel_budget_refusals_total", "Calls that a hard budget did not let through, by scope.", "counter")
        for (scope, count) in state.refusals.sorted(by: { $0.key < $1.key }) {
            text += "easel_budget_refusals_total{scope=\"\(scope)\"} \(count)\n"
        }
        text.counter(
            "easel_hedges_total",
            "Second providers that were asked while the first was late.",
            [("result=\"won\"", state.hedgesWon), ("result=\"lost\"", state.hedgesLost)]
        )
        text.counter(
            "easel_unbelieved_costs_total",
            "Attempts whose provider claimed a cost beyond belief; they count at their bound.",
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
        text += shadows.text()
        text.counter(
            "easel_log_dropped_total",
            "Lines of the log that were lost, because standard error did not take them.",
            [("", Log.dropped)]
        )
        return text
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
