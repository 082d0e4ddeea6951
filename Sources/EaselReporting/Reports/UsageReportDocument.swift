import EaselBase
import EaselCore

/// A usage report in the shape of the outer contract: `{from, to, timezone, group_by, rows, totals, data_quality}`.
struct UsageReportDocument: Encodable {
    private let report: UsageReport

    init(_ report: UsageReport) {
        self.report = report
    }

    private enum CodingKeys: String, CodingKey {
        case from, to, timezone
        case groupBy = "group_by"
        case rows, totals
        case dataQuality = "data_quality"
    }

    func encode(to encoder: any Encoder) throws {
        let names = report.query.groupBy.map(\.name)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(report.query.from, forKey: .from)
        try container.encode(report.query.to, forKey: .to)
        try container.encode(report.query.timezone, forKey: .timezone)
        try container.encode(names, forKey: .groupBy)
        try container.encode(
            report.rows.map { FiguresDocument(group: Array(zip(names, $0.group)), figures: $0.figures) },
            forKey: .rows
        )
        try container.encode(FiguresDocument(group: [], figures: report.totals), forKey: .totals)
        try container.encode(QualityDocument(quality: report.dataQuality), forKey: .dataQuality)
    }
}

/// A row: the names of its group, then the figures.
private struct FiguresDocument: Encodable {
    let group: [(name: String, value: String?)]
    let figures: UsageFigures

    private enum LatencyKeys: String, CodingKey { case p50, p90, p99 }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: AnyKey.self)
        // Null is written out: a program can tell "no project" from a missing column.
        for (name, value) in group { try container.encode(value, forKey: AnyKey(name)) }
        try container.encode(figures.calls, forKey: AnyKey("calls"))
        try container.encode(figures.succeeded, forKey: AnyKey("succeeded"))
        try container.encode(figures.partial, forKey: AnyKey("partial"))
        try container.encode(figures.refused, forKey: AnyKey("refused"))
        try container.encode(figures.failed, forKey: AnyKey("failed"))
        try container.encode(figures.images, forKey: AnyKey("images"))
        try container.encode(figures.cost, forKey: AnyKey("cost_usd"))
        try container.encode(figures.estimated, forKey: AnyKey("estimated_usd"))
        try container.encode(figures.provider, forKey: AnyKey("provider_usd"))
        try container.encode(figures.reconciled, forKey: AnyKey("reconciled_usd"))
        try container.encode(figures.failovers, forKey: AnyKey("failovers"))
        try container.encode(figures.failoverCost, forKey: AnyKey("failover_cost_usd"))
        try container.encode(figures.hedges, forKey: AnyKey("hedges"))
        try container.encode(figures.hedgeCost, forKey: AnyKey("hedge_cost_usd"))
        try container.encode(figures.nsfwImages, forKey: AnyKey("nsfw_images"))
        try container.encode(figures.copyrightChecked, forKey: AnyKey("copyright_checked"))
        try container.encode(figures.copyrightFlagged, forKey: AnyKey("copyright_flagged"))
        try container.encode(figures.copyrightUndetermined, forKey: AnyKey("copyright_undetermined"))
        var latency = container.nestedContainer(keyedBy: LatencyKeys.self, forKey: AnyKey("latency_ms"))
        try latency.encode(figures.p50Ms, forKey: .p50)
        try latency.encode(figures.p90Ms, forKey: .p90)
        try latency.encode(figures.p99Ms, forKey: .p99)
    }
}

private struct QualityDocument: Encodable {
    let quality: UsageReport.DataQuality

    private enum CodingKeys: String, CodingKey {
        case unpricedAttempts = "unpriced_attempts"
        case unknownAttempts = "unknown_attempts"
        case journalPending = "journal_pending"
        case rollupLagS = "rollup_lag_s"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(quality.unpricedAttempts, forKey: .unpricedAttempts)
        try container.encode(quality.unknownAttempts, forKey: .unknownAttempts)
        try container.encode(quality.journalPending, forKey: .journalPending)
        try container.encode(quality.rollupLagS, forKey: .rollupLagS)
    }
}
