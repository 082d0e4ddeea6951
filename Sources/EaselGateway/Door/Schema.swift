import EaselBase

/// The shape of a JSON value, as JSON Schema has it (draft 2020-12, which OpenAPI 3.1 uses). It describes; what reads and
/// writes the values stands beside the routes, and tests compare the two.
struct Schema: Sendable {
    indirect enum Kind: Sendable {
        case text, integer, number, flag
        case choice([String])
        case list(Schema)
        /// Names that the schema does not know with values of one shape.
        case map(Schema)
        case object([Field])
        /// One that has a name, and is written once.
        case named(String, Schema)
        case either([Schema])
        /// Anything at all.
        case any
    }

    var kind: Kind
    var isNullable = false
    /// What JSON Schema says beyond the kind, such as `maximum`.
    var rules: [(name: String, value: JSONValue)] = []

    init(_ kind: Kind) { self.kind = kind }

    var orNull: Schema { with { $0.isNullable = true } }

    func with(_ change: (inout Schema) -> Void) -> Schema {
        var copy = self
        change(&copy)
        return copy
    }

    func rule(_ name: String, _ value: JSONValue) -> Schema { with { $0.rules.append((name, value)) } }

    // MARK: - Kinds

    static let text = Schema(.text)
    static let flag = Schema(.flag)
    static let any = Schema(.any)
    static let number = Schema(.number)
    static let integer = Schema(.integer)
    /// A whole number that is not negative.
    static let count = Schema(.integer).rule("minimum", .count(0))
    static let id = Schema(.text).rule("format", .string("uuid"))
    /// RFC 3339 in UTC.
    static let moment = Schema(.text).rule("format", .string("date-time"))
    /// The same, or a day, which is its first moment in UTC.
    static let momentOrDay = Schema(.either([moment, Schema(.text).rule("format", .string("date"))]))
    /// US dollars as a plain decimal string, such as `"0.06"`; never a float.
    static let money = Schema(.text).rule("pattern", .string("^-?[0-9]+(\\.[0-9]{1,9})?$"))
    /// The same where it cannot be negative.
    static let amount = Schema(.text).rule("pattern", .string("^[0-9]+(\\.[0-9]{1,9})?$"))

    static func text(_ length: ClosedRange<Int>) -> Schema {
        Schema(.text).rule("minLength", .count(length.lowerBound)).rule("maxLength", .count(length.upperBound))
    }

    static func text(matching pattern: String) -> Schema { Schema(.text).rule("pattern", .string(pattern)) }

    static func integer(_ range: ClosedRange<Int>) -> Schema {
        Schema(.integer).rule("minimum", .count(range.lowerBound)).rule("maximum", .count(range.upperBound))
    }

    /// 0 to 1.
    static let share = Schema(.number).rule("minimum", .count(0)).rule("maximum", .count(1))

    static func choice(_ values: [String]) -> Schema { Schema(.choice(values)) }

    static func choice<Value: CaseIterable & RawRepresentable<String>>(_ type: Value.Type) -> Schema {
        Schema(.choice(type.allCases.map(\.rawValue)))
    }

    static func list(of item: Schema) -> Schema { Schema(.list(item)) }

    static func list(of item: Schema, _ count: ClosedRange<Int>) -> Schema {
        var schema = Schema(.list(item))
        if count.lowerBound > 0 { schema = schema.rule("minItems", .count(count.lowerBound)) }
        return schema.rule("maxItems", .count(count.upperBound))
    }

    static func map(of value: Schema) -> Schema { Schema(.map(value)) }
    static func object(_ fields: [Field]) -> Schema { Schema(.object(fields)) }
    static func either(_ schemas: [Schema]) -> Schema { Schema(.either(schemas)) }

    /// An object that stands in many answers; written once, under its name.
    static func named(_ name: String, _ fields: [Field]) -> Schema { Schema(.named(name, .object(fields))) }
    static func named(_ name: String, _ schema: Schema) -> Schema { Schema(.named(name, schema)) }

    /// An answer that holds one list: `{NAME: [...]}`, with `next_cursor` where there may be more.
    static func listing(_ name: String, of item: Schema, pages: Bool = false) -> Schema {
        let next = Field("next_cursor", .text, .sometimes, "Where the next page begins; absent at the end.")
        return .object([Field(name, .list(of: item))] + (pages ? [next] : []))
    }
}

/// A member of an object: of a body that a route takes, or of an answer.
struct Field: Sendable {
    enum Presence: Sendable {
        case always
        /// Left out where it says nothing.
        case sometimes
    }

    let name: String
    let schema: Schema
    let presence: Presence
    /// A sentence; empty where the name says all.
    let note: String

    init(_ name: String, _ schema: Schema, _ presence: Presence = .always, _ note: String = "") {
        self.name = name
        self.schema = schema
        self.presence = presence
        self.note = note
    }

    /// A member of a body that must be there.
    static func required(_ name: String, _ schema: Schema, _ note: String) -> Field {
        Field(name, schema, .always, note)
    }

    /// A member of a body that may be absent or null, which is the same.
    static func optional(_ name: String, _ schema: Schema, _ note: String) -> Field {
        Field(name, schema.orNull, .sometimes, note)
    }
}
