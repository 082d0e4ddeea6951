import CCurl
import EaselBase

/// One exchange while libcurl works on it.
// Unchecked: made by the caller, then only touched on the engine's loop.
final class CurlTransfer: @unchecked Sendable {
    typealias Outcome = Result<HTTPResponse, TransportError>
    typealias Continuation = UnsafeContinuation<Outcome, Never>

    /// A response's status line and fields together, in bytes.
    static let maxHeadBytes = 256 << 10

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

    private(set) var bodySent = 0
    private var headBytes = 0
    private var responseFields = HTTPFields()
    private var responseBody: [UInt8] = []
    private var bodyBegan = false
    private var requestDoneAt: SteadyInstant?
    private var firstByteAt: SteadyInstant?

    init(_ request: HTTPRequest) {
        self.request = request
    }

    // MARK: What libcurl's callbacks report

    /// A connection stands and the request leaves now. False refuses: a kept connection may have been opened under a
    /// laxer policy than this exchange's (S3).
    func beginRequest(remoteAddress: String) -> Bool {
        if case .publicOnly = request.addressPolicy {
            guard let address = IPAddress(remoteAddress), request.addressPolicy.permits(address) else {
                refusedAddress = true
                return false
            }
        }
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

    /// One line of the head, CR LF included. False aborts.
    func readHeadLine(_ line: UnsafeRawBufferPointer) -> Bool {
        noteFirstByte()
        headBytes += line.count
        guard headBytes <= Self.maxHeadBytes else {
            verdict = (.responseTooLarge, "the head is larger than \(Self.maxHeadBytes) bytes")
            return false
        }
        if bodyBegan { return true }  // a trailer: nobody here needs one
        var end = line.count
        while end > 0, line[end - 1] == 0x0D || line[end - 1] == 0x0A { end -= 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[..<end])
        if text.isEmpty { return headIsComplete() }
        if text.starts(with: "HTTP/".utf8) {
            responseFields = HTTPFields()  // a final response after an interim one
            return true
        }
        guard let colon = text.firstIndex(of: 0x3A) else { return true }
        var first = colon + 1
        while first < end, text[first] == 0x20 || text[first] == 0x09 { first += 1 }
        while end > first, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        responseFields.add(
            String(decoding: text[..<colon], as: UTF8.self),
            String(decoding: text[first..<end], as: UTF8.self)
        )
        return true
    }

    private func headIsComplete() -> Bool {
        guard request.method != "HEAD", responseFields["Content-Encoding"] == nil,
            let length = responseFields["Content-Length"].flatMap({ Int($0) })
        else { return true }
        guard length <= request.maxResponseBytes else {
            verdict = (.responseTooLarge, "the body is larger than \(request.maxResponseBytes) bytes")
            return false
        }
        responseBody.reserveCapacity(max(0, length))
        return true
    }

    /// Decoded bytes of the body. False aborts.
    func readBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        noteFirstByte()
        bodyBegan = true
        guard bytes.count <= request.maxResponseBytes - responseBody.count else {
            verdict = (.responseTooLarge, "the body is larger than \(request.maxResponseBytes) bytes")
            return false
        }
        responseBody.append(contentsOf: bytes)
        return true
    }

    private func noteFirstByte() {
        guard firstByteAt == nil else { return }
        firstByteAt = .now
        firstByteTimer?.stop()
    }

    // MARK: The end

    /// The response of an exchange that libcurl calls complete.
    func response(_ easy: CurlEasy) -> HTTPResponse {
        if request.fields["Accept-Encoding"] == nil, request.method != "HEAD",
            responseFields["Content-Encoding"] != nil
        {
            responseFields.remove("Content-Encoding")
            responseFields.remove("Content-Length")
        }
        return HTTPResponse(
            status: easy.long(CURLINFO_RESPONSE_CODE),
            fields: responseFields,
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
