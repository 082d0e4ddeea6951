import Foundation

/// How much a document of somebody else's may hold (S4).
package struct JSONLimits: Sendable, Hashable {
    /// Arrays and objects inside each other.
    package var depth: Int
    /// Values and names of members together.
    package var values: Int

    package init(depth: Int = JSON.depthLimit, values: Int = 100_000) {
        self.depth = depth
        self.values = values
    }
}

/// Why a text is not a document that is read.
package enum JSONFault: Error, Sendable, Hashable {
    /// Not JSON (RFC 8259), from this byte on.
    case malformed(at: Int)
    /// An object names a member twice: which of them counts, every reader decides for itself.
    case repeated(String)
    case tooDeep(Int)
    case tooMany(Int)
    /// A text that takes too long to compare (`StackedMarks`).
    case stacked

    /// After "body": what is wrong, and how to mend it.
    package var sentence: String {
        switch self {
        case .malformed(let byte): "is not valid JSON, from byte \(byte) on"
        case .repeated(let name): "holds \"\(name)\" twice; keep one of them"
        case .tooDeep(let most): "nests more than \(most) levels deep"
        case .tooMany(let most): "holds more than \(most) values"
        case .stacked: StackedMarks.sentence
        }
    }
}

/// Reads JSON of somebody else's into a value: one pass over the bytes, whose work and memory grow with them and with
/// nothing else, and which ends at the first thing that is too much.
package struct JSONReader {
    /// The longest number that is read; a longer one is out of range or a mistake.
    private static let mostDigits = 128
    /// The most of a name that a fault repeats.
    private static let shownName = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private let limits: JSONLimits
    private var position = 0
    private var values = 0

    package static func value(
        of bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(JSONFault) -> JSONValue {
        let result: Result<JSONValue, JSONFault> = bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(bytes: buffer, limits: limits)
            do throws(JSONFault) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The members of an object; nil when the document is something else.
    package static func members(
        of bytes: [UInt8],
        limits: JSONLimits = JSONLimits()
    ) throws(JSONFault) -> [String: JSONValue]? {
        try value(of: bytes, limits: limits).objectValue
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    private mutating func document() throws(JSONFault) -> JSONValue {
        // A byte order mark is passed over, as by other readers.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw .malformed(at: position) }
        return value
    }

    private var malformed: JSONFault { .malformed(at: position) }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func count() throws(JSONFault) {
        values += 1
        if values > limits.values { throw .tooMany(limits.values) }
    }

    private mutating func value(depth: Int) throws(JSONFault) -> JSONValue {
        try count()
        skipBlanks()
        guard position < bytes.count else { throw malformed }
        switch bytes[position] {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONFault) -> JSONValue {
        let length = text.utf8CodeUnitCount
        guard position + length <= bytes.count, bytes[position..<position + length].elementsEqual(text.description.utf8)
        else { throw malformed }
        position += length
        return value
    }

    // MARK: - Containers

    /// Whether the container goes on; the position is behind its comma or its end.
    private mutating func goesOn(_ end: UInt8) throws(JSONFault) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == end || bytes[position] == UInt8(ascii: ",") else {
            throw malformed
        }
        position += 1
        return bytes[position - 1] != end
    }

    /// Behind an opening bracket: whether the container is empty.
    private mutating func isEmpty(_ end: UInt8) -> Bool {
        skipBlanks()
        guard position < bytes.count, bytes[position] == end else { return false }
        position += 1
        return true
    }

    private mutating func enter(_ depth: Int) throws(JSONFault) {
        if depth > limits.depth { throw .tooDeep(limits.depth) }
        position += 1
    }

    private mutating func array(depth: Int) throws(JSONFault) -> JSONValue {
        try enter(depth)
        var items: [JSONValue] = []
        if isEmpty(UInt8(ascii: "]")) { return .array(items) }
        repeat { items.append(try value(depth: depth)) } while try goesOn(UInt8(ascii: "]"))
        return .array(items)
    }

    private mutating func object(depth: Int) throws(JSONFault) -> JSONValue {
        try enter(depth)
        var members: [String: JSONValue] = [:]
        if isEmpty(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            try count()
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw malformed }
            let name = try string()
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { throw malformed }
            position += 1
            let value = try value(depth: depth)
            guard members.updateValue(value, forKey: name) == nil else {
                throw .repeated(String(name.unicodeScalars.prefix(Self.shownName)))
            }
        } while try goesOn(UInt8(ascii: "}"))
        return .object(members)
    }

    // MARK: - Scalars

    private mutating func string() throws(JSONFault) -> String {
        position += 1
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\""), bytes[position] != UInt8(ascii: "\\") {
            if bytes[position] < 0x20 { throw malformed }
            position += 1
        }
        guard position < bytes.count else { throw malformed }
        if bytes[position] == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try text(UnsafeBufferPointer(rebasing: bytes[start..<position]))
        }
        var unescaped = Array(bytes[start..<position])
        while true {
            guard position < bytes.count, bytes[position] >= 0x20 else { throw malformed }
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                return try unescaped.withUnsafeBufferPointer { (buffer) throws(JSONFault) in try text(buffer) }
            case UInt8(ascii: "\\"): try unescape(into: &unescaped)
            default:
                unescaped.append(bytes[position])
                position += 1
            }
        }
    }

    private func text(_ part: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> String {
        if StackedMarks.find(in: part) != nil { throw .stacked }
        guard let text = String(validating: part, as: UTF8.self) else { throw malformed }
        return text
    }

    private mutating func unescape(into text: inout [UInt8]) throws(JSONFault) {
        position += 1
        guard position < bytes.count else { throw malformed }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try unit()
            if (0xD800..<0xDC00).contains(code) {
                guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u")
                else { throw malformed }
                position += 2
                let low = try unit()
                guard (0xDC00..<0xE000).contains(low) else { throw malformed }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw malformed }
            text += UTF8.encode(scalar) ?? .init()
        default: throw malformed
        }
    }

    /// Four hexadecimal digits.
    private mutating func unit() throws(JSONFault) -> UInt32 {
        guard position + 4 <= bytes.count else { throw malformed }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt32
            switch bytes[position] {
            case let byte where (0x30...0x39).contains(byte): digit = UInt32(byte) - 0x30
            case let byte where (0x41...0x46).contains(byte): digit = UInt32(byte) - 0x37
            case let byte where (0x61...0x66).contains(byte): digit = UInt32(byte) - 0x57
            default: throw malformed
            }
            code = code << 4 | digit
            position += 1
        }
        return code
    }

    /// A number; one that is out of range of every number that is asked for is no number (`Decimal.nan`), so that the fault
    /// is its field's and not the document's.
    private mutating func number() throws(JSONFault) -> Decimal {
        let start = position
        func isDigit(_ index: Int) -> Bool { index < bytes.count && (0x30...0x39).contains(bytes[index]) }
        func skipDigits(_ index: inout Int) -> Bool {
            let first = index
            while isDigit(index) { index += 1 }
            return index > first
        }
        var index = position
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        let whole = index
        guard skipDigits(&index), bytes[whole] != 0x30 || index == whole + 1 else { throw malformed }
        var isWhole = true
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            isWhole = false
            index += 1
            guard skipDigits(&index) else { throw malformed }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            isWhole = false
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            guard skipDigits(&index) else { throw malformed }
        }
        position = index
        guard index - start <= Self.mostDigits else { return .nan }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int(text) { return Decimal(number) }
        return Decimal(string: text, locale: Locale(identifier: "en_US_POSIX")) ?? .nan
    }
}
