import EaselBase

/// What of requests Prometheus is told: how many by the row that they came to and how they were answered, and how long
/// that took. Labels come from the table, so that no caller can make up another one.
final class RequestCounts: Sendable {
    private struct Key: Hashable {
        let route: String
        let method: String
    }

    private struct Figures {
        var statuses: [Int: Int] = [:]
        var microseconds: Int64 = 0

        mutating func note(_ status: Int, _ took: Int64) {
            statuses[status, default: 0] += 1
            microseconds = microseconds.addingReportingOverflow(took).partialValue
        }
    }

    /// The label of what has no row.
    static let nowhere = "none"

    private let state = Locked<[Key: Figures]>([:])

    /// `route`: a template of the table, or `nowhere`; `method`: of the row.
    func count(route: String, method: String, status: Int, took: Duration) {
        let microseconds = took.microseconds
        state.withLock { state in
            state[Key(route: route, method: method), default: Figures()].note(status, microseconds)
        }
    }

    func text() -> String {
        let all = state.withLock(\.self).sorted { ($0.key.route, $0.key.method) < ($1.key.route, $1.key.method) }
        var text = ""
        text.counter(
            "easel_http_requests_total",
            "Requests by route and by the status of the answer.",
            all.flatMap { key, figures in
                figures.statuses.sorted { $0.key < $1.key }.map {
                    ("\(Self.labels(key)),status=\"\($0.key)\"", $0.value)
                }
            }
        )
        text.head(
            "easel_http_request_duration_seconds",
            "Time from the head of a request to its answer, by route.",
            "summary"
        )
        for (key, figures) in all {
            let labels = Self.labels(key)
            let seconds = Double(figures.microseconds) / 1_000_000
            text += "easel_http_request_duration_seconds_sum{\(labels)} \(seconds)\n"
            text += "easel_http_request_duration_seconds_count{\(labels)} \(figures.statuses.values.reduce(0, +))\n"
        }
        return text
    }

    private static func labels(_ key: Key) -> String { "route=\"\(key.route)\",method=\"\(key.method)\"" }
}
