import EaselServer
import EaselTransport
import EaselBase

/// What event loops and connections tell metrics.
final class TransportMetrics: Sendable {
    private struct Watched {
        // Weak: the server's handler leads here.
        weak var server: HTTPServer?
    }

    struct Connections: Sendable {
        let open: Int
        let shed: Int
        let refused: Int
    }

    private let loops: [EventLoop]
    private let watched = Locked(Watched())

    init(loops: [EventLoop]) {
        self.loops = loops
    }

    func watch(_ server: HTTPServer) {
        watched.withLock { $0.server = server }
    }

    var stalls: [(loop: String, stalls: LoopStalls)] { loops.map { ($0.name, $0.stalls) } }

    /// Nil before the server is there.
    var connections: Connections? {
        watched.withLock(\.server).map {
            Connections(open: $0.openConnections, shed: $0.shedConnections, refused: $0.refusedConnections)
        }
    }
}
