import EaselCore

/// What the reports are put together with.
extension ReportBuilder {
    /// Puts a mark on the cost beside which it stands.
    static var estimated: FigureColumn<UsageFigures> { .sum(.estimated, importance: 9) }

    /// Rows of two sets of groups: those of the first in their order, then those that only the second has.
    static func joined<First, Second>(
        _ first: [([String?], First)],
        _ second: [([String?], Second)]
    ) -> [([String?], First?, Second?)] {
        let others = Dictionary(second, uniquingKeysWith: { first, _ in first })
        let known = Set(first.map(\.0))
        return first.map { ($0.0, $0.1, others[$0.0]) }
            + second.filter { !known.contains($0.0) }.map { ($0.0, nil, $0.1) }
    }

    static func make<Row>(
        _ name: String,
        _ query: UsageQuery,
        _ columns: [FigureColumn<Row>],
        _ rows: [([String?], Row)],
        totals: Row,
        _ quality: DataQuality
    ) -> Report {
        func cells(_ names: [String?], _ row: Row) -> [Report.Cell] {
            var cells: [Report.Cell] = []
            cells.reserveCapacity(names.count + columns.count)
            for name in names { cells.append(.name(name)) }
            for column in columns { cells.append(column.cell(row)) }
            return cells
        }
        return Report(
            name: name,
            from: query.from,
            to: query.to,
            timezone: query.timezone,
            columns: query.groupBy.map(\.column) + columns.map(\.column),
            rows: rows.map { cells($0.0, $0.1) },
            totals: cells(query.groupBy.map { _ in nil }, totals),
            dataQuality: quality
        )
    }

    /// The same; where nothing is grouped, the totals are the one row.
    static func grouped<Row>(
        _ name: String,
        _ query: UsageQuery,
        _ columns: [FigureColumn<Row>],
        _ rows: [([String?], Row)],
        totals: Row,
        _ quality: DataQuality
    ) -> Report {
        var report = make(name, query, columns, rows, totals: totals, quality)
        if query.groupBy.isEmpty, let totals = report.totals {
            report.rows = [totals]
            report.totals = nil
        }
        return report
    }

    static func grouped(_ name: String, _ usage: UsageReport, _ columns: [FigureColumn<UsageFigures>]) -> Report {
        grouped(
            name,
            usage.query,
            columns,
            usage.rows.map { ($0.group, $0.figures) },
            totals: usage.totals,
            usage.dataQuality
        )
    }
}
