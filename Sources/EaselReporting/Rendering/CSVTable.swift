import Foundation

/// A CSV file that names its columns in the first line, read into rows; blank lines are passed over.
package struct CSVTable: Sendable {
    /// What is wrong with a file; `message` names the line.
    package struct Fault: Error, Sendable {
        package let message: String
    }

    package struct Row: Sendable {
        /// Where it begins in the file, counted from 1.
        package let line: Int
        package let fields: [String: String]
    }

    /// Names of the columns, in lower case, spaces as underscores.
    package let columns: [String]
    package let rows: [Row]

    package static let mostRows = 100_000

    package init(_ text: String) throws(Fault) {
        var reader = CSVRecords(text)
        guard let head = reader.next(), !head.isBlank else {
            throw Fault(message: "the file is empty; its first line names the columns")
        }
        let columns = head.cells.map { name in
            name.split(whereSeparator: \.isWhitespace).joined(separator: "_").lowercased()
        }
        guard Set(columns).count == columns.count else {
            throw Fault(message: "line \(head.line): a column is named twice")
        }
        var rows: [Row] = []
        while let record = reader.next() {
            if record.isBlank { continue }
            guard record.cells.count == columns.count else {
                throw Fault(
                    message: "line \(record.line) has \(record.cells.count) fields, the first line \(columns.count)"
                )
            }
            guard rows.count < Self.mostRows else { throw Fault(message: "there are more than \(Self.mostRows) rows") }
            let cells = record.cells.map { $0.trimmingCharacters(in: .whitespaces) }
            rows.append(Row(line: record.line, fields: Dictionary(uniqueKeysWithValues: zip(columns, cells))))
        }
        if let line = reader.unclosedQuoteLine {
            throw Fault(message: "the quotes that open in line \(line) are never closed")
        }
        self.columns = columns
        self.rows = rows
    }
}
