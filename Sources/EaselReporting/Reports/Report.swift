package import EaselBase
package import EaselCore

/// A report as values: what stands in its columns and what that means, its rows, its totals. Drawn, written as JSON or CSV
/// and read back without knowing which report it is.
package struct Report: Sendable, Hashable {
    /// What a column holds, which decides how it is written.
    package enum Kind: String, Sendable, Hashable, Codable {
        /// A name; absent is null.
        case name
        case count
        /// Dollars.
        case money
        /// A part of a whole, 0 to 1 in JSON and a percentage for people; null where there is no whole.
        case share
        /// A duration; null where nothing was measured.
        case milliseconds
        /// A relative change: 0.25 is a quarter more; null where there was nothing before.
        case change
        /// Figures of equal stretches of time, the oldest first; a sparkline for people.
        case series
    }

    package struct Column: Sendable, Hashable, Codable {
        /// Its name in JSON and CSV.
        package let key: String
        /// Its heading.
        package let title: String
        package let kind: Kind
        /// 0 is always shown; of the others the highest gives way first where there is no room.
        package let importance: Int
        /// What it counts, in a sentence.
        package let definition: String

        package init(_ key: String, _ title: String, _ kind: Kind, importance: Int = 0, _ definition: String) {
            self.key = key
            self.title = title
            self.kind = kind
            self.importance = importance
            self.definition = definition
        }
    }

    package enum Cell: Sendable, Hashable {
        case name(String?)
        case count(Int?)
        case money(Money?)
        case share(Double?)
        case milliseconds(Double?)
        case change(Double?)
        case series([Double])
    }

    /// `latency`, `safety` ...
    package var name: String
    package var from: Timestamp
    package var to: Timestamp
    package var timezone: String
    package var columns: [Column]
    /// One cell for each column.
    package var rows: [[Cell]]
    /// Nil where a total means nothing.
    package var totals: [Cell]?
    package var dataQuality: UsageReport.DataQuality
    /// Sentences below it.
    package var notes: [String]

    package init(
        name: String,
        query: UsageQuery,
        columns: [Column],
        rows: [[Cell]],
        totals: [Cell]?,
        dataQuality: UsageReport.DataQuality,
        notes: [String] = []
    ) {
        self.name = name
        from = query.from
        to = query.to
        timezone = query.timezone
        self.columns = columns
        self.rows = rows
        self.totals = totals
        self.dataQuality = dataQuality
        self.notes = notes
    }
}

extension Report {
    /// Columns for the dimensions of a query, with the cells of a row's group.
    static func columns(_ dimensions: [UsageQuery.Dimension]) -> [Column] {
        dimensions.map { Column($0.name, $0.title, .name, $0.definition) }
    }

    /// A part of a whole; nil without a whole.
    static func share(_ part: Int, of whole: Int) -> Cell { .share(whole > 0 ? Double(part) / Double(whole) : nil) }
}

extension Report.Column {
    /// Whether it holds shares of one whole, or of limits: rows are compared by their size.
    var isCompared: Bool { kind == .share && (key == "share" || key == "used") }

    // Columns of several reports; how much they matter differs.
    static func calls(importance: Int = 0) -> Self {
        Self("calls", "Calls", .count, importance: importance, "Calls that have ended.")
    }
    static func refused(importance: Int) -> Self {
        Self("refused", "Refused", .count, importance: importance, "Calls that a provider refused on content grounds.")
    }
    static func nsfw(importance: Int = 0) -> Self {
        let definition = "Pictures that the provider flagged as not safe for work."
        return Self("nsfw_images", "NSFW", .count, importance: importance, definition)
    }
    /// Next to `cost_usd`, which it puts a mark on.
    static let estimated = Self(
        "estimated_usd",
        "Estimated USD",
        .money,
        importance: 9,
        "The part of the cost that no provider confirmed."
    )
}

extension Report.Cell {
    /// A percentile of what was counted in milliseconds.
    static func time(milliseconds histogram: LatencyHistogram, _ share: Double) -> Self {
        .milliseconds(histogram.quantile(share).map(Double.init))
    }

    /// A percentile of what was counted in microseconds.
    static func time(microseconds histogram: LatencyHistogram?, _ share: Double) -> Self {
        .milliseconds(histogram?.quantile(share).map { Double($0) / 1000 })
    }
}

extension UsageQuery.Dimension {
    /// Whether its values say nothing when they are cut down: a day, an hour, an id.
    var isWhole: Bool {
        switch self {
        case .day, .hour, .key: true
        default: false
        }
    }

    /// `Team`, `Day`, `tag:campaign`.
    var title: String {
        if case .tag = self { name } else { name.prefix(1).uppercased() + name.dropFirst() }
    }

    fileprivate var definition: String {
        switch self {
        case .team: "The team whose key was used."
        case .provider: "Who delivered, or was asked last; for attempts and costs, who was asked."
        case .model: "The model that was asked for."
        case .project: "The project of the request or of its key."
        case .key: "The key that was used."
        case .day: "The day in which the call was received, in the report's time zone."
        case .hour: "The hour in which the call was received; it begins then, in UTC."
        case .error: "How the attempt failed; none for those that did not."
        case .tag(let name): "The value of the request's tag \(name)."
        }
    }
}
