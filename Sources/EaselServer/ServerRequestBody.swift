import EaselBase
import EaselTransport

/// The body of a request while it arrives.
///
/// One reader at a time. The connection appends on its loop, the handler reads from wherever it runs; when too much
/// waits unread, the socket is not read until the handler has caught up.
package final class ServerRequestBody: Sendable {
    /// Why a body cannot be read to its end.
    package enum BodyError: Error, Sendable, Equatable {
        /// More than the reader's limit, declared or arrived.
        case tooLarge(limit: Int)
        /// The client sent too slowly.
        case tooSlow
        /// The client closed or reset the connection, or the reading task was cancelled.
        case clientGone
        /// The framing (chunks) is broken.
        case malformed
    }

    /// What the body asks of its connection.
    enum Demand: Sendable {
        /// The handler wants the body for the first time: answer `Expect: 100-continue`.
        case firstRead
        /// Enough was consumed: read from the socket again.
        case caughtUp
    }

    private struct State {
        var chunks: [[UInt8]] = []
        var unread = 0
        var end: End = .open
        var waiter: Waiter?
        var asked = false
        var pausedByConnection = false
        /// While `collect` runs the bytes go straight to their final place, and the reader is woken only once.
        var collected: [UInt8]?
        var collectLimit = 0

        /// Whether a reader that sleeps has a reason to look.
        var hasNews: Bool {
            if let collected { collected.count > collectLimit } else { !chunks.isEmpty }
        }

        mutating func takeWaiter() -> Waiter? {
            defer { waiter = nil }
            return waiter
        }
    }

    private enum End {
        case open
        case complete
        case failed(BodyError)
    }

    private typealias Waiter = UnsafeContinuation<Void, Never>

    /// The length that `Content-Length` promised; nil for a chunked body. 0 when there is none.
    package let declaredLength: Int?

    /// Unread bytes from which the socket is left alone until the handler has taken them.
    private let highWaterMark: Int
    private let state = Locked(State())
    private let demand: @Sendable (Demand) -> Void

    init(declaredLength: Int?, highWaterMark: Int = 256 << 10, demand: @escaping @Sendable (Demand) -> Void) {
        self.declaredLength = declaredLength
        self.highWaterMark = highWaterMark
        self.demand = demand
        if declaredLength == 0 { state.withLock { $0.end = .complete } }
    }

    /// The next bytes, or nil at the end.
    package func next() async throws(BodyError) -> [UInt8]? {
        while true {
            let (step, demands) = state.withLock { state -> (Step, [Demand]) in
                var demands = Self.firstDemand(&state)
                guard state.chunks.isEmpty else {
                    var chunk = state.chunks[0]
                    for more in state.chunks.dropFirst() { chunk += more }
                    state.chunks.removeAll()
                    state.unread = 0
                    if state.pausedByConnection {
                        state.pausedByConnection = false
                        demands.append(.caughtUp)
                    }
                    return (.chunk(chunk), demands)
                }
                switch state.end {
                case .open: return (.wait, demands)
                case .complete: return (.end, demands)
                case .failed(let error): return (.failed(error), demands)
                }
            }
            for item in demands { demand(item) }
            switch step {
            case .chunk(let bytes): return bytes
            case .end: return nil
            case .failed(let error): throw error
            case .wait: await wait()
            }
        }
    }

    /// The whole body, if it is no longer than `limit` bytes; otherwise fails as soon as that is known.
    package func collect(limit: Int) async throws(BodyError) -> [UInt8] {
        if let declaredLength, declaredLength > limit { throw .tooLarge(limit: limit) }
        let demands = state.withLock { state in
            var demands = Self.firstDemand(&state)
            var bytes: [UInt8] = []
            if let declaredLength { bytes.reserveCapacity(declaredLength) }
            for chunk in state.chunks { bytes += chunk }
            state.chunks.removeAll()
            state.unread = 0
            state.collected = bytes
            state.collectLimit = limit
            if state.pausedByConnection {
                state.pausedByConnection = false
                demands.append(.caughtUp)
            }
            return demands
        }
        for item in demands { demand(item) }
        await wait()
        let result = state.withLock { state -> Result<[UInt8], BodyError> in
            let bytes = state.collected ?? []
            state.collected = nil
            if bytes.count > limit { return .failure(.tooLarge(limit: limit)) }
            switch state.end {
            case .complete: return .success(bytes)
            case .failed(let error): return .failure(error)
            case .open: return .failure(.clientGone)
            }
        }
        return try result.get()
    }

    private enum Step {
        case chunk([UInt8])
        case end
        case wait
        case failed(BodyError)
    }

    private static func firstDemand(_ state: inout State) -> [Demand] {
        guard !state.asked else { return [] }
        state.asked = true
        return [.firstRead]
    }

    /// Sleeps until the body ends or fails, the task is cancelled, or there is something to look at.
    private func wait() async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: Waiter) in
                let resumeNow = state.withLock { state in
                    guard case .open = state.end, !state.hasNews else { return true }
                    state.waiter = continuation
                    return false
                }
                if resumeNow { continuation.resume() }
            }
        } onCancel: {
            fail(.clientGone)
        }
    }
}

// MARK: - The connection's side, called on its loop

extension ServerRequestBody {
    /// Takes bytes over from the socket. Returns false when the socket should not be read for now.
    func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (waiter, goOn) = state.withLock { state -> (Waiter?, Bool) in
            guard case .open = state.end else { return (nil, true) }
            if state.collected != nil {
                // A body over its limit is not stored any further: the reader is about to give up.
                if (state.collected?.count ?? 0) <= state.collectLimit { state.collected?.append(contentsOf: bytes) }
                return (state.hasNews ? state.takeWaiter() : nil, true)
            }
            state.chunks.append(Array(bytes))
            state.unread += bytes.count
            state.pausedByConnection = state.unread >= highWaterMark
            return (state.takeWaiter(), !state.pausedByConnection)
        }
        waiter?.resume()
        return goOn
    }

    /// The last byte has arrived.
    func finish() {
        end(.complete)
    }

    /// There will be no more bytes. Keeps the first end only.
    func fail(_ error: BodyError) {
        end(.failed(error))
    }

    private func end(_ end: End) {
        let waiter = state.withLock { state -> Waiter? in
            guard case .open = state.end else { return nil }
            state.end = end
            return state.takeWaiter()
        }
        waiter?.resume()
    }
}
