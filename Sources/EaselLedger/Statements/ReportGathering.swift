import EaselBase
import EaselCore

/// Adds up the rows of a report as they come, by group. More groups than `limit` are not gathered.
struct ReportGathering<Figures: GatheredFigures> {
    private let dimensions: Int
    private let limit: Int
    private let types: [PostgresType]
    private var indices: [[UInt8]: Int] = [:]
    private var groups: [(key: [UInt8], group: [String?], figures: Figures)] = []
    private(set) var hasTooMany = false
    private var fault: PostgresError?

    init(dimensions: Int, limit: Int) {
        self.dimensions = dimensions
        self.limit = limit
        types =
            Array(repeating: .text, count: dimensions)
            + Array(repeating: .int8, count: Figures.sumColumns.count)
            + Array(repeating: .bytea, count: Figures.histogramColumns.count)
    }

    /// Takes rows of one value for each dimension, the sums and the histograms; false when no more are wanted.
    mutating func add(_ result: borrowing PostgresResult) -> Bool {
        guard result.hasColumns(types) else {
            fault = PostgresError(.unexpected, message: "a report has other columns than were asked for")
            return false
        }
        result.forEachRow { row in
            let key = key(&row)
            if let index = indices[key] { return groups[index].figures.add(&row) }
            guard groups.count < limit else { return hasTooMany = true }
            indices[key] = groups.count
            var figures = Figures()
            figures.add(&row)
            groups.append((key, Self.group(key), figures))
        }
        return !hasTooMany
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

/// Figures that rows of a report add up to.
protocol GatheredFigures {
    static var sumColumns: [String] { get }
    static var histogramColumns: [String] { get }

    init()

    /// Adds the cells of these columns, in their order.
    mutating func add(_ row: inout ResultRow)
}

extension UsageFigures: GatheredFigures {
    static var sumColumns: [String] { UsageColumns.figures }
    static var histogramColumns: [String] { UsageColumns.latency }

    mutating func add(_ row: inout ResultRow) {
        // In the order of UsageColumns.figures.
        calls += row.count()
        succeeded += row.count()
        partial += row.count()
        refused += row.count()
        failed += row.count()
        images += row.count()
        failovers += row.count()
        failoverCost += Money(nanodollars: row.sum())
        cost += Money(nanodollars: row.sum())
        estimated += Money(nanodollars: row.sum())
        reconciled += Money(nanodollars: row.sum())
        hedges += row.count()
        hedgeCost += Money(nanodollars: row.sum())
        unpricedAttempts += row.count()
        unknownAttempts += row.count()
        pictures += row.count()
        withheld += row.count()
        nsfwImages += row.count()
        nsfwClear += row.count()
        copyrightChecked += row.count()
        copyrightFlagged += row.count()
        copyrightUndetermined += row.count()
        if let bytes = row.bytes() { latency.add(bytes: bytes) }
    }
}

extension AttemptFigures: GatheredFigures {
    static var sumColumns: [String] { UsageColumns.attemptFigures }
    static var histogramColumns: [String] { UsageColumns.phaseHistograms }

    mutating func add(_ row: inout ResultRow) {
        // In the order of UsageColumns.attemptFigures and UsageColumns.phases.
        attempts += row.count()
        sent += row.count()
        succeeded += row.count()
        partial += row.count()
        refused += row.count()
        failed += row.count()
        unknown += row.count()
        images += row.count()
        cost += Money(nanodollars: row.sum())
        wasted += Money(nanodollars: row.sum())
        if let bytes = row.bytes() { total.add(bytes: bytes) }
        if let bytes = row.bytes() { firstByte.add(bytes: bytes) }
        if let bytes = row.bytes() { tls.add(bytes: bytes) }
        if let bytes = row.bytes() { connect.add(bytes: bytes) }
        if let bytes = row.bytes() { dns.add(bytes: bytes) }
    }
}
