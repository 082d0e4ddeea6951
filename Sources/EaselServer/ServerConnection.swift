import EaselBase
import EaselTransport
import Synchronization

/// One connection of a client: reads requests one after another, lets the handler answer, writes the answer.
///
/// Everything happens on the loop that owns the socket. What is decided about phases, reading and keeping alive is the
/// `ConnectionFlow`'s; after each event the socket is read or left alone as it says.
// Unchecked: only touched on its loop; handler tasks come back to the loop before they touch it.
final class ServerConnection: @unchecked Sendable {
    let loop: EventLoop
    unowned let unit: ServerUnit  // the unit outlives its connections
    let socket: TCPSocket
    let peer: PeerAddress
    /// One of the few places beyond the limit, where only what is always answered is answered.
    let isReserve: Bool
    private let localAddress: String
    private var parser: RequestParser?
    var deadline: ConnectionDeadline?

    var flow: ConnectionFlow
    private var isFirstRequest = true
    private var pending: [UInt8] = []
    /// Where it stands among those that go first when room is needed.
    var place: SheddingList<ServerConnection>.Node?
    /// A request with a valid key came over it.
    private(set) var isKnown = false

    // The present request.
    var head: RequestHead?
    var body: ServerRequestBody?
    var task: Task<Void, Never>?
    private var progressSeen = 0
    private var probes = 0
    private var probeIsOut = false
    var script: ScriptedAnswer?
    var stream: StreamWriter?

    private var configuration: HTTPServerConfiguration { unit.configuration }

    init(unit: ServerUnit, socket: TCPSocket, peer: PeerAddress, isReserve: Bool) {
        self.unit = unit
        self.socket = socket
        self.peer = peer
        self.isReserve = isReserve
        loop = unit.loop
        flow = ConnectionFlow(
            limits: .init(
                unreadBody: unit.configuration.maxUnreadBodyBytes,
                pending: unit.configuration.maxPendingBytes
            )
        )
        localAddress = socket.localAuthority()
    }

    /// Nothing is under way for its client.
    var isIdle: Bool { flow.phase == .idle || flow.phase == .head }

    func start() {
        parser = RequestParser(delegate: self, maxHeadBytes: configuration.maxHeadBytes)
        deadline = ConnectionDeadline(loop: loop) { [unowned self] in deadlineReached() }
        let limit = configuration.headTimeout
        deadline?.set(after: isReserve ? min(limit, ServerUnit.reserveTimeout) : limit)
        socket.startReading(self)
    }

    /// Reads the socket, or not, as the flow says. After every event.
    func follow() {
        if flow.reads { socket.resumeReading() } else { socket.pauseReading() }
    }

    // MARK: Requests

