import EaselTransport

/// The life of a server's connection as a value: which phase it is in, whether its socket is read, how long a body may
/// still take, and what follows an answer. `ServerConnection` carries out what it says.
///
/// Whether the socket is read is derived from what is held for the client (`reads`), never switched by an event: whatever
/// was held up goes on by itself when the reason is gone, whichever way it went. Times are loop time in milliseconds.
///
///     idle -> head -> handling -> answering -> idle ...        kept alive
///                                           -> lingering       the request was not read to its end
///                                           -> closed
struct ConnectionFlow: Equatable {
    /// The most bytes that are held for one client, but for one read more (S4).
    struct Limits: Equatable {
        /// Of the present request's body, not taken by the handler yet.
        var unreadBody = 256 << 10
        /// Of requests that arrive before the present one is answered.
        var pending = 64 << 10
    }

    enum Phase: Equatable {
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

    /// What follows an answer that is out.
    enum Next: Equatable {
        case close
        /// Close after the client had time to read: closing with unread input would reset the connection, and the reset
        /// can overtake the answer (RFC 9112, 9.6).
        case linger
        /// Read the next request, first from what is pending.
        case read
    }

    let limits: Limits
    private(set) var phase = Phase.idle
    /// Counts the requests of this connection, so that what concerns an earlier one is known by its number.
    private(set) var request = 0
    /// The present request was read to its end.
    private(set) var isWhole = false
    /// Whether the connection is used again after the present answer.
    private(set) var keepsAlive = true
    /// The client waits for `100 Continue` before it sends the body.
    private(set) var awaitsContinue = false
    /// Bytes behind the present request.
    private(set) var pending = 0
    /// The client has closed its direction. What it has sent is still answered.
    private(set) var inputEnded = false

    private var bodyIsFull = false
    private var isBroken = false
    private var bodyDueAt: UInt64 = 0
    private var heldSince: UInt64?

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    // MARK: What it says

    /// Whether the socket is read now.
    var reads: Bool {
        if inputEnded { return false }
        switch phase {
        case .idle, .head, .lingering: return true
        // Also behind a whole request, so that a client that leaves is noticed.
        case .handling: return isBroken ? false : isWhole ? pending <= limits.pending : !bodyIsFull
        // The rest of a request that is answered already is thrown away: its client may not read before it has sent all.
        case .answering: return isWhole ? pending <= limits.pending : true
        case .closed: return false
        }
    }

    /// Whether what is read belongs to the present request, or to the next where there is none.
    var parses: Bool {
        switch phase {
        case .idle, .head: true
        case .handling: !isWhole && !isBroken
        case .answering, .lingering, .closed: false
        }
    }

    /// Whether what is read is kept for later.
    var keeps: Bool { isWhole && (phase == .handling || phase == .answering) }

    /// How long the client may still take for the body, in milliseconds; nil while nothing is awaited of it: there is no
    /// body, it has not been asked for, or we are the ones who hold it up.
    func bodyTimeLeft(now: UInt64) -> UInt64? {
        guard phase == .handling, !isWhole, !isBroken, !inputEnded, !awaitsContinue, heldSince == nil else {
            return nil
        }
        return bodyDueAt > now ? bodyDueAt - now : 0
    }

    /// The client has closed its direction and the handler still works: whether anybody is there shows when we send.
    var mayHaveLeft: Bool { inputEnded && phase == .handling }

    // MARK: What happens

    /// The first byte of a request.
    mutating func headBegan() {
        if phase == .idle { phase = .head }
    }

    /// A head is whole and may pass.
    mutating func requestBegan(hasBody: Bool, keepsAlive: Bool, awaitsContinue: Bool, bodyDueAt: UInt64) {
        phase = .handling
        request += 1
        isWhole = false
        isBroken = false
        bodyIsFull = false
        heldSince = nil
        self.keepsAlive = keepsAlive
        self.awaitsContinue = awaitsContinue && hasBody
        self.bodyDueAt = bodyDueAt
    }

    /// Bytes of the body were handed over. `isFull`: the handler has to take some before there may be more.
    mutating func bodyArrived(isFull: Bool, now: UInt64) {
        guard phase == .handling else { return }
        awaitsContinue = false  // the client did not wait
        bodyIsFull = isFull
        if isFull { heldSince = heldSince ?? now }
    }

    /// The handler wants the body. Whether the client has to be told to send it.
    mutating func bodyWanted(of request: Int) -> Bool {
        guard request == self.request, phase == .handling, awaitsContinue else { return false }
        awaitsContinue = false
        return true
    }

    /// The handler has taken what there was. The time in which it did not is not the client's.
    mutating func bodyTaken(of request: Int, now: UInt64) {
        guard request == self.request else { return }
        bodyIsFull = false
        if let heldSince { bodyDueAt += max(now, heldSince) - heldSince }
        heldSince = nil
    }

    /// The present request was read to its end.
    mutating func requestEnded() {
        isWhole = true
        bodyIsFull = false
        heldSince = nil
    }

    /// Bytes behind the present request were put aside.
    mutating func kept(_ count: Int) {
        pending += count
    }

    /// What was put aside is being read now.
    mutating func tookPending() {
        pending = 0
    }

    /// The body's framing makes no sense: nothing that follows can be trusted as a request.
    mutating func framingBroke() {
        isBroken = true
        keepsAlive = false
    }

    /// The connection ends after the present answer.
    mutating func willClose() {
        keepsAlive = false
    }

    /// The answer to a request begins: to one that never reached a handler, too.
    mutating func answerBegan(closes: Bool) {
        phase = .answering
        if closes || !isWhole || inputEnded && pending == 0 { keepsAlive = false }
    }

    /// A head was refused: where its body begins and ends is not known.
    mutating func refused() {
        keepsAlive = false
        isWhole = false
    }

    /// The answer is with the kernel.
    mutating func answered() -> Next {
        if keepsAlive {
            phase = .idle
            isWhole = false
            return .read
        }
        // Where the client has ended its direction, all that it sent is read.
        if inputEnded || isWhole && pending == 0 { return .close }
        phase = .lingering
        pending = 0
        return .linger
    }

    /// The client has closed its direction in order. Whether the connection has no purpose any more.
    mutating func inputEndedInOrder() -> Bool {
        inputEnded = true
        switch phase {
        case .handling:
            if !isWhole { keepsAlive = false }
            return false
        case .answering: return false
        case .idle, .head, .lingering, .closed: return true
        }
    }

    /// Nothing is left to read and no request is under way.
    var isFinished: Bool { inputEnded && (phase == .idle || phase == .head) }

    mutating func closed() {
        phase = .closed
        pending = 0
    }
}
