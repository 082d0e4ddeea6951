import EaselCore

/// Lays the rows of a report out as a table.
struct ReportRows {
    private let report: Report
    private let arrangement: ReportLook.Arrangement
    private let cells: ReportCells
    /// Places of the columns that a table has.
    private let shown: [Int]
    private let rows: [[Report.Cell]]
    private let totals: [Report.Cell]?

    init(_ report: Report, _ arrangement: ReportLook.Arrangement, _ cells: ReportCells) {
        self.report = report
        self.arrangement = arrangement
        self.cells = cells
        shown = report.columns.indices.filter { report.columns[$0].form != .data }
        // Nothing is grouped: the totals are the one row.
        if report.rows.isEmpty, report.groupCount == 0, let totals = report.totals, Self.counts(totals) {
            rows = [totals]
            self.totals = nil
        } else {
            rows = report.rows
            totals = report.totals
        }
    }

    var isEmpty: Bool { rows.isEmpty }

    private static func counts(_ row: [Report.Cell]) -> Bool {
        row.contains { if case .count(let number?) = $0 { number > 0 } else { false } }
    }

    func table(withBars hasBars: Bool) -> TextTable {
        let columns = shown.map { index in
            let column = report.columns[index]
            let isWhole = UsageQuery.Dimension(column.key)?.isWhole == true
            return column.kind == .name
                ? TextTable.Column.text(column.title, importance: column.importance, shortest: isWhole ? nil : 8)
                : .number(column.title, importance: column.importance)
        }
        switch arrangement {
        case .pairs: return pairs(columns)
        case .branches where report.groupCount > 1: return branches(columns)
        case .branches, .flat:
            var table = TextTable(columns)
            for row in rows { table.add(visible(hasBars ? cells.barred(row) : cells.texts(row))) }
            return closed(table)
        }
    }

    private func visible(_ texts: [String]) -> [String] { shown.map { texts[$0] } }

    private func closed(_ table: TextTable) -> TextTable {
        guard let totals else { return table }
        var table = table
        table.add(visible(cells.totals(totals)), .total)
        return table
    }

    // MARK: - Branches

    private func branches(_ columns: [TextTable.Column]) -> TextTable {
        var table = TextTable(columns)
        for branch in byFirstName() {
            guard branch.count > 1 else {
                table.add(visible(cells.texts(branch[0])))
                continue
            }
            table.add(visible(cells.subtotal(branch)))
            for (index, row) in branch.enumerated() {
                var texts = cells.texts(row)
                texts[0] = ""
                table.add(visible(texts), .sub(last: index == branch.count - 1))
            }
        }
        return closed(table)
    }

    /// Rows by the value of the first group, both in the order of the report.
    private func byFirstName() -> [[[Report.Cell]]] {
        var places: [Report.Cell: Int] = [:]
        var branches: [[[Report.Cell]]] = []
        for row in rows {
            if let place = places[row[0]] {
                branches[place].append(row)
            } else {
                places[row[0]] = branches.count
                branches.append([row])
            }
        }
        return branches
    }

    // MARK: - Pairs

    /// The first provider of each pair, and its shadow below it without what both have in common.
    private func pairs(_ columns: [TextTable.Column]) -> TextTable {
        var table = TextTable([.text("Provider", shortest: 16)] + columns)
        let providers = (report.cells(of: "primary_provider"), report.cells(of: "shadow_provider"))
        let side = report.columns.firstIndex { $0.key == "side" } ?? 0
        func name(_ cell: Report.Cell) -> String { if case .name(let name?) = cell { name } else { "" } }
        for index in rows.indices {
            let isShadow = index % 2 == 1
            var texts = cells.texts(rows[index])
            if isShadow { for common in 0..<side { texts[common] = "" } }
            let provider = name((isShadow ? providers.1 : providers.0)[index])
            table.add([provider] + visible(texts), isShadow ? .sub(last: true) : .normal)
        }
        return table
    }
}
