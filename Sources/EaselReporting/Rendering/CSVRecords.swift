/// Splits text into records by RFC 4180; the separator is the one that the header uses. A byte order mark is passed over.
struct CSVRecords {
    struct Record {
        let line: Int
        let cells: [String]

        var isBlank: Bool { cells.allSatisfy { $0.allSatisfy(\.isWhitespace) } }
    }

    private var rest: Substring.UnicodeScalarView
    private let separator: Unicode.Scalar
    private var line = 1
    /// The line on which a quote begins that never ends.
    private(set) var unclosedQuoteLine: Int?

    init(_ text: String) {
        rest = text[...].unicodeScalars
        if rest.first == "\u{FEFF}" { rest.removeFirst() }
        let header = rest.prefix { $0 != "\n" && $0 != "\r" }
        let counts = [",", ";", "\t"].map { (separator: $0 as Unicode.Scalar, count: header.count(of: $0)) }
        separator = counts.max { $0.count < $1.count }.flatMap { $0.count > 0 ? $0.separator : nil } ?? ","
    }

    mutating func next() -> Record? {
        guard !rest.isEmpty else { return nil }
        let start = line
        var cells: [String] = []
        var cell = String.UnicodeScalarView()
        var isQuoted = false
        while let scalar = rest.popFirst() {
            if scalar == "\n" { line += 1 }
            if isQuoted {
                if scalar != "\"" {
                    cell.append(scalar)
                } else if rest.first == "\"" {
                    cell.append(scalar)
                    rest.removeFirst()
                } else {
                    isQuoted = false
                }
            } else if scalar == "\"" && cell.isEmpty {
                isQuoted = true
            } else if scalar == separator {
                cells.append(String(cell))
                cell = String.UnicodeScalarView()
            } else if scalar == "\n" {
                return Record(line: start, cells: cells + [String(cell)])
            } else if scalar != "\r" {
                cell.append(scalar)
            }
        }
        if isQuoted { unclosedQuoteLine = start }
        return Record(line: start, cells: cells + [String(cell)])
    }
}

extension Substring.UnicodeScalarView {
    fileprivate func count(of scalar: Unicode.Scalar) -> Int { reduce(0) { $0 + ($1 == scalar ? 1 : 0) } }
}
