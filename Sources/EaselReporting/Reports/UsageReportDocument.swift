import EaselBase
import EaselCore

/// A usage report in the shape of the outer contract: `{from, to, timezone, group_by, rows, totals, data_quality}`, members in
/// the order of their names.
///
/// Written straight into bytes: by Foundation's encoder, two thirds of the time of a report with hundreds of rows went here.
struct UsageReportDocument: JSONWritable {
    private typealias Member = (
        name: String, key: [UInt8], write: @Sendable (inout JSONText, UsageReport.Row) -> Void
    )

    private let report: UsageReport
    private let rowMembers: [Member]

    init(_ report: UsageReport) {
        self.report = report
        let group = report.query.groupBy.enumerated().map { index, dimension in
            // Null is written out: a program can tell "no project" from a missing column.
            Self.member(dimension.name) { text, row in
                if let value = row.group[index] { text.string(value) } else { text.null() }
            }
        }
        rowMembers = (group + Self.figures).sorted { $0.name < $1.name }
    }

    func write(to text: inout JSONText) {
        text.object { text in
            text.key("data_quality")
            text.object { text in
                text.member("journal_pending", report.dataQuality.journalPending)
                text.member("journal_set_aside", report.dataQuality.journalSetAside)
                text.member("rollup_lag_s", report.dataQuality.rollupLagS)
                text.member("unknown_attempts", report.dataQuality.unknownAttempts)
                text.member("unpriced_attempts", report.dataQuality.unpricedAttempts)
                text.member("unsummed_windows", report.dataQuality.unsummedWindows)
            }
            text.member("from", report.query.from.description)
            text.key("group_by")
            text.array(report.query.groupBy) { $0.string($1.name) }
            text.key("rows")
            text.array(report.rows) { text, row in write(row, to: &text) }
            text.member("timezone", report.query.timezone)
            text.member("to", report.query.to.description)
            text.key("totals")
            Self.write(UsageReport.Row(group: [], figures: report.totals), Self.figures, to: &text)
        }
    }

    /// One row: the names of its group and the figures.
    func write(_ row: UsageReport.Row, to text: inout JSONText) {
        Self.write(row, rowMembers, to: &text)
    }

    private static func write(_ row: UsageReport.Row, _ members: [Member], to text: inout JSONText) {
        text.object { text in
            for member in members {
                text.key(quoted: member.key)
                member.write(&text, row)
            }
        }
    }

    // MARK: - Figures

    private static let figures: [Member] = {
        let flat = UsageFigures.fields.map { field in
            member(field.name) { text, row in field.value(row.figures).write(to: &text) }
        }
        return (flat + [latency]).sorted { $0.name < $1.name }
    }()

    private static let latency = member("latency_ms") { text, row in
        text.object { text in
            for (key, value) in latencies {
                text.key(quoted: key)
                value(row.figures).write(to: &text)
            }
        }
    }

    private static let latencies = UsageFigures.latencies.map { (JSONText.quotedKey($0.name), $0.value) }

    private static func member(
        _ name: String,
        _ write: @escaping @Sendable (inout JSONText, UsageReport.Row) -> Void
    ) -> Member {
        (name, JSONText.quotedKey(name), write)
    }
}
