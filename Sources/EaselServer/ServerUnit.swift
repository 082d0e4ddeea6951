import EaselBase
import EaselTransport
import Synchronization

/// The part of a server that lives on one loop: its listener and its connections.
// Unchecked: the vars are only touched on the loop's thread.
final class ServerUnit: @unchecked Sendable {
    let loop: EventLoop
    let configuration: HTTPServerConfiguration
    let log: Log
    let handler: @Sendable (ServerRequest) async -> ServerResponse
    let counters: ServerCounters

    private(set) var isDraining = false
    /// Connections still in the kernel's accept queue are aborted too: nothing else would end their requests.
    private var isGraceOver = false
    private var listener: TCPListener?
    private var connections: [ObjectIdentifier: ServerConnection] = [:]
    /// Connections without a key, in the order in which they came.
    private var keyless = SheddingList<ServerConnection>()
    /// Those in places beyond the limit.
    private var reserve = SheddingList<ServerConnection>()
    private var warnedAt: UInt64?
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

    /// Places of this loop beyond the limit, where only `reservedTargets` are answered.
    static let reservePlaces = 16
    /// For so long one of them waits for a request.
    static let reserveTimeout = Duration.seconds(1)
    static let tooManyConnections: ServerResponse = {
        var response = ServerResponse.problem(status: 503, code: "unavailable", detail: "too many connections")
        response.fields.add("Retry-After", "1")
        return response
    }()

    private func accepted(_ socket: TCPSocket) {
        let peer = PeerAddress(socket.peerAddress())
        let limits = ConnectionLimits(
            total: configuration.maxConnections,
            perAddress: configuration.maxKeylessPerAddress
        )
        let ofAddress = counters.keyless.enter(peer.group)
        let open = counters.openConnections.add(1, ordering: .relaxed).newValue
        let verdict = limits.verdict(open: open, ofAddress: ofAddress)
        // Where the address has too many, one of its own goes.
        let hasRoom =
            verdict.sheds && shed(of: verdict.isOverAddress ? peer.group : nil)
            || verdict.isOverTotal && !verdict.isOverAddress && shedKept()
        if hasRoom || verdict.takes {
            return take(ServerConnection(unit: self, socket: socket, peer: peer, isReserve: false))
        }
        counters.refusedConnections.add(1, ordering: .relaxed)
        warn()
        if reserve.count >= Self.reservePlaces { shedReserve() }
        guard reserve.count < Self.reservePlaces else {
            counters.openConnections.subtract(1, ordering: .relaxed)
            counters.keyless.leave(peer.group)
            return socket.close()
        }
        take(ServerConnection(unit: self, socket: socket, peer: peer, isReserve: true))
    }

    private func take(_ connection: ServerConnection) {
        connections[ObjectIdentifier(connection)] = connection
        connection.place = connection.isReserve ? reserve.append(connection) : keyless.append(connection)
        connection.start()
        if isGraceOver { connection.abort() } else if isDraining { connection.drain() }
    }

    /// Once a second at most: who is attacked does not need a line for each connection.
    private func warn() {
        if let warnedAt, loop.now - warnedAt < 1000 { return }
        warnedAt = loop.now
        log.warning(
            "connections are refused: too many are open",
            [
                "limit": String(configuration.maxConnections),
                "limit_of_an_address": String(configuration.maxKeylessPerAddress),
                "refused": String(counters.refusedConnections.load(ordering: .relaxed)),
            ]
        )
    }

    // MARK: Making room

    /// Closes the oldest idle connection over which no valid key came, of one address where one is given. False when there
    /// is none among those that are looked at.
    private func shed(of group: PeerAddress.Group?) -> Bool {
        let found = keyless.find { $0.isIdle && (group == nil || $0.peer.group == group) }
        guard let found else { return false }
        counters.shedConnections.add(1, ordering: .relaxed)
        found.close()
        return true
    }

    /// Closes a kept connection of somebody with a key that waits for its next request: better than turning away who has
    /// one now.
    private func shedKept() -> Bool {
        guard let found = connections.values.lazy.prefix(64).first(where: { $0.isKnown && $0.flow.phase == .idle })
        else {
            return false
        }
        counters.shedConnections.add(1, ordering: .relaxed)
        found.close()
        return true
    }

    private func shedReserve() {
        reserve.find { $0.isIdle || $0.flow.phase == .lingering }?.close()
    }

    /// A valid key came over a connection.
    func becameKnown(_ connection: ServerConnection) {
        counters.keyless.leave(connection.peer.group)
        if let place = connection.place, !connection.isReserve { keyless.remove(place) }
    }

    /// A connection has closed.
    func forget(_ connection: ServerConnection) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        counters.openConnections.subtract(1, ordering: .relaxed)
        if !connection.isKnown { counters.keyless.leave(connection.peer.group) }
        if let place = connection.place {
            connection.place = nil
            if connection.isReserve { reserve.remove(place) } else { keyless.remove(place) }
        }
        drainedIfQuiet()
    }

    /// After a drain has begun, for so long requests are still read: those that were on their way to us when the signal
    /// came. They get an answer that ends their connection instead of a reset, which tells a client nothing.
    static let lastCall = Duration.milliseconds(100)

    /// How long after the last call we still accept connections that were being opened when it ended.
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
