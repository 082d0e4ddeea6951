/// What became of an HTTP/2 request according to its server: whether it can be certain that nobody looked at it.
///
/// A stream that was refused (REFUSED_STREAM), and one whose number is above the last of a GOAWAY, was not processed in
/// any way (RFC 9113, 8.7): it cost nothing and may be sent again. That holds only as long as no answer has begun.
struct StreamFate: Equatable {
    private var number: Int?
    private var lastStream: Int?
    private var isRefused = false
    private var hasAnswer = false
    private var hasTrouble = false

    /// What libcurl says of the exchange itself.
    /// - Parameter connectionIsAlive: whether the server still holds the connection open.
    mutating func hear(_ news: StreamNews, connectionIsAlive: () -> Bool) {
        switch news {
        case .opened(let number):
            self.number = number
            hasTrouble = false
        case .refused: isRefused = true
        case .retries:
            // On a kept connection this is all that it says of a refused stream. It says the same where the connection
            // broke, but not without another sentence before, or with a connection that is still alive.
            if number != nil, !hasTrouble, connectionIsAlive() { isRefused = true }
        case .other: hasTrouble = true
        case .goAway, .harmless: break
        }
    }

    /// The server looks at no stream above this number. It may say so again with a lower one.
    mutating func goAway(lastStream: Int) {
        self.lastStream = min(self.lastStream ?? lastStream, lastStream)
    }

    /// Any byte of an answer came.
    mutating func answerBegan() {
        hasAnswer = true
    }

    /// Whether the server's own word is that it has not looked at the request.
    var isUnprocessed: Bool {
        if hasAnswer { return false }
        if isRefused { return true }
        guard let number, let lastStream else { return false }
        return number > lastStream
    }
}

/// The sentences of libcurl from which a stream's fate is known; no option or code of its tells it. They are those of
/// versions 7.88 to 8.18. Where another version words them differently nothing is recognised, and a refused request
/// counts as sent: dear, but never wrong (R4).
enum StreamNews: Equatable {
    case opened(Int)
    case refused
    /// It begins anew on another connection, unless the body cannot be sent again.
    case retries
    case goAway(lastStream: Int)
    /// Usual between a request and its answer.
    case harmless
    case other

    init(_ text: UnsafeRawBufferPointer) {
        func number(after prefix: StaticString) -> Int? {
            let count = prefix.utf8CodeUnitCount
            guard text.count > count, text.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: count))
            else { return nil }
            return Self.decimal(text[count...])
        }
        func begins(_ prefix: String) -> Bool { text.starts(with: prefix.utf8) }
        if let number = number(after: "Using Stream ID: ") ?? number(after: "[HTTP/2] [") {
            self = .opened(number)
        } else if begins("REFUSED_STREAM, retrying a fresh connect") {
            self = .refused
        } else if begins("Connection died, retrying a fresh connect") {
            self = .retries
        } else if begins("recveived GOAWAY, error=") || begins("received GOAWAY, error=") {
            // The error is a number too: only the second sign of equality stands before the stream's.
            let signs = text.indices.filter { text[$0] == 0x3D }
            let last = signs.count == 2 ? Self.decimal(text[(signs[1] + 1)...]) : nil
            self = last.map { .goAway(lastStream: $0) } ?? .other
        } else if Self.usual.contains(where: begins) {
            self = .harmless
        } else {
            self = .other
        }
    }

    private static let usual = [
        "We are completely uploaded", "upload completely sent off", "Connection state changed",
        "TLSv1.3 (IN), TLS handshake, Newsession Ticket", "old SSL session ID is stale",
    ]

    private static func decimal(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        let digits = bytes.prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, digits.count < 11 else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
