package import EaselBase
package import EaselTransport
import Synchronization

/// An HTTP/1.1 server on every event loop of a group.
///
/// A request's handler runs as a task on the loop that owns the connection. When the connection breaks before it is
/// answered, that task is cancelled at once; a client that only closes its sending direction gets its answer, and one that
/// has left in that way is noticed a while later (`probeInterval`).
package final class HTTPServer: Sendable {
    private let configuration: HTTPServerConfiguration
    private let counters = ServerCounters()
    private let units: [ServerUnit]
    private let started = Atomic<Bool>(false)

    /// A server that does not listen yet. The handler is called for every well-formed request.
    package init(
        group: EventLoopGroup,
        configuration: HTTPServerConfiguration,
        log: Log,
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) {
        self.configuration = configuration
        units = group.loops.map { [counters] in
            ServerUnit(loop: $0, configuration: configuration, log: log, counters: counters, handler: handler)
        }
    }

    /// Binds, begins to accept, and returns the port. Looks the host up if it is a name, which may block.
    ///
    /// - Throws: `HTTPServerError`, `addressInUse` above all.
    package func start() throws -> UInt16 {
        guard !started.exchange(true, ordering: .relaxed) else { throw HTTPServerError.notStartable }
        let (descriptors, port) = try CSocket.listeners(
            host: configuration.host,
            port: configuration.port,
            count: units.count,
            backlog: configuration.backlog
        )
        var accepted = true
        for (unit, descriptor) in zip(units, descriptors) where !unit.loop.trySubmit({ unit.listen(descriptor) }) {
            CSocket.close(descriptor)
            accepted = false
        }
        guard accepted else { throw HTTPServerError.notStartable }
        return port
    }

    /// Stops accepting and closes idle connections; what is in flight is answered with `Connection: close`, and what
    /// is not answered after `grace` is aborted, its handlers cancelled. Returns when no connection is open any more.
    package func drain(grace: Duration) async {
        await withDiscardingTaskGroup { group in
            for unit in units { group.addTask { await unit.drain(grace: grace) } }
        }
    }

    /// Open connections, idle ones included.
    package var openConnections: Int { counters.openConnections.load(ordering: .relaxed) }

    /// Idle connections without a key that were closed to make room, since the start.
    package var shedConnections: Int { counters.shedConnections.load(ordering: .relaxed) }

    /// Connections that were refused because there were too many, since the start.
    package var refusedConnections: Int { counters.refusedConnections.load(ordering: .relaxed) }

    /// Requests whose handler has not returned yet.
    package var requestsInFlight: Int { counters.requestsInFlight.load(ordering: .relaxed) }
}
