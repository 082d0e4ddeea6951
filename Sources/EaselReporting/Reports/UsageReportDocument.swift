import EaselBase
import EaselCore

/// A usage report in the shape of the outer contract: `{from, to, timezone, group_by, rows, totals, data_quality}`, members in
/// the order of their names.
///
/// Written straight into bytes: by Foundation's encoder, two thirds of the time of a report with hundreds of rows went here.
struct UsageReportDocument: JSONWritable {
    private typealias Member = (name: String, write: @Sendable (inout JSONText, UsageReport.Row) -> Void)

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
                text.member("rollup_lag_s", report.dataQuality.rollupLagS)
                text.member("unknown_attempts", report.dataQuality.unknownAttempts)
                text.member("unpriced_attempts", report.dataQuality.unpricedAttempts)
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
                text.key(member.name)
                member.write(&text, row)
            }
        }
    }

    // MARK: - Figures

    private static let figures: [Member] = [
        count("calls") { $0.calls },
        count("copyright_checked") { $0.copyrightChecked },
        count("copyright_flagged") { $0.copyrightFlagged },
        count("copyright_undetermined") { $0.copyrightUndetermined },
        money("cost_usd") { $0.cost },
        money("estimated_usd") { $0.estimated },
        count("failed") { $0.failed },
        money("failover_cost_usd") { $0.failoverCost },
        count("failovers") { $0.failovers },
        money("hedge_cost_usd") { $0.hedgeCost },
        count("hedges") { $0.hedges },
        count("images") { $0.images },
        member("latency_ms") { text, row in
            text.object { text in
                text.member("p50", row.figures.p50Ms)
                text.member("p90", row.figures.p90Ms)
                text.member("p99", row.figures.p99Ms)
            }
        },
        count("nsfw_images") { $0.nsfwImages },
        count("partial") { $0.partial },
        money("provider_usd") { $0.provider },
        money("reconciled_usd") { $0.reconciled },
        count("refused") { $0.refused },
        count("succeeded") { $0.succeeded },
    ]

    private static func count(_ name: String, _ figure: @escaping @Sendable (UsageFigures) -> Int) -> Member {
        member(name) { text, row in text.integer(figure(row.figures)) }
    }

    private static func money(_ name: String, _ figure: @escaping @Sendable (UsageFigures) -> Money) -> Member {
        member(name) { text, row in text.string(figure(row.figures).usd) }
    }

    private static func member(
        _ name: String,
        _ write: @escaping @Sendable (inout JSONText, UsageReport.Row) -> Void
    ) -> Member {
        (name, write)
    }
}
