package import Foundation

/// A value that writes itself as JSON, straight into bytes.
///
/// For what is written on every call: Foundation's encoder takes the detour through a tree of boxes, which costs more than
/// the rest of a call together. Reading stays with Foundation.
package protocol JSONWritable {
    func write(to text: inout JSONText)
}

/// JSON as it is being written: members come in the order they are given.
package struct JSONText: Sendable {
    package private(set) var bytes: [UInt8] = []
    /// Whether a comma is due before the next value.
    private var isFollowing = false

    package init() {}

    package static func bytes(of value: some JSONWritable) -> [UInt8] {
        var text = JSONText()
        text.bytes.reserveCapacity(512)
        value.write(to: &text)
        return text.bytes
    }

    // MARK: - Values

    package mutating func null() {
        separate()
        bytes += "null".utf8
    }

    package mutating func bool(_ flag: Bool) {
        separate()
        bytes += (flag ? "true" : "false").utf8
    }

    package mutating func integer(_ number: some BinaryInteger) {
        separate()
        guard let number = Int64(exactly: number) else { return bytes += String(number).utf8 }
        var rest = number.magnitude
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// A number in plain decimal notation.
    package mutating func decimal(_ number: Decimal) {
        separate()
        bytes += (number.isNaN ? "null" : number.description).utf8
    }

    package mutating func string(_ text: String) {
        separate()
        quote(text)
    }

    package mutating func object(_ members: (inout JSONText) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "{"))
        isFollowing = false
        members(&self)
        bytes.append(UInt8(ascii: "}"))
        isFollowing = true
    }

    package mutating func array<Element>(_ items: some Sequence<Element>, _ write: (inout JSONText, Element) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "["))
        isFollowing = false
        for item in items { write(&self, item) }
        bytes.append(UInt8(ascii: "]"))
        isFollowing = true
    }

    /// JSON that was written before.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes += json
    }

    // MARK: - Members of an object

    /// The name of the member whose value is written next.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        isFollowing = false
    }

    /// The same for a name that is written often: `quoted` is what `quotedKey` made of it.
    package mutating func key(quoted: [UInt8]) {
        separate()
        bytes += quoted
        isFollowing = false
    }

    package static func quotedKey(_ name: String) -> [UInt8] {
        var text = JSONText()
        text.key(name)
        return text.bytes
    }

    package mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    package mutating func member(_ name: String, _ number: Int?) {
        key(name)
        if let number { integer(number) } else { null() }
    }

    package mutating func member(_ name: String, _ flag: Bool?) {
        key(name)
        if let flag { bool(flag) } else { null() }
    }

    package mutating func member(_ name: String, _ value: some JSONWritable) {
        key(name)
        value.write(to: &self)
    }

    // MARK: - Parts

    private mutating func separate() {
        if isFollowing { bytes.append(UInt8(ascii: ",")) }
        isFollowing = true
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var copied = 0
            for index in utf8.indices {
                let byte = utf8[index]
                guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
                bytes += utf8[copied..<index]
                escape(byte)
                copied = index + 1
            }
            bytes += utf8[copied...]
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 10: bytes.append(UInt8(ascii: "n"))
        case 13: bytes.append(UInt8(ascii: "r"))
        case 9: bytes.append(UInt8(ascii: "t"))
        default: bytes += "u00\(Hex.encode(CollectionOfOne(byte)))".utf8
        }
    }
}

extension JSONValue: JSONWritable {
    /// Members in the order of their names, so that equal values give equal bytes.
    package func write(to text: inout JSONText) {
        switch self {
        case .null: text.null()
        case .bool(let flag): text.bool(flag)
        case .number(let number): text.decimal(number)
        case .string(let string): text.string(string)
        case .array(let items): text.array(items) { $1.write(to: &$0) }
        case .object(let members):
            text.object { text in
                for (name, value) in members.sorted(by: { $0.key < $1.key }) { text.member(name, value) }
            }
        }
    }
}

extension [String: String]: JSONWritable {
    package func write(to text: inout JSONText) {
        text.object { text in
            for (name, value) in sorted(by: { $0.key < $1.key }) { text.member(name, value) }
        }
    }
}

extension Array: JSONWritable where Element: JSONWritable {
    package func write(to text: inout JSONText) {
        text.array(self) { $1.write(to: &$0) }
    }
}

/// JSON that is written once and carried as bytes.
package struct JSONDocument: Sendable, Hashable, JSONWritable, ExpressibleByDictionaryLiteral {
    package let bytes: [UInt8]

    package init(_ value: some JSONWritable) {
        bytes = JSONText.bytes(of: value)
    }

    /// Bytes that are a JSON document already.
    package init(raw bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init(JSONValue.object(Dictionary(elements, uniquingKeysWith: { $1 })))
    }

    package func write(to text: inout JSONText) {
        text.raw(bytes)
    }

    /// The document as a value, for whoever looks into it.
    package var value: JSONValue? { try? JSON.decode(JSONValue.self, from: bytes, isOurOwn: true) }
}
