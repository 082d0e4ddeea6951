/// The id of a trace: 16 bytes, not all zero (W3C Trace Context, 3.2.2.3).
package struct TraceID: Sendable, Hashable {
    package let high: UInt64
    package let low: UInt64

    /// Nil for the id that means none.
    package init?(high: UInt64, low: UInt64) {
        guard high != 0 || low != 0 else { return nil }
        self.high = high
        self.low = low
    }

    /// A new one: all of it is random, so that samplers may look at any part.
    package static func mint(using generator: inout some RandomNumberGenerator) -> TraceID {
        while true {
            if let id = TraceID(high: generator.next(), low: generator.next()) { return id }
        }
    }

    package static func mint() -> TraceID {
        var generator = SystemRandomNumberGenerator()
        return mint(using: &generator)
    }

    /// Most significant byte first.
    package var bytes: [UInt8] { high.bigEndianBytes + low.bigEndianBytes }

    /// 32 digits in lower case.
    package var text: String { Hex.encode(bytes) }
}

/// The id of one span within a trace: 8 bytes, not all zero.
package struct SpanID: Sendable, Hashable {
    package let number: UInt64

    /// Nil for the id that means none.
    package init?(_ number: UInt64) {
        guard number != 0 else { return nil }
        self.number = number
    }

    package static func mint(using generator: inout some RandomNumberGenerator) -> SpanID {
        while true {
            if let id = SpanID(generator.next()) { return id }
        }
    }

    package static func mint() -> SpanID {
        var generator = SystemRandomNumberGenerator()
        return mint(using: &generator)
    }

    package var bytes: [UInt8] { number.bigEndianBytes }

    /// 16 digits in lower case.
    package var text: String { Hex.encode(bytes) }
}

/// Where in which trace something happens, as programs tell each other in `traceparent` and `tracestate`
/// (W3C Trace Context, Recommendation of 23 November 2021).
package struct TraceContext: Sendable, Hashable {
    package let traceID: TraceID
    /// The span that what comes next is a part of.
    package let spanID: SpanID
    /// Whether whoever began the trace keeps it.
    package let isSampled: Bool
    /// What other systems keep in `tracestate`, as it came; empty for none.
    package let state: String

    package init(traceID: TraceID, spanID: SpanID, isSampled: Bool, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// No longer `tracestate` is passed on: systems must pass on 512 characters, and a header has to end somewhere.
    package static let longestState = 512

    /// Reads the fields of a request; nil where there is no valid `traceparent`, or more than one. A version that is not known is read as
    /// version 00 as far as that goes (3.2.4). What is wrong with `tracestate` costs only the state (3.3.1.1).
    package init?(traceparent: [String], tracestate: [String] = []) {
        guard traceparent.count == 1, let text = traceparent.first?.trimmingBlanks() else { return nil }
        let bytes = Array(text.utf8)
        guard bytes.count >= 55, bytes[2] == 0x2D, bytes[35] == 0x2D, bytes[52] == 0x2D,
            let version = Self.number(bytes[0..<2]), version != 0xFF,
            version == 0 ? bytes.count == 55 : bytes.count == 55 || bytes[55] == 0x2D,
            let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]),
            let parent = Self.number(bytes[36..<52]), let flags = Self.number(bytes[53..<55]),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(parent)
        else { return nil }
        self.init(
            traceID: traceID,
            spanID: spanID,
            isSampled: flags & 1 == 1,
            state: Self.state(tracestate)
        )
    }

    /// Digits in lower case only, as the specification wants.
    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case 0x30...0x39: number = number << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: number = number << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        return number
    }

    /// Whole members only, in their order, while there is room; nothing where one is no `key=value` of visible characters.
    private static func state(_ fields: [String]) -> String {
        var kept: [Substring] = []
        var length = 0
        for member in fields.joined(separator: ",").split(separator: ",") {
            let text = member.trimmingBlanks()
            guard !text.isEmpty else { continue }
            let isSound = text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            guard isSound, let sign = text.firstIndex(of: "="), sign > text.startIndex else { return "" }
            length += text.utf8.count + (kept.isEmpty ? 0 : 1)
            guard length <= longestState, kept.count < 32 else { break }
            kept.append(Substring(text))
        }
        return kept.joined(separator: ",")
    }

    /// What follows belongs to this span.
    package func within(_ span: SpanID, isSampled: Bool) -> TraceContext {
        TraceContext(traceID: traceID, spanID: span, isSampled: isSampled, state: state)
    }

    /// Version 00, with the flag of sampling alone.
    package var traceparent: String { "00-\(traceID.text)-\(spanID.text)-\(isSampled ? "01" : "00")" }
}

extension UInt64 {
    fileprivate var bigEndianBytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: self >> UInt64(56 - 8 * $0)) }
    }
}

extension StringProtocol {
    /// Without spaces and tabs around it.
    fileprivate func trimmingBlanks() -> String {
        var bytes = Array(utf8)[...]
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
