import EaselBase

/// Comma-separated values by RFC 4180: lines end in CRLF, and a field is quoted where its text needs it.
package struct CSVWriter: Sendable {
    /// What was written so far.
    package private(set) var text = ""
    private let guardsFormulas: Bool

    /// - Parameter guardsFormulas: puts an apostrophe before texts that a spreadsheet would run as a formula. Names and
    ///   tags come from callers, and their figures are opened by finance. Numbers stay as they are.
    package init(guardsFormulas: Bool = true) {
        self.guardsFormulas = guardsFormulas
    }

    /// Writes one line.
    package mutating func write(_ fields: [String]) {
        text += fields.map(field).joined(separator: ",") + "\r\n"
    }

    private func field(_ raw: String) -> String {
        let field = guardsFormulas && Self.isFormula(raw) ? "'" + raw : raw
        guard field.utf8.contains(where: { [44, 34, 13, 10].contains($0) }) || field.first == " " || field.last == " "
        else { return field }
        return "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) else { return false }
        return Money(usd: text) == nil && Int64(text) == nil
    }
}
