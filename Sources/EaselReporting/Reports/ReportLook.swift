import EaselCore

/// What differs between reports where people read them.
struct ReportLook {
    /// How rows stand in a table.
    enum Arrangement {
        /// One below the other.
        case flat
        /// With two groups or more, the first one heads a branch with a subtotal, and its rows hang below it.
        case branches
        /// The second row of each pair hangs below the first.
        case pairs
    }

    /// Stands in place of a table without rows.
    var nothing = "Nothing in this period."
    var arrangement = Arrangement.flat
    /// Whether the data's quality is told.
    var hasQuality = true
    /// Whether all amounts have the same decimals, not only those of a column.
    var sharesDecimals = false
    /// Whether notes are of less weight than the table.
    var isDim = false
    /// Whether Markdown has exact figures under the names of JSON, for programs.
    var isExact = false

    static func of(_ report: Report) -> ReportLook {
        switch report.name {
        case Report.usage:
            ReportLook(
                nothing: "No calls in this period.",
                arrangement: .branches,
                sharesDecimals: true,
                isExact: true
            )
        case Report.shadow:
            ReportLook(
                nothing: "No call was shadowed in this period.",
                arrangement: .pairs,
                hasQuality: false,
                sharesDecimals: true,
                isDim: true
            )
        case "budgets": ReportLook(nothing: "There are no budgets.")
        default: ReportLook()
        }
    }
}
