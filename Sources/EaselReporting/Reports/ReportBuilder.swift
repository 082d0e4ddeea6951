import EaselBase
package import EaselCore

/// Makes reports out of the figures of the log: each is a list of columns over its rows (L5).
package enum ReportBuilder {
    // MARK: - Usage

    /// The report whose JSON is fixed in the contract.
    package static func usage(_ usage: UsageReport) -> Report {
        make(
            Report.usage,
            usage.query,
            UsageReport.columns,
            usage.rows.map { ($0.group, $0.figures) },
            totals: usage.totals,
            usage.dataQuality
        )
    }

    // MARK: - Latency

    /// The figures of a group's calls, and those of its attempts.
    private struct Both {
        var calls = UsageFigures()
        var attempts = AttemptFigures()
    }

    /// - Parameter attempts: grouped as the calls are; nil where attempts have no such group.
    package static func latency(_ usage: UsageReport, attempts: AttemptReport?) -> Report {
        let calls: [FigureColumn<UsageFigures>] = [
            .sum(.calls),
            .time(0.5, "p50_ms", "p50", "Half of the calls took at most this, all attempts together."),
            .time(0.9, "p90_ms", "p90", importance: 1, "Nine of ten calls took at most this."),
            .time(0.99, "p99_ms", "p99", "99 of 100 calls took at most this."),
        ]
        // Attempts at a provider that delivered nothing have a row of their own.
        let rows = joined(
            usage.rows.map { ($0.group, $0.figures) },
            attempts?.rows.map { ($0.group, $0.figures) } ?? []
        )
        .map { ($0, Both(calls: $1 ?? UsageFigures(), attempts: $2 ?? AttemptFigures())) }
        return grouped(
            "latency",
            usage.query,
            calls.map { $0.of(\.calls) } + (attempts == nil ? [] : phases.map { $0.of(\.attempts) }),
            rows,
            totals: Both(calls: usage.totals, attempts: attempts?.totals ?? AttemptFigures()),
            usage.dataQuality
        )
    }

    private static let phases: [FigureColumn<AttemptFigures>] =
        [
            .sum(.attempts, importance: 4),
            .time(
                .total,
                0.5,
                "attempt_p50_ms",
                "Attempt p50",
                importance: 2,
                "Half of the attempts took at most this."
            ),
            .time(.total, 0.9, "attempt_p90_ms", "p90", importance: 6, "Nine of ten attempts took at most this."),
            .time(
                .total,
                0.99,
                "attempt_p99_ms",
                "Attempt p99",
                importance: 3,
                "99 of 100 attempts took at most this."
            ),
        ]
        + AttemptPhase.allCases.dropFirst()
        .flatMap { phase -> [FigureColumn<AttemptFigures>] in
            let (title, sentence) =
                switch phase {
                case .total: ("Total", "From the first thing done to the last byte")
                case .firstByte: ("1st byte", "From the request's last byte to the answer's first")
                case .tls: ("TLS", "TLS handshakes")
                case .connect: ("Connect", "TCP connections")
                case .dns: ("DNS", "Name look-ups")
                }
            return [
                .time(
                    phase,
                    0.5,
                    "\(phase.name)_p50_ms",
                    "\(title) p50",
                    importance: phase == .firstByte ? 5 : 7,
                    "\(sentence): half took at most this."
                ),
                .time(
                    phase,
                    0.99,
                    "\(phase.name)_p99_ms",
                    "\(title) p99",
                    importance: 8,
                    "\(sentence): 99 of 100 took at most this."
                ),
            ]
        }

    // MARK: - Safety

    package static func safety(_ usage: UsageReport) -> Report {
        let unchecked = Report.Column(
            "nsfw_unchecked",
            "Unchecked",
            .count,
            importance: 7,
            "Images without a verdict on safety."
        )
        let columns: [FigureColumn<UsageFigures>] = [
            .sum(.calls, importance: 5),
            .sum(.refused, importance: 2),
            .rate("refusal_rate", "Refusal rate", importance: 4, "Refused calls as a share of all.") { $0.refusalRate },
            .sum(.imagesReturned),
            .sum(.nsfwImages),
            .rate("nsfw_rate", "NSFW rate", "Flagged images as a share of those that were checked.") { $0.nsfwRate },
            FigureColumn(unchecked) { .count($0.nsfwUnchecked) },
            .sum(.copyrightChecked, importance: 6),
            .sum(.copyrightFlagged, importance: 1),
            .rate(
                "copyright_rate",
                "Copyr. rate",
                importance: 3,
                "Flagged images as a share of those that were checked and have a verdict."
            ) { $0.copyrightRate },
            .sum(.copyrightUndetermined, importance: 3),
            .sum(.withheld, importance: 2),
        ]
        return grouped("safety", usage, columns)
    }

    // MARK: - Failover

    /// - Parameters:
    ///   - usage: any grouping; its totals tell how many calls failed over.
    ///   - attempts: grouped by error, last.
    package static func failover(_ usage: UsageReport, attempts: AttemptReport) -> Report {
        let all = attempts.totals[.attempts]
        let share = Report.Column("share", "Share", .share, importance: 1, "Share of all attempts in the report.")
        let columns: [FigureColumn<AttemptFigures>] = [
            .sum(.attempts).named(saying: "Attempts that ended this way."),
            FigureColumn(share) { .share(Ratio($0[.attempts], of: all).value) },
            .sum(.sent, importance: 3),
            .sum(.wasted),
            .time(.total, 0.5, "p50_ms", "p50", importance: 2, "Half of the sent attempts took at most this."),
            .time(.total, 0.99, "p99_ms", "p99", importance: 4, "99 of 100 sent attempts took at most this."),
        ]
        let totals = usage.totals
        func percent(_ share: Ratio, none: String) -> String { share.value.map { FigureText.percent($0) } ?? none }
        let asked = Ratio(attempts.totals.delivered, of: all)
        var report = make(
            "failover",
            attempts.query,
            columns,
            attempts.rows.map { ($0.group, $0.figures) },
            totals: attempts.totals,
            usage.dataQuality
        )
        report.notes = [
            "\(FigureText.count(totals.failovers)) of \(FigureText.count(totals.calls)) calls failed over "
                + "(\(percent(totals.failoverRate, none: "0%"))), "
                + "at a cost of \(totals.failoverCost.dollars) for what was not delivered.",
            "Callers got images for \(percent(totals.deliveryRate, none: "-")) of their calls; providers delivered for "
                + "\(percent(asked, none: "-")) of the attempts.",
        ]
        return report
    }

    // MARK: - Providers

    /// The figures of a provider's attempts, those of the calls that it answered, and its attempts over time.
    private struct Standing {
        let attempts: AttemptFigures
        let calls: UsageFigures
        let trend: [Double]
    }

    /// - Parameters:
    ///   - usage: grouped as the attempts are.
    ///   - trend: attempts by the same groups and, last, the days or hours of the report; `steps` names them in order.
    package static func providers(_ usage: UsageReport, attempts: AttemptReport, trend: AttemptReport, steps: [String])
        -> Report
    {
        let served: [FigureColumn<UsageFigures>] = [
            .sum(.calls, importance: 4)
                .named(
                    "delivered_calls",
                    saying: "Calls that this provider answered, or for which it was the last one asked."
                ),
            .rate(
                "caller_success_rate",
                "Caller success",
                importance: 5,
                "The share of these calls whose caller got images."
            ) { $0.deliveryRate },
        ]
        let asked: [FigureColumn<AttemptFigures>] = [
            .sum(.refused, importance: 3), .sum(.failed, importance: 1), .sum(.unknown, importance: 6),
            .sum(.images, importance: 2), .sum(.cost),
        ]
        let costs: [FigureColumn<AttemptFigures>] = [
            .costPerImage(importance: 5),
            .time(.total, 0.5, "p50_ms", "p50", importance: 1, "Half of the attempts took at most this."),
            .time(.total, 0.99, "p99_ms", "p99", importance: 3, "99 of 100 attempts took at most this."),
        ]
        let line = Report.Column(
            "trend",
            "Trend",
            .series,
            importance: 7,
            "Attempts in equal stretches of the report's time."
        )
        let attempted: [FigureColumn<AttemptFigures>] = [
            .sum(.attempts).named(saying: "Times the provider was asked."), .successRate,
        ]
        let columns: [FigureColumn<Standing>] =
            attempted.map { $0.of(\.attempts) } + served.map { $0.of(\.calls) } + asked.map { $0.of(\.attempts) }
            + [estimated.of(\.calls)] + costs.map { $0.of(\.attempts) } + [FigureColumn(line) { .series($0.trend) }]

        let places = Dictionary(steps.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let none = Array(repeating: 0.0, count: steps.count)
        var series: [[String?]: [Double]] = [:]
        var whole = none
        for row in trend.rows {
            guard let step = row.group.last ?? nil, let place = places[step] else { continue }
            series[Array(row.group.dropLast()), default: none][place] += Double(row.figures[.attempts])
            whole[place] += Double(row.figures[.attempts])
        }
        let calls = Dictionary(usage.rows.map { ($0.group, $0.figures) }, uniquingKeysWith: { first, _ in first })
        return make(
            "providers",
            attempts.query,
            columns,
            attempts.rows.map { row in
                let calls = calls[row.group] ?? UsageFigures()
                return (row.group, Standing(attempts: row.figures, calls: calls, trend: series[row.group] ?? none))
            },
            totals: Standing(attempts: attempts.totals, calls: usage.totals, trend: whole),
            usage.dataQuality
        )
    }
}

extension Report {
    /// The names of the reports whose JSON has a form of its own.
    package static let usage = "usage"
    package static let shadow = "shadow"
}
