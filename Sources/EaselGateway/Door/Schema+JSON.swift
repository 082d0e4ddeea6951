import EaselBase

extension Schema {
    /// The schema as JSON Schema. `isClosed`: objects take no members beside those that are named, as bodies do.
    func write(to text: inout JSONText, note: String = "", isClosed: Bool = false) {
        text.object { text in
            writeKind(to: &text, isClosed)
            for rule in rules { text.member(rule.name, rule.value) }
            if !note.isEmpty { text.member("description", note) }
        }
    }

    private func writeKind(to text: inout JSONText, _ isClosed: Bool) {
        switch kind {
        case .any: break
        case .text: type("string", to: &text)
        case .integer: type("integer", to: &text)
        case .number: type("number", to: &text)
        case .flag: type("boolean", to: &text)
        case .choice(let values):
            type("string", to: &text)
            text.key("enum")
            text.array(values.map { JSONValue.string($0) } + (isNullable ? [.null] : [])) { $1.write(to: &$0) }
        case .list(let item):
            type("array", to: &text)
            text.key("items")
            item.write(to: &text, isClosed: isClosed)
        case .map(let value):
            type("object", to: &text)
            text.key("additionalProperties")
            value.write(to: &text, isClosed: isClosed)
        case .object(let fields):
            type("object", to: &text)
            Self.write(fields, to: &text, isClosed)
        case .named(let name, _):
            guard isNullable else { return text.member("$ref", Self.place(of: name)) }
            text.key("anyOf")
            text.array([name, nil]) { text, name in
                text.object { text in
                    if let name { text.member("$ref", Self.place(of: name)) } else { text.member("type", "null") }
                }
            }
        case .either(let schemas):
            text.key("anyOf")
            text.array(schemas.map(Optional.some) + (isNullable ? [nil] : [])) { text, schema in
                if let schema {
                    schema.write(to: &text, isClosed: isClosed)
                } else {
                    text.object { $0.member("type", "null") }
                }
            }
        }
    }

    private func type(_ name: String, to text: inout JSONText) {
        guard isNullable else { return text.member("type", name) }
        text.key("type")
        text.array([name, "null"]) { $0.string($1) }
    }

    private static func write(_ fields: [Field], to text: inout JSONText, _ isClosed: Bool) {
        text.key("properties")
        text.object { text in
            for field in fields {
                text.key(field.name)
                field.schema.write(to: &text, note: field.note, isClosed: isClosed)
            }
        }
        let required = fields.filter { $0.presence == .always }.map(\.name)
        if !required.isEmpty {
            text.key("required")
            text.array(required) { $0.string($1) }
        }
        if isClosed { text.member("additionalProperties", false) }
    }

    static func place(of name: String) -> String { "#/components/schemas/\(name)" }

    /// The schemas with names in it, itself included, by their names.
    func collectNamed(into found: inout [String: Schema]) {
        switch kind {
        case .text, .integer, .number, .flag, .choice, .any: break
        case .list(let item), .map(let item): item.collectNamed(into: &found)
        case .object(let fields): for field in fields { field.schema.collectNamed(into: &found) }
        case .either(let schemas): for schema in schemas { schema.collectNamed(into: &found) }
        case .named(let name, let schema):
            found[name] = schema
            schema.collectNamed(into: &found)
        }
    }

    /// In a few words, for tables that people read: `whole number, 1 to 200`.
    var words: String {
        let base: String =
            switch kind {
            case .text: textWords
            case .integer: "whole number"
            case .number: "number"
            case .flag: "`true` or `false`"
            case .choice(let values): values.map { "`\($0)`" }.joined(separator: ", ")
            case .list(let item): "list of: \(item.words)"
            case .map: "object"
            case .object(let fields): "object of " + fields.map { "`\($0.name)`" }.joined(separator: ", ")
            case .named(let name, _): name
            case .either(let schemas): schemas.map(\.words).joined(separator: ", or ")
            case .any: "anything"
            }
        return base + limitWords
    }

    private func value(_ name: String) -> JSONValue? { rules.first { $0.name == name }?.value }

    private var textWords: String {
        switch value("format")?.stringValue {
        case "uuid": "id (UUID)"
        case "date-time": "time (RFC 3339)"
        case "date": "date"
        default: value("pattern") == Schema.amount.value("pattern") ? "US dollars, a decimal string" : "text"
        }
    }

    private var limitWords: String {
        func range(_ least: String, _ most: String) -> String? {
            switch (value(least)?.intValue, value(most)?.intValue) {
            case (let low?, let high?): "\(low) to \(high)"
            case (nil, let high?): "at most \(high)"
            case (let low?, nil): "\(low) or more"
            case (nil, nil): nil
            }
        }
        if let numbers = range("minimum", "maximum") { return ", \(numbers)" }
        if let length = range("minLength", "maxLength") { return ", \(length) characters" }
        if let items = range("minItems", "maxItems") { return ", \(items) of them" }
        return ""
    }
}
