import EaselBase
import EaselCore

// The usage report, whose JSON is fixed in the contract, and that of shadows, which is older than `Report` is. They name no
// columns: whoever reads them knows them from the legends of the figures. What the sender does not have is not known.

extension Report {
    /// `{from, to, timezone, group_by, rows, totals, data_quality}`, members in the order of their names.
    func writeUsage(to text: inout JSONText) {
        text.object { text in
            text.key("data_quality")
            text.object { text in
                for (name, path) in DataQuality.members.sorted(by: { $0.name < $1.name }) {
                    text.member(name, dataQuality[keyPath: path])
                }
            }
            text.member("from", from.description)
            text.key("group_by")
            text.array(columns.prefix(groupCount)) { $0.string($1.key) }
            text.key("rows")
            let row = RowObject(columns, sorted: true)
            text.array(rows) { text, cells in row.write(cells[...], to: &text) }
            text.member("timezone", timezone)
            text.member("to", to.description)
            text.key("totals")
            let figures = RowObject(columns.dropFirst(groupCount), sorted: true)
            figures.write((totals ?? []).dropFirst(groupCount), to: &text)
        }
    }

    static func readUsage(from json: [UInt8]) throws -> Report {
        let document = try JSON.decode(UsageDocument.self, from: json)
        let groups = document.group_by.map { name in
            UsageQuery.Dimension(name)?.column ?? Column(name, name, .name, "")
        }
        let figures = UsageReport.columns.map(\.column)
        return Report(
            name: Report.usage,
            from: document.from,
            to: document.to,
            timezone: document.timezone,
            columns: groups + figures,
            rows: document.rows.map { row in (groups + figures).map { $0.cell(in: row) } },
            totals: groups.map { _ in .name(nil) } + figures.map { $0.cell(in: document.totals) },
            dataQuality: DataQuality(document.data_quality)
        )
    }

    private struct UsageDocument: Decodable {
        let from: Timestamp
        let to: Timestamp
        let timezone: String
        let group_by: [String]
        let rows: [[String: JSONValue]]
        let totals: [String: JSONValue]
        let data_quality: [String: JSONValue]
    }

    /// `{from, to, policy, rows}`: a row is a pair, with the figures of `primary` and `shadow`.
    func writeShadow(to text: inout JSONText) {
        let pair = RowObject(ReportBuilder.shadowPair, sorted: false)
        let side = RowObject(ReportBuilder.shadowSide, sorted: false)
        text.object { text in
            text.member("from", from.description)
            text.member("to", to.description)
            text.member("policy", policy)
            text.key("rows")
            text.array(stride(from: 0, to: rows.count - 1, by: 2)) { text, index in
                text.object { text in
                    pair.writeMembers(rows[index].prefix(pair.count), to: &text)
                    text.key("primary")
                    side.write(rows[index].suffix(side.count), to: &text)
                    text.key("shadow")
                    side.write(rows[index + 1].suffix(side.count), to: &text)
                }
            }
        }
    }

    static func readShadow(from json: [UInt8]) throws -> Report {
        let document = try JSON.decode(ShadowDocument.self, from: json)
        var rows: [[Cell]] = []
        for row in document.rows {
            let pair = ReportBuilder.shadowPair.map { $0.cell(in: row) }
            for side in ["primary", "shadow"] {
                let figures = row[side]?.objectValue ?? [:]
                rows.append(pair + [.name(side)] + ReportBuilder.shadowSide.map { $0.cell(in: figures) })
            }
        }
        return ReportBuilder.shadow(ShadowQuery(from: document.from, to: document.to, policy: document.policy), rows)
    }

    private struct ShadowDocument: Decodable {
        let from: Timestamp
        let to: Timestamp
        let policy: String?
        let rows: [[String: JSONValue]]
    }
}

extension Report.Column {
    /// The object that holds it in these forms, and its name there: percentiles stand together.
    private static let nest = "latency_ms"

    fileprivate var path: (outer: String?, name: String) {
        guard kind == .milliseconds, key.hasPrefix(Self.nest + "_") else { return (nil, key) }
        return (Self.nest, String(key.dropFirst(Self.nest.count + 1)))
    }

    /// Its cell in a row.
    fileprivate func cell(in row: [String: JSONValue]) -> Report.Cell {
        let (outer, name) = path
        return Report.Cell(kind, outer.map { row[$0]?[name] } ?? row[name])
    }
}

/// Writes rows as objects, with names that are made ready once.
struct RowObject {
    private typealias Leaf = (key: [UInt8], index: Int)

    /// A member is a cell, or an object of cells.
    private let members: [(name: String, key: [UInt8], leaves: [Leaf])]
    /// Cells of a row.
    let count: Int

    init(_ columns: some Collection<Report.Column>, sorted: Bool) {
        var members: [(name: String, key: [UInt8], leaves: [Leaf])] = []
        for (index, column) in columns.enumerated() {
            let (outer, name) = column.path
            let leaf = (key: outer == nil ? [] : JSONText.quotedKey(name), index: index)
            if let outer, members.last?.name == outer {
                members[members.count - 1].leaves.append(leaf)
            } else {
                members.append((outer ?? name, JSONText.quotedKey(outer ?? name), [leaf]))
            }
        }
        self.members = sorted ? members.sorted { $0.name < $1.name } : members
        count = columns.count
    }

    func write(_ cells: ArraySlice<Report.Cell>, to text: inout JSONText) {
        text.object { writeMembers(cells, to: &$0) }
    }

    func writeMembers(_ cells: ArraySlice<Report.Cell>, to text: inout JSONText) {
        for member in members {
            text.key(quoted: member.key)
            if member.leaves[0].key.isEmpty {
                cells[cells.startIndex + member.leaves[0].index].write(to: &text)
            } else {
                text.object { text in
                    for leaf in member.leaves {
                        text.key(quoted: leaf.key)
                        cells[cells.startIndex + leaf.index].write(to: &text)
                    }
                }
            }
        }
    }
}
