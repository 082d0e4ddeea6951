import EaselBase
package import EaselTransport

/// A piece of a long answer. Its framing is made once, for all who get it.
package struct StreamPiece: Sendable, Hashable {
    let plain: [UInt8]
    let chunk: [UInt8]

    package init(_ bytes: [UInt8]) {
        plain = bytes
        chunk = bytes.asChunk
    }

    package init(_ text: String) { self.init(Array(text.utf8)) }
}

/// An answer that goes on behind its head, for as long as somebody has to say something or the client stays.
///
/// It is no request under way: its handler has returned, and it holds up no drain, which ends it at once.
package final class StreamedAnswer: Sendable {
    /// Bytes that may wait for a client that reads slowly; one that is behind by more is cut off (S4).
    let mostWaiting: Int
    let begun: @Sendable (StreamWriter) -> Void
    let ended: @Sendable (StreamWriter) -> Void

    /// `begun` is called on the connection's loop when the head is out, unless the client has left by then; `ended` once after
    /// it, on the same loop, whoever ends the answer.
    package init(
        mostWaiting: Int = 256 << 10,
        begun: @escaping @Sendable (StreamWriter) -> Void,
        ended: @escaping @Sendable (StreamWriter) -> Void
    ) {
        self.mostWaiting = mostWaiting
        self.begun = begun
        self.ended = ended
    }
}

/// What a long answer is written to. On the connection's loop only.
// Unchecked: the reference to the connection is only touched on its loop.
package final class StreamWriter: @unchecked Sendable {
    /// Where to write.
    package let loop: EventLoop
    private weak var connection: ServerConnection?
    let answer: StreamedAnswer
    let isChunked: Bool

    init(_ connection: ServerConnection, _ answer: StreamedAnswer, isChunked: Bool) {
        loop = connection.loop
        self.connection = connection
        self.answer = answer
        self.isChunked = isChunked
    }

    /// Sends a piece; nothing happens once the answer has ended.
    package func write(_ piece: StreamPiece) { connection?.write(piece, to: self) }

    /// Ends the answer in order: the client knows that it is whole.
    package func end() { connection?.end(self) }

    func forget() { connection = nil }
}
