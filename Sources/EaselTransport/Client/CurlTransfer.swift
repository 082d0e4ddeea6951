import CCurl
import EaselBase

/// One exchange while libcurl works on it.
// Unchecked: made by the caller, then only touched on the engine's loop.
final class CurlTransfer: @unchecked Sendable {
    typealias Outcome = Result<HTTPResponse, TransportError>
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// Which connection an exchange runs on: no two have the same ends.
    struct Connection: Equatable {
        let remoteAddress: String
        let remotePort: Int32
        let localPort: Int32
    }

    let request: HTTPRequest
    let startedAt = SteadyInstant.now
    var continuation: Continuation?
    var easy: CurlEasy?
    var fields: UnsafeMutablePointer<curl_slist>?
    var firstByteTimer: LoopTimer?

    /// Cancelled or ended; a transfer that has not begun by then never begins.
    var isOver = false
    /// libcurl has a connection and is about to send (the last moment at which nothing has left).
    var reachedRequest = false
    /// Why our side ended it, when it did; wins over libcurl's own code.
    var verdict: (kind: TransportError.Kind, detail: String)?
    /// An address was refused when a socket should have been opened (S3).
    var refusedAddress = false

    /// Set once a connection stands.
    private(set) var connection: Connection?
    /// What became of the HTTP/2 stream, as far as it is told.
    var stream = StreamFate()
    /// Told of what concerns every exchange on a connection.
    weak var engine: CurlEngine?

    private(set) var bodySent = 0
    private var head = ResponseHeadReader()
    private var responseBody: [UInt8] = []
    private var requestDoneAt: SteadyInstant?
    private var firstByteAt: SteadyInstant?

    init(_ request: HTTPRequest) {
        self.request = request
    }

    // MARK: What libcurl's callbacks report

    /// A connection stands and the request leaves now. False refuses: a kept connection may have been opened under a
    /// laxer policy than this exchange's (S3).
    ///
    /// libcurl begins a second time where the server said that it has not looked at the first request at all and where
    /// no byte of a body had been read for it.
    func beginRequest(on connection: Connection) -> Bool {
        if case .publicOnly = request.addressPolicy {
            guard let address = IPAddress(connection.remoteAddress), request.addressPolicy.permits(address) else {
                refusedAddress = true
                return false
            }
        }
        self.connection = connection
        stream = StreamFate()
        reachedRequest = true
        if (request.body ?? []).isEmpty { requestIsOut() }
        return true
    }

    /// Copies the next piece of the body; 0 at its end.
    func readBody(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let body = request.body else { return 0 }
        let count = min(buffer.count, body.count - bodySent)
        body.withUnsafeBytes { bytes in
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[bodySent..<bodySent + count]))
        }
        bodySent += count
        if bodySent == body.count { requestIsOut() }
        return count
    }

    private func requestIsOut() {
        guard requestDoneAt == nil || bodySent == 0 else { return }
        requestDoneAt = .now
        if firstByteAt == nil, let limit = request.timeouts.firstByte {
            firstByteTimer?.start(milliseconds: limit.timerMilliseconds)
        }
    }

    /// One of libcurl's own sentences about HTTP/2.
    func heard(_ news: StreamNews) {
        guard let connection, let engine else { return }
        if case .goAway(let lastStream) = news { engine.goAway(on: connection, lastStream: lastStream) }
        stream.hear(news) { engine.isAlive(connection) }
    }

    /// One line of the head, CR LF included. False aborts.
    func readHeadLine(_ line: UnsafeRawBufferPointer) -> Bool {
        noteFirstByte()
        switch head.read(line) {
        case .goesOn: return true
        case .complete: return headIsComplete()
        case .malformed(let what):
            verdict = (.malformedResponse, what)
            return false
        case .tooLarge(let what):
            verdict = (.responseTooLarge, what)
            return false
        }
    }

    /// Room that is made for a body on its sender's word alone; the rest grows as it comes.
    private static let maxTrustedLength = 1 << 20

    private func headIsComplete() -> Bool {
        guard request.method != "HEAD", head.fields["Content-Encoding"] == nil, let length = head.contentLength
        else { return true }
        guard length <= request.maxResponseBytes else {
            verdict = (.responseTooLarge, "the body is larger than \(request.maxResponseBytes) bytes")
            return false
        }
        responseBody.reserveCapacity(min(length, Self.maxTrustedLength))
        return true
    }

    /// Decoded bytes of the body. False aborts.
    func readBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        noteFirstByte()
        head.bodyBegan()
        guard bytes.count <= request.maxResponseBytes - responseBody.count else {
            verdict = (.responseTooLarge, "the body is larger than \(request.maxResponseBytes) bytes")
            return false
        }
        responseBody.append(contentsOf: bytes)
        return true
    }

    /// Whether the body of an exchange that libcurl calls complete is as long as was promised: its HTTP/2 (before 8.0)
    /// can take a stream that was reset for one that ended.
    var isTruncated: Bool {
        guard request.method != "HEAD", head.fields["Content-Encoding"] == nil, let length = head.contentLength,
            head.status != 204, head.status != 304
        else { return false }
        return head.fields["Transfer-Encoding"] == nil && responseBody.count < length
    }

    private func noteFirstByte() {
        stream.answerBegan()
        guard firstByteAt == nil else { return }
        firstByteAt = .now
        firstByteTimer?.stop()
    }

    // MARK: The end

    /// The response of an exchange that libcurl calls complete.
    func response(_ easy: CurlEasy) -> HTTPResponse {
        if request.fields["Accept-Encoding"] == nil, request.method != "HEAD",
            head.fields["Content-Encoding"] != nil
        {
            head.fields.remove("Content-Encoding")
            head.fields.remove("Content-Length")
        }
        return HTTPResponse(
            status: head.status,
            fields: head.fields,
            body: responseBody,
            timings: timings(easy)
        )
    }

    /// Could a byte of the request have left? Over TLS with HTTP/2 the count of written bytes says little, so that
    /// there a standing connection counts as sent.
    func sent(_ easy: CurlEasy?, mayUseHTTP2: Bool) -> Bool {
        guard reachedRequest, let easy else { return false }
        return bodySent > 0 || mayUseHTTP2 || easy.long(CURLINFO_REQUEST_SIZE) > 0
    }

    func timings(_ easy: CurlEasy?) -> HTTPTimings {
        var timings = HTTPTimings(total: SteadyInstant.now.since(startedAt))
        if let firstByteAt { timings.body = SteadyInstant.now.since(firstByteAt) }
        if let requestDoneAt, let firstByteAt { timings.firstByte = max(.zero, firstByteAt.since(requestDoneAt)) }
        guard let easy, easy.long(CURLINFO_NUM_CONNECTS) > 0 else { return timings }
        let resolved = easy.microseconds(CURLINFO_NAMELOOKUP_TIME_T)
        let connected = easy.microseconds(CURLINFO_CONNECT_TIME_T)
        let secured = easy.microseconds(CURLINFO_APPCONNECT_TIME_T)
        if resolved > 0 { timings.dns = .microseconds(resolved) }
        if connected > 0 { timings.connect = .microseconds(max(0, connected - resolved)) }
        if secured > 0 { timings.tls = .microseconds(max(0, secured - connected)) }
        return timings
    }

    /// Ends the waiting. Only the first call does anything.
    func complete(_ outcome: Outcome) {
        isOver = true
        firstByteTimer?.close()
        firstByteTimer = nil
        guard let continuation else { return }
        self.continuation = nil
        continuation.resume(returning: outcome)
    }
}
