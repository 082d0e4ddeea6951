import EaselBase
import EaselServer

/// Events as the wire has them (HTML, Server-sent events).
enum EventText {
    enum Kind: String, Sendable, CaseIterable { case call, budget, provider, alert }

    static func piece(_ kind: Kind, _ id: EventID, _ json: [UInt8]) -> StreamPiece {
        // JSON as we write it has no line breaks.
        StreamPiece(Array("id: \(id.text)\nevent: \(kind.rawValue)\ndata: ".utf8) + json + Array("\n\n".utf8))
    }

    /// What each listener gets first: when to come again after the connection is lost, in milliseconds.
    static let greeting = StreamPiece("retry: 3000\n\n")

    /// What was missed is not known: ask for everything again.
    static func reset(_ position: EventID) -> StreamPiece {
        StreamPiece("id: \(position.text)\nevent: reset\ndata: {}\n\n")
    }

    /// Says that we are there. The position moves on with it though nothing happened.
    static func beat(_ position: EventID) -> StreamPiece { StreamPiece(":\nid: \(position.text)\n\n") }
}
