import EaselBase
import Synchronization

/// One connection of a client: reads requests one after another, lets the handler answer, writes the answer.
///
/// Everything happens on the loop that owns the socket. The phases:
///
///     idle -> head -> handling -> answering -> idle ...        kept alive
///                                           -> lingering       the request was not read to its end
///                                           -> closed
// Unchecked: only touched on its loop; handler tasks come back to the loop before they touch it.
final class ServerConnection: @unchecked Sendable {
    enum Phase {
        /// Between requests; nothing of the next one has arrived.
        case idle
        /// A head has begun.
        case head
        /// The handler works; the body may still be arriving.
        case handling
        /// The answer is being written.
        case answering
        /// The answer is out; what the client still sends is thrown away until it has read the answer.
        case lingering
        case closed
    }

    /// The most bytes that are kept of requests which arrive before the present one is answered.
    private static let maxPending = 64 << 10

    let loop: EventLoop
    unowned let unit: ServerUnit  // the unit outlives its connections
    let socket: TCPSocket
    private let peerAddress: String
    private var parser: RequestParser?
    var deadline: ConnectionDeadline?

    var phase = Phase.idle
    private var isFirstRequest = true
    private var pending: [UInt8] = []
    /// The client has closed its direction while we were answering.
    var inputEnded = false

    // The present request.
    var head: RequestHead?
    var body: ServerRequestBody?
    var task: Task<Void, Never>?
    var requestIsWhole = false
    var keepsAlive = true
    var awaitsContinue = false
    private var bodyDeadlineAt: UInt64 = 0
    var pausedSince: UInt64?
    private var progressSeen = 0
    var script: ScriptedAnswer?

    private var configuration: HTTPServerConfiguration { unit.configuration }

    init(unit: ServerUnit, socket: TCPSocket) {
        self.unit = unit
        self.socket = socket
        loop = unit.loop
        peerAddress = socket.peerAddress()
    }

    func start() {
        parser = RequestParser(delegate: self, maxHeadBytes: configuration.maxHeadBytes)
        deadline = ConnectionDeadline(loop: loop) { [unowned self] in deadlineReached() }
        deadline?.set(after: configuration.headTimeout)
        socket.startReading(self)
    }

    // MARK: Requests

    func process(_ bytes: UnsafeRawBufferPointer) {
        guard let parser, !bytes.isEmpty else { return }
        if phase == .idle {
            phase = .head
            // A new connection's deadline runs since it was accepted.
            if !isFirstRequest { deadline?.set(after: configuration.headTimeout) }
            isFirstRequest = false
        }
        switch parser.feed(bytes) {
        case .needsMore: if phase == .handling { bodyAdvanced() }
        case .complete(let consumed):
            keepPending(UnsafeRawBufferPointer(rebasing: bytes[consumed...]))
            requestIsWhole = true
            deadline?.clear()
            body?.finish()
        case .refused: break  // `parserReadHead` has begun the answer
        case .headTooLarge: refuse(.problem(status: 431, code: "too_large", detail: "the head is too large"))
        case .malformed(let what):
            unit.log.debug("malformed request", ["reason": what])
            guard phase == .handling else {
                return refuse(.problem(status: 400, code: "invalid_request", detail: "the request is malformed"))
            }
            // The handler has the request already and answers; what follows cannot be trusted as a request.
            keepsAlive = false
            deadline?.clear()
            socket.pauseReading()
            body?.fail(.malformed)
        }
    }

    func keepPending(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        pending.append(contentsOf: bytes)
        if pending.count > Self.maxPending { socket.pauseReading() }
    }

    func begin(_ head: RequestHead, _ target: RequestTarget) {
        phase = .handling
        self.head = head
        keepsAlive = head.keepsAlive
        requestIsWhole = false
        awaitsContinue = head.expectsContinue
        let body = ServerRequestBody(declaredLength: head.bodyLength) { [self] demand in
            if loop.isCurrent { bodyAsks(demand) } else { loop.submit { [self] in bodyAsks(demand) } }
        }
        self.body = body
        if head.bodyLength == 0 {
            deadline?.clear()
        } else {
            bodyDeadlineAt = loop.now + configuration.bodyTimeout.timerMilliseconds
            armBodyDeadline()
        }
        let request = ServerRequest(
            method: head.method,
            target: target,
            fields: head.fields,
            peerAddress: peerAddress,
            body: body,
            loop: loop
        )
        let handler = unit.handler
        let counters = unit.counters
        counters.requestsInFlight.add(1, ordering: .relaxed)
        task = Task(executorPreference: loop) { [self] in
            let response = await handler(request)
            counters.requestsInFlight.subtract(1, ordering: .relaxed)
            if loop.isCurrent { answer(response) } else { loop.submit { [self] in answer(response) } }
        }
    }

