import EaselBase
import Synchronization

/// What the loops of a server count together.
final class ServerCounters: Sendable {
    let openConnections = Atomic<Int>(0)
    let requestsInFlight = Atomic<Int>(0)
}

/// The part of a server that lives on one loop: its listener and its connections.
// Unchecked: the vars are only touched on the loop's thread.
final class ServerUnit: @unchecked Sendable {
    let loop: EventLoop
    let configuration: HTTPServerConfiguration
    let log: Log
    let handler: @Sendable (ServerRequest) async -> ServerResponse
    let counters: ServerCounters

    private(set) var isDraining = false
    /// Who is still taken in from the kernel's queue is aborted too: nothing else would end its requests.
    private var isGraceOver = false
    private var listener: TCPListener?
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    private var graceTimer: LoopTimer?
    private var lastCallTimer: LoopTimer?
    private var waiters: [UnsafeContinuation<Void, Never>] = []

    init(
        loop: EventLoop,
        configuration: HTTPServerConfiguration,
        log: Log,
        counters: ServerCounters,
        handler: @escaping @Sendable (ServerRequest) async -> ServerResponse
    ) {
        self.loop = loop
        self.configuration = configuration
        self.log = log
        self.counters = counters
        self.handler = handler
    }

    /// Begins to accept. Takes the descriptor over in any case.
    func listen(_ descriptor: Int32) {
        guard !isDraining, loop.onStop(self, { [self] in stop() }) else { return CSocket.close(descriptor) }
        listener = TCPListener(loop: loop, descriptor: descriptor, backlog: configuration.backlog) { [unowned self] in
            // Lives: `stop` and `drain` close the listener, and until then the loop's stop action holds the unit.
            accepted($0)
        }
        if listener == nil { log.error("a loop refused the listening socket") }
    }

    private func accepted(_ socket: TCPSocket) {
        let open = counters.openConnections.add(1, ordering: .relaxed).newValue
        guard open <= configuration.maxConnections else {
            counters.openConnections.subtract(1, ordering: .relaxed)
            let busy = ServerResponse.problem(status: 503, code: "unavailable", detail: "too many connections")
            if case .bytes(let bytes) = busy.body {
                let head = ResponseHead(
                    status: 503,
                    fields: busy.fields,
                    framing: .length(bytes.count),
                    closes: true,
                    tellsKeepAlive: false
                )
                _ = socket.write(head.encoded(date: loop.dateText()) + bytes)
            }
            log.warning("refused a connection: too many are open", ["limit": String(configuration.maxConnections)])
            return socket.close()
        }
        let connection = ServerConnection(unit: self, socket: socket)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
        if isGraceOver { connection.abort() } else if isDraining { connection.drain() }
    }

    /// A connection has closed.
    func forget(_ connection: ServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        counters.openConnections.subtract(1, ordering: .relaxed)
        drainedIfQuiet()
    }

    /// After a drain has begun, for so long requests are still read: those that were on their way to us when the signal
    /// came. They get an answer that ends their connection instead of a reset, which tells a client nothing.
    static let lastCall = Duration.milliseconds(100)

    /// For so long after the last call connections are taken in that were being made when it ended.
    static let handshake = Duration.milliseconds(50)

    /// Stops accepting after the last call, closes what is idle, and waits until the rest is answered or the grace is
    /// over.
    func drain(grace: Duration) async {
        await withUnsafeContinuation { continuation in
            let accepted = loop.trySubmit { [self] in beginDrain(grace, continuation) }
            if !accepted { continuation.resume() }
        }
    }

    private func beginDrain(_ grace: Duration, _ continuation: UnsafeContinuation<Void, Never>) {
        waiters.append(continuation)
        let isFirst = !isDraining
        isDraining = true
        _ = loop.updatedNow()
        if graceTimer == nil { graceTimer = LoopTimer(loop: loop.raw) { [unowned self] in abortAll() } }
        graceTimer?.start(milliseconds: grace.timerMilliseconds)
        guard isFirst else { return drainedIfQuiet() }
        for connection in Array(connections.values) { connection.drain() }
        lastCallTimer = LoopTimer(loop: loop.raw) { [unowned self] in endLastCall(grace) }
        lastCallTimer?.start(milliseconds: min(Self.lastCall, grace).timerMilliseconds)
    }

    private func endLastCall(_ grace: Duration) {
        listener?.takeNoMore()
        lastCallTimer?.close()
        lastCallTimer = LoopTimer(loop: loop.raw) { [unowned self] in closeListener() }
        lastCallTimer?.start(milliseconds: min(Self.handshake, grace).timerMilliseconds)
    }

    private func closeListener() {
        listener?.closeAfterAccepting()
        listener = nil
        drainedIfQuiet()
    }

    private func drainedIfQuiet() {
        if isDraining, listener == nil, connections.isEmpty { drained() }
    }

    private func abortAll() {
        isGraceOver = true
        for connection in Array(connections.values) { connection.abort() }
    }

    private func drained() {
        graceTimer?.close()
        graceTimer = nil
        lastCallTimer?.close()
        lastCallTimer = nil
        loop.forgetStop(self)
        let waiters = waiters
        self.waiters.removeAll()
        for waiter in waiters { waiter.resume() }
    }

    /// The loop stops: everything ends now.
    private func stop() {
        isDraining = true
        listener?.close()
        listener = nil
        abortAll()
        drained()
    }
}
