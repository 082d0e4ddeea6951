package import EaselBase
package import Foundation

/// One value of a CSV file. There is no case for what is made for the eye: a figure is a number and nothing else, and what
/// is told about it, such as where a cost comes from, has a column of its own.
package enum CSVCell: Sendable, Hashable {
    /// Not known, or not there.
    case none
    case text(String)
    case integer(Int64)
    case decimal(Decimal)
    /// US dollars, every decimal that there is.
    case money(Money)
    /// `true` or `false`.
    case flag(Bool)
    /// RFC 3339, UTC.
    case time(Timestamp)

    package static func integer(_ number: Int) -> CSVCell { .integer(Int64(number)) }
    package static func text(_ text: String?) -> CSVCell { text.map { .text($0) } ?? .none }
    package static func integer(_ number: Int?) -> CSVCell { number.map { .integer($0) } ?? .none }
    package static func money(_ amount: Money?) -> CSVCell { amount.map { .money($0) } ?? .none }

    /// A measured number, with no more decimals than mean something; none where it is no number.
    package static func rounded(_ number: Double?, places: Int) -> CSVCell {
        number.flatMap { Decimal(rounded: $0, places: places) }.map { .decimal($0) } ?? .none
    }
}

/// Comma-separated values by RFC 4180: lines end in CRLF, the last one too, and a field is quoted where its text needs it.
///
/// Texts that a spreadsheet would run as a formula get an apostrophe: names and tags come from callers, and their figures
/// are opened by finance. Numbers stay numbers, negative ones too.
package struct CSVWriter: Sendable {
    /// What was written so far.
    package private(set) var text = ""

    package init() {}

    /// Writes the first line, the names of the columns.
    package mutating func head(_ names: [String]) { write(names.map { .text($0) }) }

    /// Writes one line.
    package mutating func write(_ cells: [CSVCell]) {
        text += cells.map(Self.field).joined(separator: ",") + "\r\n"
    }

    private static func field(_ cell: CSVCell) -> String {
        switch cell {
        case .none: ""
        case .text(let text): quoted(isFormula(text) ? "'" + text : text)
        case .integer(let number): String(number)
        case .decimal(let number): "\(number)"
        case .money(let amount): amount.usd
        case .flag(let flag): flag ? "true" : "false"
        case .time(let moment): moment.description
        }
    }

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { [44, 34, 13, 10].contains($0) }) || field.first == " " || field.last == " "
        else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// Also in full width, which some spreadsheets read the same. A text that is a plain number is harmless.
    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, "=+-@\t\r\n＝＋－＠".unicodeScalars.contains(first) else {
            return false
        }
        return Money(usd: text) == nil && Int64(text) == nil
    }
}

extension Decimal {
    /// A measured number rounded to so many decimals (at most 6), half away from zero; nil where it is none, or beyond 10^12.
    init?(rounded number: Double, places: Int) {
        guard number.isFinite, abs(number) < 1e12 else { return nil }
        let scale = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6][places]
        self = Decimal(Int64(saturating: (number * scale).rounded())) / Decimal(Int64(scale))
    }
}