    // MARK: The body

    private func bodyAsks(_ demand: ServerRequestBody.Demand) {
        guard phase == .handling, !requestIsWhole else { return }
        switch demand {
        case .firstRead:
            guard awaitsContinue else { return }
            awaitsContinue = false
            _ = socket.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
            armBodyDeadline()
        case .caughtUp:
            if let pausedSince {
                bodyDeadlineAt += loop.now - pausedSince
                self.pausedSince = nil
            }
            armBodyDeadline()
            socket.resumeReading()
        }
    }

    private func bodyAdvanced() {
        if pausedSince == nil { armBodyDeadline() }
    }

    /// The next byte within the idle timeout, the last within the body's own. No deadline while we are the ones who
    /// hold up: before 100-continue, and while the handler does not read.
    private func armBodyDeadline() {
        guard !awaitsContinue else { return deadline?.clear() ?? () }
        let left = bodyDeadlineAt > loop.now ? bodyDeadlineAt - loop.now : 0
        deadline?.set(after: min(configuration.bodyIdleTimeout, .milliseconds(Int64(clamping: left))))
    }

    // MARK: Answers

    private func answer(_ response: ServerResponse) {
        guard phase == .handling else { return }
        task = nil
        if !requestIsWhole { body?.fail(.clientGone) }
        respond(response)
    }

    /// Answers what never reached a handler, and closes.
    func refuse(_ response: ServerResponse) {
        keepsAlive = false
        requestIsWhole = false
        respond(response)
    }

    private func respond(_ response: ServerResponse) {
        phase = .answering
        deadline?.clear()
        if response.closeAfter || !requestIsWhole || unit.isDraining || inputEnded { keepsAlive = false }
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
                closes: !keepsAlive,
                tellsKeepAlive: keepsAlive && minorVersion == 0
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
            if length == nil, minorVersion == 0 { keepsAlive = false }
            let head = ResponseHead(
                status: status,
                fields: response.fields,
                framing: length.map { .length($0) } ?? (minorVersion == 0 ? .untilClose : .chunked),
                closes: !keepsAlive,
                tellsKeepAlive: keepsAlive && minorVersion == 0
            )
            run(ScriptedAnswer(head: head, declaredLength: length, sendsBody: !isHead), steps)
        }
    }

    func answered() {
        guard phase == .answering else { return }
        head = nil
        body = nil
        script = nil
        guard keepsAlive, !inputEnded else {
            return requestIsWhole && pending.isEmpty ? close() : linger()
        }
        phase = .idle
        deadline?.set(after: configuration.keepAliveTimeout)
        parser?.beginNext()
        if pending.isEmpty { return }
        let bytes = pending
        pending = []
        socket.resumeReading()
        bytes.withUnsafeBytes { process($0) }
    }

    /// Waits until the client has read the answer: closing with unread input would reset the connection, and the reset
    /// can overtake the answer (RFC 9112, 9.6).
    private func linger() {
        phase = .lingering
        pending = []
        deadline?.set(after: configuration.lingerTimeout)
        socket.shutDown()
        if inputEnded { return close() }
        socket.resumeReading()
    }

    func watchProgress() {
        progressSeen = socket.progress
        deadline?.set(after: configuration.writeTimeout)
    }

    // MARK: Ends

    private func deadlineReached() {
        switch phase {
        case .idle, .lingering: close()
        case .head:
            refuse(.problem(status: 408, code: "request_timeout", detail: "the head came too slowly"))
        case .handling:
            keepsAlive = false
            body?.fail(.tooSlow)
        case .answering:
            if socket.progress == progressSeen, !socket.isDrained { close(resetting: true) } else { watchProgress() }
        case .closed: break
        }
    }

    /// Draining has begun: an idle connection goes after the last call, for its next request may be on its way; a busy
    /// one after its answer.
    func drain() {
        if phase == .idle { deadline?.set(after: ServerUnit.lastCall) }
    }

    /// The loop stops, or the grace of a drain is over.
    func abort() {
        close(resetting: phase == .handling || phase == .answering)
    }

    func close(resetting: Bool = false) {
        guard phase != .closed else { return }
        phase = .closed
        deadline?.close()
        deadline = nil
        if resetting { socket.reset() } else { socket.close() }
        body?.fail(.clientGone)
        task?.cancel()
        body = nil
        task = nil
        script = nil
        pending = []
        unit.forget(self)
    }
}
