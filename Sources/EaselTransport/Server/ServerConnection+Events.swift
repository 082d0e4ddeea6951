import EaselBase

/// What the parser finds in the bytes.
extension ServerConnection: RequestParserDelegate {
    func parserReadHead(_ head: RequestHead) -> Bool {
        if let refusal = head.refusal() {
            self.head = head
            refuse(refusal)
            return false
        }
        guard let target = RequestTarget(head.target) else {
            refuse(.problem(status: 400, code: "invalid_request", detail: "the request target is malformed"))
            return false
        }
        begin(head, target)
        return true
    }

    func parserReadBody(_ bytes: UnsafeRawBufferPointer) {
        guard phase == .handling, let body else { return }
        if awaitsContinue { awaitsContinue = false }  // the client did not wait
        if !body.append(bytes) {
            pausedSince = pausedSince ?? loop.now
            deadline?.clear()
            socket.pauseReading()
        }
    }
}

/// What the socket reports.
extension ServerConnection: TCPSocketDelegate {
    func socketRead(_ bytes: UnsafeRawBufferPointer) {
        switch phase {
        case .idle, .head: process(bytes)
        case .handling: if requestIsWhole { keepPending(bytes) } else { process(bytes) }
        case .answering: if requestIsWhole { keepPending(bytes) }
        case .lingering, .closed: break
        }
    }

    /// A client that has left, or has closed its direction, no longer waits for an answer: its handler is cancelled at
    /// once. Only an answer that is already under way is still written to its end.
    func socketEnded(inOrder: Bool) {
        if inOrder, phase == .answering, script == nil {
            inputEnded = true
        } else {
            close()
        }
    }

    func socketDrained() {
        guard phase == .answering else { return }
        if task == nil { answered() } else { deadline?.clear() }
    }
}
