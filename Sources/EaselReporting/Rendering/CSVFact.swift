package import EaselBase
import Foundation

/// One column of a list as data: where a row's JSON has it and what it is. It holds no text made for people, and cannot
/// be given any: `--csv` says what `--json` says.
package struct CSVFact: Sendable, Hashable {
    private enum Kind: Sendable, Hashable {
        /// As JSON has it: a text, a number, true or false.
        case value
        /// A decimal string in US dollars.
        case money
        /// An RFC 3339 time.
        case time
        /// Texts, with a semicolon between them.
        case words
        /// How many entries a list has.
        case size
        /// The number of a text that may have a unit around it: `50` of `50%`, `12.5` of `$12.50`.
        case figure
        /// The unit of such a text: `percent`, `usd`.
        case unit
    }

    package let name: String
    private let path: [String]
    private let kind: Kind
    /// Where it is found when it does not stand there.
    private var fallback: String?

    private init(_ name: String, _ path: [String], _ kind: Kind) {
        self.name = name
        self.path = path.isEmpty ? [name] : path
        self.kind = kind
    }

    /// `path`: where a row has it; at its top under the column's name unless told otherwise.
    package static func value(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .value) }
    package static func money(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .money) }
    package static func time(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .time) }
    package static func words(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .words) }
    /// A number out of a text for people, and the unit that was around it. A text without a number is handed on.
    package static func figure(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .figure) }
    package static func unit(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .unit) }
    package static func size(_ name: String, at path: String...) -> CSVFact { CSVFact(name, path, .size) }

    /// The same column, filled from another member of a row that does not have its own: what is the same unless it was
    /// changed.
    package func or(_ name: String) -> CSVFact {
        var fact = self
        fact.fallback = name
        return fact
    }

    package func cell(of row: JSONValue) -> CSVCell {
        var value: JSONValue? = row
        for name in path { value = value?[name] }
        if value == nil || value == .null, let fallback { value = row[fallback] }
        guard let value, value != .null else { return .none }
        switch kind {
        case .value: return Self.plain(value)
        case .money: return value.stringValue.flatMap { Money(usd: $0) }.map { .money($0) } ?? Self.plain(value)
        case .time: return value.stringValue.flatMap { Timestamp($0) }.map { .time($0) } ?? Self.plain(value)
        case .words:
            return .text(
                (value.arrayValue ?? []).map { $0.stringValue ?? $0.intValue.map(String.init) ?? "" }
                    .joined(separator: "; ")
            )
        case .figure:
            let text = value.stringValue ?? ""
            return Self.number(in: text).map { .decimal($0) } ?? Self.plain(value)
        case .unit:
            let text = value.stringValue ?? ""
            guard Self.number(in: text) != nil else { return .none }
            return text.hasSuffix("%") ? .text("percent") : text.contains("$") ? .text("usd") : .none
        case .size: return .integer(value.arrayValue?.count ?? value.objectValue?.count)
        }
    }

    private static func number(in text: String) -> Decimal? {
        let digits = text.filter { !"$%,+ ".contains($0) }
        guard digits.allSatisfy({ $0.isASCIIDigit || ".-".contains($0) }), digits.contains(where: \.isASCIIDigit) else {
            return nil
        }
        return Decimal(string: digits, locale: Locale(identifier: "en_US_POSIX"))
    }

    /// What a newer server says in another form is handed on as it is.
    private static func plain(_ value: JSONValue) -> CSVCell {
        switch value {
        case .null: .none
        case .bool(let flag): .flag(flag)
        case .number(let number): .decimal(number)
        case .string(let text): .text(text)
        case .array, .object: .text(String(decoding: JSONText.bytes(of: value), as: UTF8.self))
        }
    }

    /// Rows as CSV, with a line of names before them.
    package static func csv(_ facts: [CSVFact], _ rows: [JSONValue]) -> String {
        var writer = CSVWriter()
        writer.head(facts.map(\.name))
        for row in rows { writer.write(facts.map { $0.cell(of: row) }) }
        return writer.text
    }
}
