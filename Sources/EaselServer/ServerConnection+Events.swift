import EaselBase
import EaselTransport

/// What the parser finds in the bytes.
extension ServerConnection: RequestParserDelegate {
    func parserReadHead(_ head: RequestHead) -> Bool {
        if let refusal = head.refusal() {
            self.head = head
            refuse(refusal)
            return false
        }
        if isReserve, !unit.configuration.reservedTargets.contains(head.target) {
            self.head = head
            refuse(ServerUnit.tooManyConnections)
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
        guard flow.phase == .handling, let body else { return }
        flow.bodyArrived(isFull: !body.append(bytes), now: loop.now)
    }
}

/// What the socket reports.
extension ServerConnection: TCPSocketDelegate {
    func socketRead(_ bytes: UnsafeRawBufferPointer) {
        if flow.parses {
            process(bytes)
        } else if flow.keeps {
            keepPending(bytes)
        }
        follow()
    }

    /// A client that has closed its direction may still wait for its answers: it gets them. A connection that broke takes
    /// its handler with it at once.
    func socketEnded(inOrder: Bool) {
        // Scripts are a simulator's, whose clients never end one direction alone; neither do those of long answers.
        guard inOrder, script == nil, stream == nil, !flow.inputEndedInOrder() else { return close() }
        if flow.phase == .handling { inputIsOver() }
    }

    func socketDrained() {
        guard flow.phase == .answering else { return }
        if task == nil, stream == nil { answered() } else { deadline?.clear() }
    }
}
