package import EaselBase

/// A report as values: what stands in its columns and what that means, its rows, its totals. Drawn, written as CSV and
/// Markdown and read back without knowing which report it is; two have a form of JSON of their own.
package struct Report: Sendable, Hashable {
    /// What a column holds, which decides how it is written.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
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

    package struct Column: Sendable, Hashable, Decodable {
        /// How it stands in a table for people.
        package enum Form: Sendable, Hashable {
            case plain
            /// Its title says that these are seconds; they have one decimal.
            case seconds
            /// It has no place in a table; JSON, CSV and Markdown have it.
            case data
        }

        /// Its name in JSON and CSV.
        package let key: String
        /// Its heading.
        package let title: String
        package let kind: Kind
        /// 0 is always shown; of the others the highest gives way first where there is no room.
        package let importance: Int
        /// Known of the reports whose columns are defined here; the others come with their JSON and are plain.
        package var form = Form.plain
        /// What it counts, in a sentence.
        package let definition: String

        private enum CodingKeys: String, CodingKey { case key, title, kind, importance, definition }

        package init(
            _ key: String,
            _ title: String,
            _ kind: Kind,
            importance: Int = 0,
            form: Form = .plain,
            _ definition: String
        ) {
            self.key = key
            self.title = title
            self.kind = kind
            self.importance = importance
            self.form = form
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

        /// A count, nanodollars or milliseconds; nil is one that is not known.
        package init(_ kind: Kind, number: Int64?) {
            switch kind {
            case .money: self = .money(number.map { Money(nanodollars: $0) })
            case .milliseconds: self = .milliseconds(number.map { Double($0) })
            default: self = .count(number.map { Int($0) })
            }
        }
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
    package var dataQuality: DataQuality
    /// Sentences below it.
    package var notes: [String]
    /// The policy that it was asked for; nil: every one, or a report that is of none.
    package var policy: String?

    package init(
        name: String,
        from: Timestamp,
        to: Timestamp,
        timezone: String,
        columns: [Column],
        rows: [[Cell]],
        totals: [Cell]?,
        dataQuality: DataQuality,
        notes: [String] = []
    ) {
        self.name = name
        self.from = from
        self.to = to
        self.timezone = timezone
        self.columns = columns
        self.rows = rows
        self.totals = totals
        self.dataQuality = dataQuality
        self.notes = notes
    }
}

extension Report {
    /// The columns that name a row's group.
    package var groupCount: Int { columns.prefix { $0.kind == .name }.count }

    /// The cells of a column, down the rows; empty where there is none of that key.
    package func cells(of key: String) -> [Cell] {
        guard let index = columns.firstIndex(where: { $0.key == key }) else { return [] }
        return rows.map { $0[index] }
    }
}
