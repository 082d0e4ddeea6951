import EaselBase
package import EaselCore
import Foundation

/// Reads a provider's invoice or usage export: comma-separated values with a header that names at least a date and an
/// amount in USD.
///
/// Which columns there are is told by their names (`columns`), whatever else the file holds. Lines of one day and model
/// are added up. Every fault is named with its line.
package struct InvoiceCSV: Sendable {
    /// One thing that is wrong.
    package struct Fault: Sendable, Hashable {
        /// Counts from 1, the header included.
        package let line: Int
        package let message: String
    }

    /// Every fault of a file; never empty.
    package struct Faults: Error, Sendable, Hashable {
        package let faults: [Fault]
    }

    /// The largest file that is read.
    package static let maxBytes = 64 << 20
    /// Faults that are named one by one.
    package static let mostFaults = 50

    /// The names of columns that are understood, best first, without case, spaces and punctuation.
    package static let columns: [(column: String, names: [String])] = [
        ("date", ["date", "day", "usagedate", "created", "createdat", "starttime", "timestamp"]),
        ("model", ["model", "modelid", "endpoint", "product", "description"]),
        ("images", ["images", "quantity", "units"]),
        ("requests", ["requests", "calls", "count"]),
        ("amount", ["costusd", "amountusd", "cost", "amount", "usd", "costtotal", "spend", "total", "totalusd"]),
    ]

    /// The figures by day and model.
    package let rows: [ProviderUsageTable.Row]

    package init(_ bytes: [UInt8]) throws(Faults) {
        guard bytes.count <= Self.maxBytes else {
            throw Faults(faults: [Fault(line: 1, message: "the file is larger than \(Self.maxBytes >> 20) MiB")])
        }
        var reader = CSVRecords(String(decoding: bytes, as: UTF8.self))
        guard let header = reader.next() else {
            throw Faults(faults: [Fault(line: 1, message: "the file is empty; it needs a header")])
        }
        let places = try Self.places(header)
        var faults: [Fault] = []
        var sums: [Key: ProviderUsageTable.Row] = [:]
        while let record = reader.next() {
            if record.isBlank { continue }
            guard let row = Self.row(record, places, &faults) else { continue }
            let key = Key(day: row.day, model: row.model)
            guard var sum = sums[key] else {
                sums[key] = row
                continue
            }
            sum.cost = Money.sum([sum.cost, row.cost])
            sum.images = Self.sum(sum.images, row.images)
            sum.requests = Self.sum(sum.requests, row.requests)
            sums[key] = sum
        }
        if let line = reader.unclosedQuoteLine { faults.append(Fault(line: line, message: "a quote is not closed")) }
        guard faults.isEmpty else { throw Faults(faults: Self.named(faults)) }
        rows = sums.values.sorted { ($0.day, $0.model ?? "") < ($1.day, $1.model ?? "") }
    }

    /// The first of them, and how many more there are.
    private static func named(_ faults: [Fault]) -> [Fault] {
        let sorted = faults.sorted { $0.line < $1.line }
        guard sorted.count > mostFaults, let last = sorted.last else { return sorted }
        return sorted.prefix(mostFaults)
            + [Fault(line: last.line, message: "\(sorted.count - mostFaults) more faults up to here")]
    }

    private struct Key: Hashable {
        let day: CivilDay
        let model: String?
    }

    private static func sum(_ left: Int?, _ right: Int?) -> Int? {
        left.flatMap { left in right.map { left + $0 } }
    }

    // MARK: - Columns

    private static func places(_ header: CSVRecords.Record) throws(Faults) -> [String: Int] {
        let titles = header.cells.map { $0.lowercased().filter { $0.isLetter || $0.isNumber } }
        var places: [String: Int] = [:]
        for (column, names) in columns {
            places[column] = names.lazy.compactMap { titles.firstIndex(of: $0) }.first
        }
        let missing = columns.filter { ["date", "amount"].contains($0.column) && places[$0.column] == nil }
        guard missing.isEmpty else {
            throw Faults(
                faults: missing.map {
                    let names = $0.names.joined(separator: ", ")
                    return Fault(
                        line: header.line,
                        message: "the header names no \($0.column); name it one of \(names)"
                    )
                }
            )
        }
        return places
    }

    private static func row(
        _ record: CSVRecords.Record,
        _ places: [String: Int],
        _ faults: inout [Fault]
    ) -> ProviderUsageTable.Row? {
        func cell(_ column: String) -> String? {
            guard let place = places[column] else { return nil }
            guard record.cells.indices.contains(place) else { return "" }
            return record.cells[place].trimmingCharacters(in: .whitespaces)
        }
        func fault(_ message: String) { faults.append(Fault(line: record.line, message: message)) }
        let date = cell("date") ?? ""
        let day = day(date)
        if day == nil { fault("\"\(date.prefix(40))\" is not a date such as 2026-11-21") }
        let text = cell("amount") ?? ""
        let amount = amount(text)
        if amount == nil {
            fault("\"\(text.prefix(40))\" is not an amount in USD such as 0.06 (not negative, at most 9 decimals)")
        }
        func count(_ column: String) -> Int? {
            guard let text = cell(column), !text.isEmpty else { return nil }
            let whole = text.hasSuffix(".0") || text.hasSuffix(".00") ? text.prefix { $0 != "." } : text[...]
            if whole.allSatisfy(\.isASCIIDigit), let count = Int(whole), count <= 1_000_000_000 { return count }
            fault("\"\(text.prefix(40))\" is not a whole number of \(column)")
            return nil
        }
        let images = count("images")
        let requests = count("requests")
        let model = cell("model").flatMap { $0.isEmpty ? nil : String($0.prefix(200)) }
        guard let day, let amount else { return nil }
        return ProviderUsageTable.Row(day: day, model: model, requests: requests, images: images, cost: amount)
    }

    /// A date, or the UTC day of a time with its zone; of a time without one, its date.
    private static func day(_ text: String) -> CivilDay? {
        if let moment = Timestamp(text) { return CivilDay(of: moment) }
        let date = text.prefix(10)
        guard let next = text.dropFirst(10).first, next == " " || next == "T",
            text.dropFirst(11).allSatisfy({ $0.isASCIIDigit || $0 == ":" || $0 == "." })
        else { return nil }
        return CivilDay(date)
    }

    /// `0.06`, `$1,234.50`, `0.06 USD`.
    private static func amount(_ text: String) -> Money? {
        // No amount has more characters, whatever is written around it.
        guard text.utf8.count <= 60 else { return nil }
        var digits = text[...]
        if digits.hasPrefix("$") { digits = digits.dropFirst() }
        if digits.hasSuffix("USD") { digits = digits.dropLast(3) }
        var plain = digits.trimmingCharacters(in: .whitespaces)
        if plain.wholeMatch(of: /[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?/) != nil { plain = plain.replacing(",", with: "") }
        return Money(usd: plain).flatMap { $0 < .zero ? nil : $0 }
    }
}
