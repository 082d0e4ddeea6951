import EaselBase

/// One figure of a report whose shape is fixed, as JSON, CSV and Markdown write it; nil is one that is not known.
enum FigureValue: JSONWritable {
    case count(Int?)
    case money(Money?)

    var csv: CSVCell {
        switch self {
        case .count(let number): .integer(number)
        case .money(let amount): .money(amount)
        }
    }

    /// Exact, for a table of text.
    var exact: String {
        switch self {
        case .count(let number): number.map(String.init) ?? ""
        case .money(let amount): amount?.usd ?? ""
        }
    }

    func write(to text: inout JSONText) {
        switch self {
        case .count(let number): if let number { text.integer(number) } else { text.null() }
        case .money(let amount): if let amount { text.string(amount.usd) } else { text.null() }
        }
    }
}
