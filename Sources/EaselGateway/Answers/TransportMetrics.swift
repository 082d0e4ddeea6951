import EaselServer
import EaselTransport
import EaselBase

/// What event loops and connections tell Prometheus.
final class TransportMetrics: Sendable {
    private struct Watched {
        // Weak: the server's handler leads here.
        weak var server: HTTPServer?
    }

    private let loops: [EventLoop]
    private let watched = Locked(Watched())

    init(loops: [EventLoop]) {
        self.loops = loops
    }

    func watch(_ server: HTTPServer) {
        watched.withLock { $0.server = server }
    }

    func text() -> String {
        var text = Self.text(of: loops.map { ($0.name, $0.stalls) })
        guard let server = watched.withLock(\.server) else { return text }
        text.gauge("easel_connections_open", "Client connections.", [("", server.openConnections)])
        text.counter(
            "easel_connections_shed_total",
            "Idle connections closed to make room for others.",
            [("", server.shedConnections)]
        )
        text.counter(
            "easel_connections_refused_total",
            "Connections rejected because there were too many.",
            [("", server.refusedConnections)]
        )
        return text
    }

    static func text(of loops: [(name: String, stalls: LoopStalls)]) -> String {
        var text = ""
        text.head(
            "easel_loop_stall_seconds",
            "Turns of an event loop that took longer than 0.1 s and kept its connections waiting.",
            "histogram"
        )
        for (name, stalls) in loops {
            var total = 0
            for (bound, count) in zip(LoopStalls.bounds_ms, stalls.buckets) {
                total += count
                let seconds = Double(bound) / 1000
                text += "easel_loop_stall_seconds_bucket{loop=\"\(name)\",le=\"\(seconds)\"} \(total)\n"
            }
            text += "easel_loop_stall_seconds_bucket{loop=\"\(name)\",le=\"+Inf\"} \(stalls.count)\n"
            text += "easel_loop_stall_seconds_sum{loop=\"\(name)\"} \(stalls.total.secondsAsDouble)\n"
            text += "easel_loop_stall_seconds_count{loop=\"\(name)\"} \(stalls.count)\n"
        }
        return text
    }
}
