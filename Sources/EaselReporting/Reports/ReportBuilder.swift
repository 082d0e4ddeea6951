import EaselBase
package import EaselCore

/// Makes reports out of the figures of the log. Each column's meaning stands here, once, for API, command line, page and
/// boards (L5).
package enum ReportBuilder {
    private typealias Column = Report.Column

    // MARK: - Latency

    /// - Parameter attempts: grouped as the calls are; nil where attempts have no such group.
    package static func latency(_ usage: UsageReport, attempts: AttemptReport?) -> Report {
        var columns =
            Report.columns(usage.query.groupBy) + [
                .calls(),
                Column("p50_ms", "p50", .milliseconds, "Half of the calls took at most this, all attempts together."),
                Column("p90_ms", "p90", .milliseconds, importance: 1, "Nine of ten calls took at most this."),
                Column("p99_ms", "p99", .milliseconds, "99 of 100 calls took at most this."),
            ]
        if attempts != nil {
            columns += [
                Column("attempts", "Attempts", .count, importance: 4, "Times a provider was asked."),
                Column(
                    "attempt_p50_ms",
                    "Attempt p50",
                    .milliseconds,
                    importance: 2,
                    "Half of the attempts took at most this."
                ),
                Column(
                    "attempt_p90_ms",
                    "p90",
                    .milliseconds,
                    importance: 6,
                    "Nine of ten attempts took at most this."
                ),
                Column(
                    "attempt_p99_ms",
                    "Attempt p99",
                    .milliseconds,
                    importance: 3,
                    "99 of 100 attempts took at most this."
                ),
            ]
            for (key, title, sentence) in [
                ("first_byte", "1st byte", "From the request's last byte to the answer's first"),
                ("tls", "TLS", "TLS handshakes"), ("connect", "Connect", "TCP connections"),
                ("dns", "DNS", "Name look-ups"),
            ] {
                columns += [
                    Column(
                        "\(key)_p50_ms",
                        "\(title) p50",
                        .milliseconds,
                        importance: key == "first_byte" ? 5 : 7,
                        "\(sentence): half took at most this."
                    ),
                    Column(
                        "\(key)_p99_ms",
                        "\(title) p99",
                        .milliseconds,
                        importance: 8,
                        "\(sentence): 99 of 100 took at most this."
                    ),
                ]
            }
        }
        let byGroup = Dictionary(
            attempts?.rows.map { ($0.group, $0.figures) } ?? [],
            uniquingKeysWith: { first, _ in first }
        )
        func cells(_ figures: UsageFigures, _ own: AttemptFigures?) -> [Report.Cell] {
            let calls: [Report.Cell] =
                [.count(figures.calls)]
                + [0.5, 0.9, 0.99].map { .time(milliseconds: figures.latency, $0) }
            guard attempts != nil else { return calls }
            let whole: [Report.Cell] =
                [.count(own?.attempts ?? 0)] + [0.5, 0.9, 0.99].map { .time(microseconds: own?.total, $0) }
            let phases = [own?.firstByte, own?.tls, own?.connect, own?.dns].flatMap { phase -> [Report.Cell] in
                [.time(microseconds: phase, 0.5), .time(microseconds: phase, 0.99)]
            }
            return calls + whole + phases
        }
        // Attempts at a provider that delivered nothing have a row of their own.
        var rows = usage.rows.map { row in names(row.group) + cells(row.figures, byGroup[row.group]) }
        let known = Set(usage.rows.map(\.group))
        for row in attempts?.rows ?? [] where !known.contains(row.group) {
            rows.append(names(row.group) + cells(UsageFigures(), row.figures))
        }
        return report(
            "latency",
            usage,
            columns,
            rows,
            totals: names(usage.query) + cells(usage.totals, attempts?.totals)
        )
    }

    // MARK: - Safety

    package static func safety(_ usage: UsageReport) -> Report {
        let columns =
            Report.columns(usage.query.groupBy) + [
                .calls(importance: 5),
                .refused(importance: 2),
                Column("refusal_rate", "Refusal rate", .share, importance: 4, "Refused calls as a share of all."),
                Column("pictures", "Pictures", .count, "Pictures that came back, withheld ones included."),
                .nsfw(),
                Column("nsfw_rate", "NSFW rate", .share, "Flagged pictures as a share of those that were checked."),
                Column("nsfw_unchecked", "Unchecked", .count, importance: 7, "Pictures without a verdict on safety."),
                Column(
                    "copyright_checked",
                    "Copyr. checked",
                    .count,
                    importance: 6,
                    "Pictures that the provider was asked to check for copyright, and could."
                ),
                Column(
                    "copyright_flagged",
                    "Copyr. flagged",
                    .count,
                    importance: 1,
                    "Pictures that the provider flagged for copyright."
                ),
                Column(
                    "copyright_rate",
                    "Copyr. rate",
                    .share,
                    importance: 3,
                    "Flagged pictures as a share of those that were checked and told."
                ),
                Column(
                    "copyright_undetermined",
                    "Copyr. unclear",
                    .count,
                    importance: 3,
                    "Checked pictures whose verdict the provider does not tell, as where it withholds without saying why."
                ),
                Column(
                    "withheld",
                    "Withheld",
                    .count,
                    importance: 2,
                    "Pictures that the provider made and did not give."
                ),
            ]
        func cells(_ figures: UsageFigures) -> [Report.Cell] {
            let told = figures.copyrightChecked - figures.copyrightUndetermined
            return [
                .count(figures.calls), .count(figures.refused), Report.share(figures.refused, of: figures.calls),
                .count(figures.pictures), .count(figures.nsfwImages),
                Report.share(figures.nsfwImages, of: figures.nsfwImages + figures.nsfwClear),
                .count(figures.pictures - figures.nsfwImages - figures.nsfwClear), .count(figures.copyrightChecked),
                .count(figures.copyrightFlagged), Report.share(figures.copyrightFlagged, of: told),
                .count(figures.copyrightUndetermined), .count(figures.withheld),
            ]
        }
        let rows = usage.rows.map { names($0.group) + cells($0.figures) }
        return report("safety", usage, columns, rows, totals: names(usage.query) + cells(usage.totals))
    }

    // MARK: - Failover

    /// - Parameters:
    ///   - usage: any grouping; its totals tell how many calls failed over.
    ///   - attempts: grouped by error, last.
    package static func failover(_ usage: UsageReport, attempts: AttemptReport) -> Report {
        let columns =
            Report.columns(attempts.query.groupBy) + [
                Column("attempts", "Attempts", .count, "Attempts that ended so."),
                Column("share", "Share", .share, importance: 1, "Of all attempts of the report."),
                Column("sent", "Sent", .count, importance: 3, "Of which left for the provider."),
                Column("wasted_usd", "Wasted USD", .money, "What attempts cost that delivered nothing."),
                Column("p50_ms", "p50", .milliseconds, importance: 2, "Half of the sent attempts took at most this."),
                Column("p99_ms", "p99", .milliseconds, importance: 4, "99 of 100 sent attempts took at most this."),
            ]
        func cells(_ figures: AttemptFigures) -> [Report.Cell] {
            [
                .count(figures.attempts), Report.share(figures.attempts, of: attempts.totals.attempts),
                .count(figures.sent),
                .money(figures.wasted), .time(microseconds: figures.total, 0.5),
                .time(microseconds: figures.total, 0.99),
            ]
        }
        let totals = usage.totals
        let rate = totals.calls > 0 ? FigureText.percent(Double(totals.failovers) / Double(totals.calls)) : "0%"
        let delivered = totals.succeeded + totals.partial
        let served = totals.calls > 0 ? FigureText.percent(Double(delivered) / Double(totals.calls)) : "-"
        let answered = attempts.totals.succeeded + attempts.totals.partial
        let asked = attempts.totals.attempts
        return Report(
            name: "failover",
            query: attempts.query,
            columns: columns,
            rows: attempts.rows.map { names($0.group) + cells($0.figures) },
            totals: names(attempts.query) + cells(attempts.totals),
            dataQuality: usage.dataQuality,
            notes: [
                "\(FigureText.count(totals.failovers)) of \(FigureText.count(totals.calls)) calls failed over (\(rate)), "
                    + "at a cost of \(totals.failoverCost.dollars) for what was not delivered.",
                "Callers got pictures for \(served) of their calls; providers delivered for "
                    + "\(asked > 0 ? FigureText.percent(Double(answered) / Double(asked)) : "-") of the attempts.",
            ]
        )
    }

    // MARK: - Providers

    /// - Parameters:
    ///   - usage: grouped as the attempts are.
    ///   - trend: attempts by the same groups and, last, the days or hours of the report; `steps` names them in order.
    package static func providers(_ usage: UsageReport, attempts: AttemptReport, trend: AttemptReport, steps: [String])
        -> Report
    {
        let columns =
            Report.columns(attempts.query.groupBy) + [
                Column("attempts", "Attempts", .count, "Times the provider was asked."),
                Column(
                    "success_rate",
                    "Success",
                    .share,
                    "Attempts that delivered at least a part, as a share of those that were sent."
                ),
                Column(
                    "delivered_calls",
                    "Calls",
                    .count,
                    importance: 4,
                    "Calls that this provider answered, or was the last one asked for."
                ),
                Column(
                    "caller_success_rate",
                    "Caller success",
                    .share,
                    importance: 5,
                    "Of these calls, those whose caller got pictures."
                ),
                Column("refused", "Refused", .count, importance: 3, "Attempts that were refused on content grounds."),
                Column("failed", "Failed", .count, importance: 1, "Attempts that failed."),
                Column("unknown", "Unknown", .count, importance: 6, "Attempts whose end is not known."),
                Column("images", "Images", .count, importance: 2, "Pictures that came back."),
                Column("cost_usd", "Cost USD", .money, "What its attempts cost."),
                .estimated,
                Column("usd_per_image", "USD/image", .money, importance: 5, "Cost for each picture that came back."),
                Column("p50_ms", "p50", .milliseconds, importance: 1, "Half of the attempts took at most this."),
                Column("p99_ms", "p99", .milliseconds, importance: 3, "99 of 100 attempts took at most this."),
                Column("trend", "Trend", .series, importance: 7, "Attempts in equal stretches of the report's time."),
            ]
        let places = Dictionary(steps.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var series: [[String?]: [Double]] = [:]
        var whole = Array(repeating: 0.0, count: steps.count)
        for row in trend.rows {
            guard let step = row.group.last ?? nil, let place = places[step] else { continue }
            let key = Array(row.group.dropLast())
            series[key, default: Array(repeating: 0, count: steps.count)][place] += Double(row.figures.attempts)
            whole[place] += Double(row.figures.attempts)
        }
        let calls = Dictionary(usage.rows.map { ($0.group, $0.figures) }, uniquingKeysWith: { first, _ in first })
        func cells(_ figures: AttemptFigures, _ usage: UsageFigures?, _ trend: [Double]) -> [Report.Cell] {
            let usage = usage ?? UsageFigures()
            return [
                .count(figures.attempts), Report.share(figures.succeeded + figures.partial, of: figures.sent),
                .count(usage.calls), Report.share(usage.succeeded + usage.partial, of: usage.calls),
                .count(figures.refused), .count(figures.failed), .count(figures.unknown), .count(figures.images),
                .money(figures.cost), .money(usage.estimated),
                .money(figures.images > 0 ? Money(nanodollars: figures.cost.nanodollars / Int64(figures.images)) : nil),
                .time(microseconds: figures.total, 0.5),
                .time(microseconds: figures.total, 0.99), .series(trend),
            ]
        }
        let none = Array(repeating: 0.0, count: steps.count)
        let rows = attempts.rows.map { row in
            names(row.group) + cells(row.figures, calls[row.group], series[row.group] ?? none)
        }
        return Report(
            name: "providers",
            query: attempts.query,
            columns: columns,
            rows: rows,
            totals: names(attempts.query) + cells(attempts.totals, usage.totals, whole),
            dataQuality: usage.dataQuality
        )
    }

    // MARK: - Parts

    static func names(_ group: [String?]) -> [Report.Cell] { group.map { .name($0) } }
    static func names(_ query: UsageQuery) -> [Report.Cell] { query.groupBy.map { _ in .name(nil) } }

    static func report(
        _ name: String,
        _ usage: UsageReport,
        _ columns: [Report.Column],
        _ rows: [[Report.Cell]],
        totals: [Report.Cell]
    ) -> Report {
        Report(
            name: name,
            query: usage.query,
            columns: columns,
            // Not grouped: the totals are the one row.
            rows: usage.query.groupBy.isEmpty ? [totals] : rows,
            totals: usage.query.groupBy.isEmpty ? nil : totals,
            dataQuality: usage.dataQuality
        )
    }
}
