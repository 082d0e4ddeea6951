import EaselBase
import EaselTransport

/// Answers that go on behind their head.
extension ServerConnection {
    func begin(_ answer: StreamedAnswer, _ head: ResponseHead) {
        let writer = StreamWriter(self, answer, isChunked: head.framing == .chunked)
        stream = writer
        if !socket.write(head.encoded(date: loop.dateText())) { watchProgress() }
        answer.begun(writer)
        if unit.isDraining { end(writer) }
    }

    func write(_ piece: StreamPiece, to writer: StreamWriter) {
        guard stream === writer, flow.phase == .answering else { return }
        let bytes = writer.isChunked ? piece.chunk : piece.plain
        guard !bytes.isEmpty else { return }
        guard socket.waiting + bytes.count <= writer.answer.mostWaiting else {
            unit.log.debug("a slow reader of a long answer was cut off", ["waiting": String(socket.waiting)])
            return close(resetting: true)
        }
        let wasDrained = socket.isDrained
        // The time of a client that was behind already goes on.
        if !socket.write(bytes), wasDrained { watchProgress() }
    }

    func end(_ writer: StreamWriter) {
        guard stream === writer, flow.phase == .answering else { return }
        endStream()
        let isDrained = writer.isChunked ? socket.write(Array("0\r\n\r\n".utf8)) : socket.isDrained
        if isDrained { answered() } else { watchProgress() }
    }

    /// Whoever writes learns that it is over.
    func endStream() {
        guard let writer = stream else { return }
        stream = nil
        writer.forget()
        writer.answer.ended(writer)
    }
}
