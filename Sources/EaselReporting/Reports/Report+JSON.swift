package import EaselBase
package import EaselCore
import Foundation

extension Report: JSONWritable {
    /// `{report, from, to, timezone, columns, rows, totals, data_quality, notes}`; rows and totals are objects by the keys
    /// of the columns, and the columns say what they hold. The reports of usage and of shadows have forms of their own.
    package func write(to text: inout JSONText) {
        switch name {
        case Report.usage: writeUsage(to: &text)
        case Report.shadow: writeShadow(to: &text)
        default: writePlain(to: &text)
        }
    }

    private func writePlain(to text: inout JSONText) {
        let object = rowObject
        text.object { text in
            text.member("report", name)
            text.member("from", from.description)
            text.member("to", to.description)
            text.member("timezone", timezone)
            text.key("columns")
            text.array(columns) { text, column in
                text.object { text in
                    text.member("key", column.key)
                    text.member("title", column.title)
                    text.member("kind", column.kind.rawValue)
                    text.member("importance", column.importance)
                    text.member("definition", column.definition)
                }
            }
            text.key("rows")
            text.array(rows) { text, cells in object.write(cells[...], to: &text) }
            text.key("totals")
            if let totals { object.write(totals[...], to: &text) } else { text.null() }
            text.key("data_quality")
            text.object { text in
                for (name, path) in DataQuality.members { text.member(name, dataQuality[keyPath: path]) }
            }
            text.key("notes")
            text.array(notes) { $0.string($1) }
        }
    }

    /// One row as an object, as it stands among the report's rows.
    private var rowObject: RowObject { RowObject(columns, sorted: name == Report.usage) }

    /// One JSON object a row and line.
    package func ndjson() -> String {
        let object = rowObject
        return rows.map { cells in
            var text = JSONText()
            object.write(cells[...], to: &text)
            return String(decoding: text.bytes, as: UTF8.self) + "\n"
        }
        .joined()
    }
}

extension Report.Cell: JSONWritable {
    package func write(to text: inout JSONText) {
        switch self {
        case .name(let name): if let name { text.string(name) } else { text.null() }
        case .count(let number): if let number { text.integer(number) } else { text.null() }
        case .money(let amount): if let amount { text.string(amount.usd) } else { text.null() }
        case .share(let number), .change(let number): Self.write(number, places: 6, to: &text)
        case .milliseconds(let number): Self.write(number, places: 3, to: &text)
        case .series(let numbers): text.array(numbers) { Self.write($1, places: 6, to: &$0) }
        }
    }

    /// Rounded: JSON carries no more decimals than mean something.
    private static func write(_ number: Double?, places: Int, to text: inout JSONText) {
        if let number, let whole = Int64(exactly: number), whole.magnitude < 1_000_000_000_000 {
            return text.integer(whole)
        }
        guard let number = number.flatMap({ Decimal(rounded: $0, places: places) }) else { return text.null() }
        text.decimal(number)
    }
}

// MARK: - Reading

extension Report {
    /// Reads a report back from its JSON, so that a terminal far away can draw it.
    /// - Parameter name: which report was asked for, as not all say it.
    /// - Throws: `DecodingError` when the text is not such a report.
    package init(_ name: String, json: [UInt8]) throws {
        switch name {
        case Report.usage: self = try Report.readUsage(from: json)
        case Report.shadow: self = try Report.readShadow(from: json)
        default: self = try Report.plain(from: json)
        }
    }

    private static func plain(from json: [UInt8]) throws -> Report {
        let document = try JSON.decode(Document.self, from: json)
        func cells(_ row: [String: JSONValue]) -> [Cell] { document.columns.map { Cell($0.kind, row[$0.key]) } }
        return Report(
            name: document.report,
            from: document.from,
            to: document.to,
            timezone: document.timezone,
            columns: document.columns,
            rows: document.rows.map(cells),
            totals: document.totals.map(cells),
            dataQuality: DataQuality(document.data_quality),
            notes: document.notes
        )
    }

    private struct Document: Decodable {
        let report: String
        let from: Timestamp
        let to: Timestamp
        let timezone: String
        let columns: [Column]
        let rows: [[String: JSONValue]]
        let totals: [String: JSONValue]?
        let data_quality: [String: JSONValue]
        let notes: [String]
    }
}

extension DataQuality {
    /// What an older gateway does not say is nothing.
    init(_ members: [String: JSONValue]) {
        self.init()
        for (name, path) in Self.members { self[keyPath: path] = members[name]?.intValue ?? 0 }
    }
}

extension Report.Cell {
    init(_ kind: Report.Kind, _ value: JSONValue?) {
        let number = value?.numberValue.map { NSDecimalNumber(decimal: $0).doubleValue }
        switch kind {
        case .name: self = .name(value?.stringValue)
        case .count: self = .count(number.map { Int(saturating: $0) })
        case .money: self = .money(value?.stringValue.flatMap { Money(usd: $0) })
        case .share: self = .share(number)
        case .milliseconds: self = .milliseconds(number)
        case .change: self = .change(number)
        case .series:
            let values = value?.arrayValue ?? []
            self = .series(values.compactMap { $0.numberValue.map { NSDecimalNumber(decimal: $0).doubleValue } })
        }
    }
}
