import EaselBase
import EaselCore

/// Adds up the rows of a report as they come, by group. More groups than `limit` are not gathered.
///
/// Its columns are those that `UsageStatements` asks for: the names of the groups, the sums and the histograms of the figures.
/// Rows are taken only where the database says that these are the ones, name by name.
struct ReportGathering<Figures: SummedFigures> {
    private let dimensions: Int
    private let limit: Int
    private let columns: [(name: String, type: PostgresType)]
    private var indices: [[UInt8]: Int] = [:]
    private var groups: [(key: [UInt8], group: [String?], figures: Figures)] = []
    private(set) var hasTooMany = false
    private var fault: PostgresError?

    init(dimensions: Int, limit: Int) {
        self.dimensions = dimensions
        self.limit = limit
        columns =
            (0..<dimensions).map { (name: UsageStatements.group($0), type: PostgresType.text) }
            + Figures.sumColumns.map { (name: $0, type: PostgresType.int8) }
            + Figures.histogramColumns.map { (name: $0, type: PostgresType.bytea) }
    }

    /// Takes rows of one value for each dimension, the sums and the histograms; false when no more are wanted.
    mutating func add(_ result: borrowing PostgresResult) -> Bool {
        guard result.hasColumns(columns) else {
            fault = PostgresError(.unexpected, message: "a report has other columns than requested")
            return false
        }
        result.forEachRow { row in
            let key = key(&row)
            if let index = indices[key] { return Self.add(&row, to: &groups[index].figures) }
            guard groups.count < limit else { return hasTooMany = true }
            indices[key] = groups.count
            var figures = Figures()
            Self.add(&row, to: &figures)
            groups.append((key, Self.group(key), figures))
        }
        return !hasTooMany
    }

    private static func add(_ row: inout ResultRow, to figures: inout Figures) {
        row.add(to: &figures.sums)
        for index in Figures.histograms.indices {
            if let bytes = row.bytes() { figures[histogram: index].add(bytes: bytes) }
        }
    }

    /// The groups by the bytes of their names, absent ones last.
    func rows() throws(PostgresError) -> [(group: [String?], figures: Figures)] {
        if let fault { throw fault }
        return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { ($0.group, $0.figures) }
    }

    // MARK: - Keys

    /// Stands before each name; absent ones come last.
    private enum Mark {
        static var present: UInt8 { 1 }
        static var absent: UInt8 { 2 }
    }

    /// The bytes of the names, each with its mark before it and a zero behind it, which no text of PostgreSQL has: unlike
    /// strings, they are told apart, and are in the order, that the database knows.
    private func key(_ row: inout ResultRow) -> [UInt8] {
        var key: [UInt8] = []
        for _ in 0..<dimensions {
            if let text = row.bytes() {
                key.append(Mark.present)
                key += text
            } else {
                key.append(Mark.absent)
            }
            key.append(0)
        }
        return key
    }

    private static func group(_ key: [UInt8]) -> [String?] {
        key.split(separator: 0).map { name in
            name.first == Mark.absent ? nil : String(decoding: name.dropFirst(), as: UTF8.self)
        }
    }
}
