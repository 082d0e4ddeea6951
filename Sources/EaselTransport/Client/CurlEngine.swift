import CCurl
import EaselBase
import Foundation

/// libcurl's multi handle on one event loop, with its connections and the exchanges under way.
///
/// libcurl says which sockets it waits for and when it wants to be woken (`watch`, `setTimer`); the loop tells it what
/// happened (`socketIsReady`, `timerFired`). Nothing here calls libcurl from within one of its callbacks.
// Unchecked: everything but the two lets is only touched on the loop's thread.
final class CurlEngine: @unchecked Sendable {
    let loop: EventLoop
    let configuration: HTTPClientConfiguration

    private var multi: UnsafeMutableRawPointer?
    private var timer: LoopTimer?
    private var isClosed = false
    private var active: [UnsafeMutableRawPointer: CurlTransfer] = [:]
    private var watches: [curl_socket_t: CurlSocketWatch] = [:]

    static let libraryIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init(loop: EventLoop, configuration: HTTPClientConfiguration) {
        self.loop = loop
        self.configuration = configuration
    }

    // MARK: Exchanges

    /// Starts an exchange, from any thread. The continuation is resumed once in any case.
    func begin(_ transfer: CurlTransfer, _ continuation: CurlTransfer.Continuation) {
        if loop.isCurrent { return beginOnLoop(transfer, continuation) }
        let accepted = loop.trySubmit { [self] in beginOnLoop(transfer, continuation) }
        if !accepted { continuation.resume(returning: .failure(Self.stopped)) }
    }

    private static let stopped = TransportError(kind: .other, sent: false, detail: "the event loop has stopped")

    private func beginOnLoop(_ transfer: CurlTransfer, _ continuation: CurlTransfer.Continuation) {
        transfer.continuation = continuation
        if transfer.isOver {
            let detail = "cancelled before it began"
            return transfer.complete(.failure(TransportError(kind: .cancelled, sent: false, detail: detail)))
        }
        guard prepare(), let multi else { return transfer.complete(.failure(Self.stopped)) }
        guard let easy = CurlEasy() else {
            let error = TransportError(kind: .other, sent: false, detail: "no memory for an exchange")
            return transfer.complete(.failure(error))
        }
        transfer.easy = easy
        transfer.engine = self
        if transfer.request.timeouts.firstByte != nil {
            transfer.firstByteTimer = LoopTimer(loop: loop.raw) { [unowned self, unowned transfer] in
                // Both live: the timer is closed when the transfer completes, and `active` holds it until then.
                firstByteTimedOut(transfer)
            }
        }
        _ = loop.updatedNow()
        easy.configure(for: transfer, configuration)
        active[easy.raw] = transfer
        let code = curl_multi_add_handle(multi, easy.raw)
        guard code == CURLM_OK else {
            let detail = String(cString: curl_multi_strerror(code))
            return end(transfer, .failure(TransportError(kind: .other, sent: false, detail: detail)))
        }
        // At once instead of by a timer of zero milliseconds: saves a turn of the loop.
        timerFired()
    }

    /// Aborts an exchange because its task was cancelled.
    func cancel(_ transfer: CurlTransfer) {
        guard !transfer.isOver else { return }
        guard transfer.easy != nil else {
            transfer.isOver = true  // not begun yet: `beginOnLoop` will see it
            return
        }
        transfer.verdict = (.cancelled, "the task was cancelled")
        abort(transfer)
    }

    private func firstByteTimedOut(_ transfer: CurlTransfer) {
        let limit = transfer.request.timeouts.firstByte ?? .zero
        transfer.verdict = (.firstByteTimeout, "no byte of an answer within \(limit.milliseconds) ms")
        abort(transfer)
    }

    private func abort(_ transfer: CurlTransfer) {
        end(transfer, .failure(failure(of: transfer, CURLE_ABORTED_BY_CALLBACK)))
    }

    /// Takes the exchange out of libcurl and hands its outcome over.
    private func end(_ transfer: CurlTransfer, _ outcome: CurlTransfer.Outcome) {
        if let easy = transfer.easy {
            active[easy.raw] = nil
            if let multi { curl_multi_remove_handle(multi, easy.raw) }
            transfer.easy = nil
        }
        if let fields = transfer.fields {
            curl_slist_free_all(fields)
            transfer.fields = nil
        }
        transfer.complete(outcome)
    }