    func process(_ bytes: UnsafeRawBufferPointer) {
        guard let parser, !bytes.isEmpty else { return }
        if flow.phase == .idle {
            flow.headBegan()
            // A new connection's deadline runs since it was accepted.
            if !isFirstRequest { deadline?.set(after: configuration.headTimeout) }
            isFirstRequest = false
        }
        switch parser.feed(bytes) {
        case .needsMore: armBodyDeadline()
        case .complete(let consumed):
            flow.requestEnded()
            keepPending(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
            if flow.phase == .handling { deadline?.clear() }
            body?.finish()
        case .refused: break  // `parserReadHead` has begun the answer
        case .headTooLarge: refuse(.problem(status: 431, code: "too_large", detail: "the head is too large"))
        case .unknownMethod:
            refuse(.problem(status: 501, code: "invalid_request", detail: "the method is not known here"))
        case .malformed(let what):
            unit.log.debug("malformed request", ["reason": what])
            guard flow.phase == .handling else {
                return refuse(.problem(status: 400, code: "invalid_request", detail: "the request is malformed"))
            }
            // The handler has the request already and answers.
            flow.framingBroke()
            deadline?.clear()
            body?.fail(.malformed)
        }
    }

    func keepPending(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        pending.append(contentsOf: bytes)
        flow.kept(bytes.count)
    }

    func begin(_ head: RequestHead, _ target: RequestTarget) {
        self.head = head
        flow.requestBegan(
            hasBody: head.bodyLength != 0,
            keepsAlive: head.keepsAlive && !isReserve,
            awaitsContinue: head.expectsContinue,
            bodyDueAt: loop.now + configuration.bodyTimeout.timerMilliseconds
        )
        let number = flow.request
        let body = ServerRequestBody(
            declaredLength: head.bodyLength,
            highWaterMark: flow.limits.unreadBody
        ) { [self] demand in
            if loop.isCurrent {
                bodyAsks(demand, number)
            } else {
                loop.submit { [self] in bodyAsks(demand, number) }
            }
        }
        self.body = body
        deadline?.clear()
        if head.bodyLength != 0 { armBodyDeadline() }
        let request = ServerRequest(
            method: head.method,
            target: target,
            fields: head.fields,
            peerAddress: peer.text,
            localAddress: localAddress,
            body: body,
            loop: loop
        ) { [self] in
            if loop.isCurrent { becomeKnown() } else { loop.submit { [self] in becomeKnown() } }
        }
        let handler = unit.handler
        let counters = unit.counters
        counters.requestsInFlight.add(1, ordering: .relaxed)
        task = Task(executorPreference: loop) { [self] in
            let response = await handler(request)
            counters.requestsInFlight.subtract(1, ordering: .relaxed)
            if loop.isCurrent { answer(response) } else { loop.submit { [self] in answer(response) } }
        }
    }

    private func becomeKnown() {
        guard !isKnown, flow.phase != .closed else { return }
        isKnown = true
        unit.becameKnown(self)
    }

    // MARK: The body

    private func bodyAsks(_ demand: ServerRequestBody.Demand, _ number: Int) {
        switch demand {
        case .firstRead:
            guard flow.bodyWanted(of: number) else { return }
            _ = socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        case .caughtUp: flow.bodyTaken(of: number, now: loop.now)
        }
        guard number == flow.request else { return }
        armBodyDeadline()
        follow()
    }

    /// The next byte within the idle timeout, the last within the body's own.
    func armBodyDeadline() {
        guard flow.phase == .handling, !flow.isWhole, !flow.inputEnded else { return }
        guard let left = flow.bodyTimeLeft(now: loop.now) else { return deadline?.clear() ?? () }
        deadline?.set(after: min(configuration.bodyIdleTimeout, .milliseconds(Int64(clamping: left))))
    }

    // MARK: Answers

    private func answer(_ response: ServerResponse) {
        guard flow.phase == .handling else { return }
        task = nil
        if !flow.isWhole { body?.fail(.clientGone) }
        respond(response)
        follow()
    }

    /// Answers what never reached a handler, and closes.
    func refuse(_ response: ServerResponse) {
        flow.refused()
        respond(response)
        follow()
    }

    private func respond(_ response: ServerResponse) {
        deadline?.clear()
        flow.answerBegan(closes: response.closeAfter || unit.isDraining)
        let isHead = head?.method == "HEAD"
        let minorVersion = head?.minorVersion ?? 1
        var status = response.status
        if !(200...999).contains(status) {
            unit.log.error("a handler answered with an impossible status", ["status": String(status)])
            status = 500
        }
        switch response.body {
        case .bytes(let bytes):
            let head = ResponseHead(
                status: status,
                fields: response.fields,
                framing: ResponseHead.hasNoBody(status) ? .none : .length(bytes.count),
                closes: !flow.keepsAlive,
                tellsKeepAlive: flow.keepsAlive && minorVersion == 0
            )
            let sendsBody = !isHead && head.framing != .none
            // Small bodies leave in the same packet as their head.
            let together = sendsBody && bytes.count <= 32 << 10
            var output = head.encoded(date: loop.dateText(), reserving: together ? bytes.count : 0)
            if together { output += bytes }
            var drained = socket.write(output)
            if sendsBody, !together { drained = socket.write(bytes) }
            if drained { answered() } else { watchProgress() }
        case .scripted(let length, let steps):
            if length == nil, minorVersion == 0 { flow.willClose() }
            let head = ResponseHead(
                status: status,
                fields: response.fields,
                framing: length.map { .length($0) } ?? (minorVersion == 0 ? .untilClose : .chunked),
                closes: !flow.keepsAlive,
                tellsKeepAlive: flow.keepsAlive && minorVersion == 0
            )
            run(ScriptedAnswer(head: head, declaredLength: length, sendsBody: !isHead), steps)
        case .streamed(let answer):
            if minorVersion == 0 { flow.willClose() }
            let head = ResponseHead(
                status: status,
                fields: response.fields,
                framing: minorVersion == 0 ? .untilClose : .chunked,
                closes: !flow.keepsAlive,
                tellsKeepAlive: false
            )
            if !isHead { return begin(answer, head) }
            if socket.write(head.encoded(date: loop.dateText())) { answered() } else { watchProgress() }
        }
    }

    func answered() {
        guard flow.phase == .answering else { return }
        head = nil
        body = nil
        script = nil
        switch flow.answered() {
        case .close: return close()
        case .linger:
            pending = []
            let limit = configuration.lingerTimeout
            deadline?.set(after: isReserve ? min(limit, .milliseconds(200)) : limit)
            socket.shutDown()
        case .read:
            deadline?.set(after: configuration.keepAliveTimeout)
            parser?.beginNext()
            let bytes = pending
            pending = []
            flow.tookPending()
            bytes.withUnsafeBytes { process($0) }
            // All that came before the client ended its direction is answered.
            if flow.isFinished { return close() }
            if flow.mayHaveLeft { inputIsOver() }
        }
        follow()
    }

    func watchProgress() {
        progressSeen = socket.progress
        deadline?.set(after: configuration.writeTimeout)
    }

    // MARK: Ends

    /// A client that has closed its direction may wait for its answer or may have left: both look alike until something
    /// is sent. What it is sent is an interim response, which it has to be able to read (RFC 9110, 15.2); the system of one
    /// that has left answers with a reset.
    private func probe() {
        guard !socket.isBroken else { return close() }
        if !probeIsOut, probes < Self.maxProbes, head?.minorVersion ?? 0 > 0 {
            probes += 1
            probeIsOut = true
            _ = socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            // Time for a reset to come back.
            deadline?.set(after: .seconds(1))
        } else {
            probeIsOut = false
            deadline?.set(after: configuration.probeInterval)
        }
    }

    /// Nothing more comes from the client while its request is under way.
    func inputIsOver() {
        if !flow.isWhole { body?.fail(.clientGone) }
        deadline?.set(after: configuration.probeInterval)
    }

    /// Some clients count interim responses: Go's gives up at the sixth.
    private static let maxProbes = 4

    private func deadlineReached() {
        switch flow.phase {
        case .idle, .head:
            // Whoever took a place beyond the limit is told why it has to go.
            if isReserve { return refuse(ServerUnit.tooManyConnections) }
            guard flow.phase == .head else { return close() }
            refuse(.problem(status: 408, code: "request_timeout", detail: "the head came too slowly"))
        case .lingering: close()
        case .handling:
            if flow.mayHaveLeft { return probe() }
            flow.willClose()
            body?.fail(.tooSlow)
        case .answering:
            if socket.progress == progressSeen, !socket.isDrained {
                close(resetting: true)
            } else if stream == nil || !socket.isDrained {
                watchProgress()
            }
        case .closed: break
        }
    }

    /// Draining has begun: an idle connection goes after the last call, for its next request may be on its way; a busy
    /// one after its answer. A long answer ends now.
    func drain() {
        if let stream {
            flow.willClose()
            return end(stream)
        }
        if flow.phase == .idle { deadline?.set(after: ServerUnit.lastCall) }
    }

    /// The loop stops, or the grace of a drain is over.
    func abort() {
        close(resetting: flow.phase == .handling || flow.phase == .answering)
    }

    func close(resetting: Bool = false) {
        guard flow.phase != .closed else { return }
        flow.closed()
        deadline?.close()
        deadline = nil
        if resetting { socket.reset() } else { socket.close() }
        body?.fail(.clientGone)
        task?.cancel()
        endStream()
        body = nil
        task = nil
        script = nil
        pending = []
        unit.forget(self)
    }
}
