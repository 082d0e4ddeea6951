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

    package var stringValue: String? { if case .string(let text) = self { text } else { nil } }
    package var boolValue: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var numberValue: Decimal? { if case .number(let number) = self { number } else { nil } }
    package var arrayValue: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    package var objectValue: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    package var intValue: Int? {
        guard case .number(let number) = self else { return nil }
        return Int(exactly: NSDecimalNumber(decimal: number).doubleValue)
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
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Decimal.self) {
            self = .number(number)
        } else if let items = try? container.decode([JSONValue].self) {
            self = .array(items)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
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

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Collection<UInt8>) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
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