    private func reapFinished() {
        guard let multi else { return }
        var code = CURLE_OK
        while let raw = ccurl_multi_next_done(multi, &code) {
            guard let transfer = active[raw], let easy = transfer.easy else { continue }
            if code == CURLE_OK, transfer.isTruncated, transfer.verdict == nil {
                transfer.verdict = (.reset, "the body is shorter than its Content-Length")
            }
            if code == CURLE_OK, transfer.verdict == nil {
                end(transfer, .success(transfer.response(easy)))
            } else {
                end(transfer, .failure(failure(of: transfer, code)))
            }
        }
    }

    private func failure(of transfer: CurlTransfer, _ code: CURLcode) -> TransportError {
        let easy = transfer.easy
        var error = TransportError(
            kind: .other,
            sent: transfer.sent(easy, mayUseHTTP2: transfer.request.mayUseHTTP2(configuration)),
            timings: transfer.timings(easy),
            detail: easy?.message(for: code) ?? ""
        )
        if let verdict = transfer.verdict {
            error.kind = verdict.kind
            error.detail = verdict.detail
        } else if transfer.stream.isUnprocessed {
            error.kind = .notProcessed
            error.sent = false
            error.detail = "the server told that it has not processed the request"
        } else {
            error.kind = CurlFailure.kind(of: code, transfer, detail: error.detail)
            if error.kind == .connect, easy?.long(CURLINFO_OS_ERRNO) == Int(ECONNREFUSED) { error.kind = .refused }
            if error.kind == .addressNotAllowed { error.detail = "the host has no address that may be reached" }
        }
        return error
    }

    /// A server will not look at the streams of a connection above a number (GOAWAY). libcurl tells whichever exchange
    /// it is working on.
    func goAway(on connection: CurlTransfer.Connection, lastStream: Int) {
        for transfer in active.values where transfer.connection == connection {
            transfer.stream.goAway(lastStream: lastStream)
        }
    }

    /// Whether the other side of a connection holds it open, as far as its system has told.
    func isAlive(_ connection: CurlTransfer.Connection) -> Bool {
        watches.keys.contains { socket in
            SocketState.localPort(of: socket) == UInt16(truncatingIfNeeded: connection.localPort)
                && SocketState.isOpen(socket)
        }
    }

    // MARK: libcurl and the loop

    /// Makes the multi handle on first use; false when the loop stops or the client is gone.
    private func prepare() -> Bool {
        if multi != nil { return true }
        guard !isClosed, Self.libraryIsReady, loop.onStop(self, { [self] in close() }) else { return false }
        guard let multi = curl_multi_init() else { return false }
        self.multi = multi
        timer = LoopTimer(loop: loop.raw) { [unowned self] in timerFired() }
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = ccurl_multi_set_socket_callback(multi, CurlCallbacks.socketChange)
        _ = ccurl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, context)
        _ = ccurl_multi_set_timer_callback(multi, CurlCallbacks.timerChange)
        _ = ccurl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, context)
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAX_HOST_CONNECTIONS, max(1, configuration.maxConnectionsPerHost))
        _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, configuration.maxIdleConnections))
        return true
    }

    func watch(_ socket: curl_socket_t, for what: Int32, watch: UnsafeMutableRawPointer?) {
        if what == CURL_POLL_REMOVE {
            watches.removeValue(forKey: socket)?.close()
        } else if let known = watches[socket] {
            known.start(what)
        } else if let new = CurlSocketWatch(engine: self, socket: socket) {
            watches[socket] = new
            new.start(what)
        }
    }

    func setTimer(milliseconds: Int) {
        if milliseconds < 0 { timer?.stop() } else { timer?.start(milliseconds: UInt64(milliseconds)) }
    }

    private func timerFired() {
        drive(CURL_SOCKET_TIMEOUT, 0)
    }

    func socketIsReady(_ socket: curl_socket_t, _ flags: Int32) {
        drive(socket, flags)
    }

    private func drive(_ socket: curl_socket_t, _ flags: Int32) {
        guard let multi else { return }
        var running: Int32 = 0
        curl_multi_socket_action(multi, socket, flags, &running)
        reapFinished()
    }

    /// Ends every exchange and gives everything back.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.forgetStop(self)
        for transfer in Array(active.values) {
            transfer.verdict = (.other, "the event loop has stopped")
            abort(transfer)
        }
        if let multi {
            curl_multi_cleanup(multi)
            self.multi = nil
        }
        for watch in watches.values { watch.close() }
        watches.removeAll()
        timer?.close()
        timer = nil
    }
}
