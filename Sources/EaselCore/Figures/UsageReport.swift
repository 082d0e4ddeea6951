/// What the log says of calls: figures by group, their totals, and how good the data is. Reports are made of it.
package struct UsageReport: Sendable, Hashable {
    package struct Row: Sendable, Hashable {
        /// One value for each dimension, in order; nil where a call has none.
        package var group: [String?]
        package var figures: UsageFigures

        package init(group: [String?], figures: UsageFigures) {
            self.group = group
            self.figures = figures
        }
    }

    package var query: UsageQuery
    package var rows: [Row]
    package var totals: UsageFigures
    package var dataQuality: DataQuality

    package init(query: UsageQuery, rows: [Row], totals: UsageFigures, dataQuality: DataQuality) {
        self.query = query
        self.rows = rows
        self.totals = totals
        self.dataQuality = dataQuality
    }
}
