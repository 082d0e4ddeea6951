import EaselBase
import EaselCore
import Foundation

@testable import EaselGateway

/// Holds values against the shapes that the table of routes tells, more strictly than a client would: a member that no
/// shape has is a fault.
enum SchemaCheck {
    /// Sentences, each with the place in the value; none for a value that fits.
    static func faults(_ value: JSONValue, _ schema: Schema, at place: String = "$") -> [String] {
        if value == .null, schema.isNullable { return [] }
        let found: [String]
        switch (schema.kind, value) {
        case (.any, _), (.flag, .bool), (.number, .number): found = []
        case (.text, .string(let text)): found = texts(text, schema, place)
        case (.integer, .number): found = value.intValue == nil ? ["\(place) is no whole number"] : []
        case (.choice(let values), .string(let text)):
            found = values.contains(text) ? [] : ["\(place) is \(text), none of \(values)"]
        case (.list(let item), .array(let items)):
            found = items.enumerated().flatMap { faults($1, item, at: "\(place)[\($0)]") }
        case (.map(let item), .object(let members)):
            found = members.flatMap { faults($1, item, at: "\(place).\($0)") }
        case (.object(let fields), .object(let members)): found = objects(members, fields, place)
        case (.named(_, let inner), _): found = faults(value, inner, at: place)
        case (.either(let schemas), _):
            let all = schemas.map { faults(value, $0, at: place) }
            found = all.contains([]) ? [] : all.first ?? []
        default: found = ["\(place) is \(value.kindName), not \(schema.words)"]
        }
        return found + limits(value, schema, place)
    }

    private static func objects(_ members: [String: JSONValue], _ fields: [Field], _ place: String) -> [String] {
        let known = Dictionary(fields.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let missing = fields.filter { $0.presence == .always && members[$0.name] == nil }
        return missing.map { "\(place).\($0.name) is missing" }
            + members.sorted { $0.key < $1.key }.flatMap { name, value in
                known[name].map { faults(value, $0.schema, at: "\(place).\(name)") } ?? [
                    "\(place).\(name) is told nowhere"
                ]
            }
    }

    private static func texts(_ text: String, _ schema: Schema, _ place: String) -> [String] {
        let rules = Dictionary(schema.rules.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        if let pattern = rules["pattern"]?.stringValue,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            return ["\(place) is \(text), not like \(pattern)"]
        }
        switch rules["format"]?.stringValue {
        case "uuid": return UUID(uuidString: text)?.text == text ? [] : ["\(place) is no id"]
        case "date-time": return Timestamp(text) != nil && text.hasSuffix("Z") ? [] : ["\(place) is no time"]
        case "date": return CivilDay(text) == nil ? ["\(place) is no day"] : []
        default: return []
        }
    }

    private static func limits(_ value: JSONValue, _ schema: Schema, _ place: String) -> [String] {
        schema.rules.compactMap { rule in
            guard let bound = rule.value.numberValue else { return nil }
            let amount: Decimal?
            switch (rule.name, value) {
            case ("minimum", .number(let number)), ("maximum", .number(let number)): amount = number
            case ("minLength", .string(let text)), ("maxLength", .string(let text)):
                amount = Decimal(text.unicodeScalars.count)
            case ("minItems", .array(let items)), ("maxItems", .array(let items)): amount = Decimal(items.count)
            case ("maxProperties", .object(let members)): amount = Decimal(members.count)
            default: amount = nil
            }
            guard let amount else { return nil }
            let fits = rule.name.hasPrefix("min") ? amount >= bound : amount <= bound
            return fits ? nil : "\(place) is beyond \(rule.name) \(bound)"
        }
    }
}
