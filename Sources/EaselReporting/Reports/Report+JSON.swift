package import EaselBase
import EaselCore
import Foundation

extension Report: JSONWritable {
    /// `{report, from, to, timezone, columns, rows, totals, data_quality, notes}`; rows and totals are objects by the keys
    /// of the columns, and the columns say what they hold.
    package func write(to text: inout JSONText) {
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
            text.array(rows) { text, cells in write(cells, to: &text) }
            text.key("totals")
            if let totals { write(totals, to: &text) } else { text.null() }
            text.key("data_quality")
            text.object { text in
                text.member("unpriced_attempts", dataQuality.unpricedAttempts)
                text.member("unknown_attempts", dataQuality.unknownAttempts)
                text.member("journal_pending", dataQuality.journalPending)
                text.member("rollup_lag_s", dataQuality.rollupLagS)
                text.member("journal_set_aside", dataQuality.journalSetAside)
                text.member("unsummed_windows", dataQuality.unsummedWindows)
            }
            text.key("notes")
            text.array(notes) { $0.string($1) }
        }
    }

    /// One row as an object.
    func write(_ cells: [Cell], to text: inout JSONText) {
        text.object { text in
            for (column, cell) in zip(columns, cells) {
                text.key(column.key)
                cell.write(to: &text)
            }
        }
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
        guard let number = number.flatMap({ Decimal(rounded: $0, places: places) }) else { return text.null() }
        text.decimal(number)
    }
}

extension Report {
    /// Reads a report back from its JSON, so that a terminal far away can draw it.
    /// - Throws: `DecodingError` when the text is not a report.
    package init(json: [UInt8]) throws {
        let document = try JSON.decode(Document.self, from: json)
        name = document.report
        from = document.from
        to = document.to
        timezone = document.timezone
        columns = document.columns
        rows = document.rows.map { row in document.columns.map { Cell($0.kind, row[$0.key]) } }
        totals = document.totals.map { row in document.columns.map { Cell($0.kind, row[$0.key]) } }
        dataQuality = document.data_quality.quality
        notes = document.notes
    }

    private struct Document: Decodable {
        let report: String
        let from: Timestamp
        let to: Timestamp
        let timezone: String
        let columns: [Column]
        let rows: [[String: JSONValue]]
        let totals: [String: JSONValue]?
        let data_quality: Quality
        let notes: [String]
    }

    private struct Quality: Decodable {
        let unpriced_attempts: Int
        let unknown_attempts: Int
        let journal_pending: Int
        let rollup_lag_s: Int
        // Absent in what an older gateway answers.
        let journal_set_aside: Int?
        let unsummed_windows: Int?

        var quality: UsageReport.DataQuality {
            var quality = UsageReport.DataQuality()
            quality.unpricedAttempts = unpriced_attempts
            quality.unknownAttempts = unknown_attempts
            quality.journalPending = journal_pending
            quality.rollupLagS = rollup_lag_s
            quality.journalSetAside = journal_set_aside ?? 0
            quality.unsummedWindows = unsummed_windows ?? 0
            return quality
        }
    }
}

extension Report.Cell {
    fileprivate init(_ kind: Report.Kind, _ value: JSONValue?) {
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
