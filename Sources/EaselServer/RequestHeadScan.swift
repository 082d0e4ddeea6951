/// Looks at a request's head before the parser does, and refuses what some readers take for something else.
///
/// llhttp 8.1.0, which Debian 12 ships, ends a line at a CR without LF (CVE-2023-30589) and joins folded lines, both of
/// which let a request be seen differently by whoever stands before us.
struct RequestHeadScan {
    private enum State {
        /// Before the request line; empty lines are passed over (RFC 9112, 2.2).
        case before
        case line
        case lineStart
        case afterCR
        /// After the CR of the empty line that ends the head.
        case end
        case over
    }

    private var state = State.before
    private var outsideASCII = 0
    /// Bytes outside ASCII in a row: beyond that a text may take too long to compare (`StackedMarks`).
    static let mostOutsideASCII = 1024

    /// What is wrong, for logs; nil while nothing is. Bytes behind the head are not looked at.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> String? {
        guard state != .over else { return nil }
        for byte in bytes {
            outsideASCII = byte < 0x80 ? 0 : outsideASCII + 1
            if outsideASCII > Self.mostOutsideASCII {
                return "more than \(Self.mostOutsideASCII) bytes outside ASCII in a row"
            }
            switch state {
            case .before:
                if byte == 0x0D || byte == 0x0A { continue }
                if Self.isControl(byte) { return "a control character" }
                state = .line
            case .line:
                if byte == 0x0D {
                    state = .afterCR
                } else if Self.isControl(byte) {
                    return byte == 0x0A ? "a line that ends without CR" : "a control character"
                }
            case .afterCR:
                guard byte == 0x0A else { return "a CR within a line" }
                state = .lineStart
            case .lineStart:
                if byte == 0x0D {
                    state = .end
                } else if byte == 0x20 || byte == 0x09 {
                    return "a folded line"
                } else if Self.isControl(byte) {
                    return "a control character"
                } else {
                    state = .line
                }
            case .end:
                guard byte == 0x0A else { return "a CR within a line" }
                state = .over
                return nil
            case .over: break
            }
        }
        return nil
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != 0x09 || byte == 0x7F
    }
}
