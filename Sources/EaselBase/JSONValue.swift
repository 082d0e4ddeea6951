package import Foundation

/// A JSON document as a value: for what is kept without being understood, and for open-ended columns.
///
/// Known shapes are decoded into types of their own, which is faster and says what is wrong.
package indirect enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    /// A number as decimal text is exact; money never passes through a `Double`.
    case number(Decimal)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    package static func count(_ number: Int) -> JSONValue { .number(Decimal(number)) }

    /// A share, 0 to 1 or so, with four decimals; what is no number is null.
    package static func share(_ share: Double) -> JSONValue {
        guard share.isFinite, abs(share) < 1e9 else { return .null }
        return .number(Decimal(Int64((share * 10_000).rounded())) / 10_000)
    }

    package var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    package var boolValue: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var numberValue: Decimal? { if case .number(let number) = self { number } else { nil } }
    package var arrayValue: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    package var objectValue: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    package var intValue: Int? {
        guard case .number(let number) = self else { return nil }
        let whole = NSDecimalNumber(decimal: number).int64Value
        return Decimal(whole) == number ? Int(whole) : nil
    }

    /// The kind in words, for messages: "a string", "a number".
    package var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let text = try? single.decode(String.self) {
            self = .string(text)
        } else if let container = try? decoder.container(keyedBy: AnyKey.self) {
            var members: [String: JSONValue] = [:]
            for key in container.allKeys {
                members[key.stringValue] = try container.decode(JSONValue.self, forKey: key)
            }
            self = .object(members)
        } else if var container = try? decoder.unkeyedContainer() {
            var items: [JSONValue] = []
            while !container.isAtEnd { items.append(try container.decode(JSONValue.self)) }
            self = .array(items)
        } else if let flag = try? single.decode(Bool.self) {
            self = .bool(flag)
        } else {
            self = .number(try single.decode(Decimal.self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let items): try container.encode(items)
        case .object(let members): try container.encode(members)
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int) { self = .number(Decimal(value)) }
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
    package init(nilLiteral: ()) { self = .null }
}

/// The project's way of reading and writing JSON: Foundation's coders, set up once.
package enum JSON {
    /// Compact, with slashes left alone; keys sorted when `sorted`, so that bytes can be compared.
    package static func encode(_ value: some Encodable, sorted: Bool = false, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        if sorted { encoder.outputFormatting.insert(.sortedKeys) }
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return [UInt8](try encoder.encode(value))
    }

    package static func text(_ value: some Encodable, sorted: Bool = false, pretty: Bool = false) throws -> String {
        String(decoding: try encode(value, sorted: sorted, pretty: pretty), as: UTF8.self)
    }

    /// The deepest nesting that is decoded: none of our shapes comes near it, and decoding slows down with depth.
    package static let depthLimit = 64

    /// The most values that a document of somebody else's may hold: an answer of a provider, a usage report of a quarter.
    package static let foreignValues = 100_000

    /// Reads a value out of a document that a stranger wrote, such as an answer: nested no deeper than `depthLimit` and
    /// with no more than `foreignValues` values, so that its work has an end (S4).
    package static func decodeForeign<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        guard isWithin(bytes, depth: depthLimit, values: foreignValues) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "nested too deeply or too large"))
        }
        return try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Whether arrays and objects nest deeper than the limit. Looks at brackets outside of strings only.
    package static func isTooDeep(_ bytes: [UInt8]) -> Bool {
        !isWithin(bytes, depth: depthLimit, values: .max)
    }

    private static func isWithin(_ bytes: [UInt8], depth depthLimit: Int, values: Int) -> Bool {
        var depth = 0
        var count = 1
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                count += 1
                if depth > depthLimit || count > values { return false }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            case UInt8(ascii: ","):
                count += 1
                if count > values { return false }
            default: break
            }
        }
        return true
    }

    /// Reads a value.
    ///
    /// Throws `DecodingError`, also when the document nests deeper than `depthLimit`, unless it is one of our own.
    package static func decode<Value: Decodable>(
        _ type: Value.Type,
        from bytes: [UInt8],
        isOurOwn: Bool = false
    ) throws -> Value {
        if !isOurOwn, isTooDeep(bytes) {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "nested too deeply"))
        }
        return try JSONDecoder().decode(type, from: Data(bytes))
    }
}

/// A coding key made from any text, for objects whose members are not known beforehand.
package struct AnyKey: CodingKey, Hashable {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(_ text: String) { stringValue = text }
    package init?(stringValue: String) { self.init(stringValue) }
    package init?(intValue: Int) { nil }
}
