import EaselBase

/// Reads the head of a response line by line, as libcurl hands it over, and refuses what no honest server sends.
///
/// libcurl lets much pass that other readers of the same bytes understand differently; whoever answers may be anybody's
/// server, so that ours is strict where the meaning would be in doubt.
struct ResponseHeadReader {
    /// Status lines and fields together, interim responses and trailers included, in bytes.
    static let maxBytes = 256 << 10
    static let maxFields = 1000
    static let maxInterim = 32

    enum Step: Equatable {
        case goesOn
        /// The empty line: a head, interim or final, is whole.
        case complete
        /// What is wrong, for logs; never a name or a value (S2).
        case malformed(String)
        case tooLarge(String)
    }

    /// The fields of the latest head.
    var fields = HTTPFields()
    private(set) var status = 0
    /// Nil without the field.
    private(set) var contentLength: Int?
    private var byteCount = 0
    private var fieldCount = 0
    private var headCount = 0
    /// Between a status line and the empty line that ends its head.
    private var isInHead = false
    private var isInBody = false

    /// What comes after this are trailers, which nobody here needs.
    mutating func bodyBegan() {
        isInBody = true
    }

    /// One line, its end included.
    mutating func read(_ line: UnsafeRawBufferPointer) -> Step {
        byteCount += line.count
        guard byteCount <= Self.maxBytes else { return .tooLarge("the head is larger than \(Self.maxBytes) bytes") }
        var end = line.count
        if end > 0, line[end - 1] == 0x0A { end -= 1 }
        if end > 0, line[end - 1] == 0x0D { end -= 1 }
        let text = UnsafeRawBufferPointer(rebasing: line[..<end])
        // Obsolete line folding (RFC 9112, 5.2): part of the value before for some, a field of its own for others.
        if text.first == 0x20 || text.first == 0x09 { return .malformed("a field is folded over several lines") }
        // NUL and a CR within a line end it for some readers.
        guard text.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            return .malformed("the head contains a control character")
        }
        // Such a text may take too long to compare.
        if StackedMarks.find(in: text) != nil { return .malformed("a character in the head has too many marks") }
        if text.starts(with: "HTTP/".utf8), !isInBody { return begin(text) }
        // libcurl takes `HtTP/1.1`, too; the name is case-sensitive (RFC 9112, 2.3).
        guard isInHead || isInBody else { return .malformed("the answer does not begin with a status line") }
        if text.isEmpty {
            if isInBody { return .goesOn }
            // After an interim response another head follows.
            isInHead = false
            isInBody = status >= 200
            return .complete
        }
        fieldCount += 1
        guard fieldCount <= Self.maxFields else { return .tooLarge("the head has more than \(Self.maxFields) fields") }
        if isInBody { return .goesOn }
        return readField(text)
    }

    /// A status line: of an interim response or of the final one.
    private mutating func begin(_ text: UnsafeRawBufferPointer) -> Step {
        headCount += 1
        guard headCount <= Self.maxInterim else { return .tooLarge("more than \(Self.maxInterim) interim responses") }
        isInHead = true
        fields = HTTPFields()
        contentLength = nil
        let digits = text.drop { $0 != 0x20 }.dropFirst().prefix(3)
        guard digits.count == 3, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return .malformed("the status line has no status")
        }
        status = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        // libcurl takes what begins with a zero, too.
        guard status >= 100 else { return .malformed("the status is none") }
        return .goesOn
    }

    private mutating func readField(_ text: UnsafeRawBufferPointer) -> Step {
        // libcurl takes no notice of such a line either.
        guard let colon = text.firstIndex(of: 0x3A) else { return .goesOn }
        var first = colon + 1
        var end = text.count
        while first < end, text[first] == 0x20 || text[first] == 0x09 { first += 1 }
        while end > first, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
        let name = String(decoding: text[..<colon], as: UTF8.self)
        // Also a blank before the colon, with which others read another name.
        guard HTTPSyntax.isToken(name) else { return .malformed("a field's name is not valid") }
        let value = String(decoding: text[first..<end], as: UTF8.self)
        if HTTPSyntax.equalIgnoringCase(name, "Content-Length") {
            guard let length = Self.length(text[first..<end]), contentLength == nil || contentLength == length else {
                return .malformed("the Content-Length is no length, or there are several")
            }
            contentLength = length
        }
        fields.add(name, value)
        return .goesOn
    }

    /// Digits alone: neither a sign nor a list.
    private static func length(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard (1...18).contains(bytes.count), bytes.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return bytes.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
}
