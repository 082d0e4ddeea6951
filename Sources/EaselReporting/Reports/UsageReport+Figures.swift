package import EaselBase
package import EaselCore

extension UsageReport {
    /// The figures of a group as the usage report writes its totals, in an object.
    package static func write(_ figures: UsageFigures, to text: inout JSONText) {
        let row = RowObject(columns.map(\.column)[...], sorted: true)
        row.write(columns.map { $0.cell(figures) }[...], to: &text)
    }
}
