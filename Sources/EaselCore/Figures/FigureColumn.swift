/// A column of a report, and what stands in it in a row: a report is a list of these over its rows.
package struct FigureColumn<Row>: Sendable {
    package let column: Report.Column
    package let cell: @Sendable (Row) -> Report.Cell

    package init(_ column: Report.Column, _ cell: @escaping @Sendable (Row) -> Report.Cell) {
        self.column = column
        self.cell = cell
    }

    /// The same column in a report whose rows have `part` beside other figures.
    package func of<Whole>(_ part: @escaping @Sendable (Whole) -> Row) -> FigureColumn<Whole> {
        let cell = cell
        return FigureColumn<Whole>(column) { cell(part($0)) }
    }

    /// The same figure under another name, or with more to say of it; of what is not given it keeps its own.
    package func named(_ key: String? = nil, _ title: String? = nil, saying definition: String? = nil) -> Self {
        let own = column
        let column = Report.Column(
            key ?? own.key,
            title ?? own.title,
            own.kind,
            importance: own.importance,
            form: own.form,
            definition ?? own.definition
        )
        return FigureColumn(column, cell)
    }
}

extension FigureColumn where Row: SummedFigures {
    /// A figure as its own report has it.
    package init(_ field: Row.Field) {
        self.init(field, field.figure.column)
    }

    /// A figure in another report, where it matters more or less.
    package static func sum(_ field: Row.Field, importance: Int = 0) -> Self {
        let own = field.figure.column
        return Self(field, Report.Column(own.key, own.title, own.kind, importance: importance, own.definition))
    }

    private init(_ field: Row.Field, _ column: Report.Column) {
        let (kind, index) = (column.kind, field.rawValue)
        self.init(column) { Report.Cell(kind, number: $0.sums[index]) }
    }
}
