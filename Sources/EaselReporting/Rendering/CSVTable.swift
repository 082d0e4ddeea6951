/// A CSV file that names its columns in the first line, read into rows (RFC 4180: quotes, doubled quotes, line breaks
/// within quotes; a byte order mark and blank lines are passed over).
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
        var records = try Self.records(text)
        guard !records.isEmpty else { throw Fault(message: "the file is empty; its first line names the columns") }
        let head = records.removeFirst()
        columns = head.cells.map { name in
            name.split(whereSeparator: \.isWhitespace).joined(separator: "_").lowercased()
        }
        guard Set(columns).count == columns.count else {
            throw Fault(message: "line \(head.line): a column is named twice")
        }
        guard records.count <= Self.mostRows else { throw Fault(message: "there are more than \(Self.mostRows) rows") }
        var rows: [Row] = []
        for record in records {
            guard record.cells.count == columns.count else {
                throw Fault(
                    message: "line \(record.line) has \(record.cells.count) fields, the first line \(columns.count)"
                )
            }
            rows.append(
                Row(line: record.line, fields: Dictionary(uniqueKeysWithValues: zip(columns, record.cells)))
            )
        }
        self.rows = rows
    }

    private static func records(_ text: String) throws(Fault) -> [(line: Int, cells: [String])] {
        var records: [(line: Int, cells: [String])] = []
        var cells: [String] = []
        var cell: [UInt8] = []
        var line = 1
        var start = 1
        var isQuoted = false
        var wasQuoted = false
        func read(_ bytes: [UInt8], trimmed: Bool) -> String {
            let text = String(decoding: bytes, as: UTF8.self)
            guard trimmed else { return text }
            return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }
        func endCell() {
            cells.append(read(cell, trimmed: !wasQuoted))
            cell = []
            wasQuoted = false
        }
        func endRecord() {
            endCell()
            if cells != [""] { records.append((start, cells)) }
            cells = []
        }
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte == UInt8(ascii: "\""), index < bytes.endIndex, bytes[index] == byte {
                    cell.append(byte)
                    index += 1
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                } else {
                    if byte == 10 { line += 1 }
                    cell.append(byte)
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\"") where cell.allSatisfy({ $0 == 32 }) && !wasQuoted:
                cell = []
                isQuoted = true
                wasQuoted = true
            case UInt8(ascii: ","): endCell()
            case 13: break
            case 10:
                endRecord()
                line += 1
                start = line
            default: cell.append(byte)
            }
        }
        if isQuoted { throw Fault(message: "the quotes that open in line \(start) are never closed") }
        if !cell.isEmpty || !cells.isEmpty { endRecord() }
        return records
    }
}
