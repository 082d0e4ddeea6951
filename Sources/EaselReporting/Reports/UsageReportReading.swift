import EaselBase
package import EaselCore

/// Reads a usage report back from the JSON of the outer contract, so that a terminal far away can draw it.
package enum UsageReportReading {
    /// - Throws: `DecodingError` when the text is not such a report.
    package static func report(from json: [UInt8]) throws -> UsageReport {
        try JSON.decode(Document.self, from: json).report
    }

    private struct Document: Decodable {
        let report: UsageReport

        private enum Keys: String, CodingKey {
            case from, to, timezone, rows, totals
            case groupBy = "group_by"
            case dataQuality = "data_quality"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            let names = try container.decode([String].self, forKey: .groupBy)
            let query = UsageQuery(
                from: try container.decode(Timestamp.self, forKey: .from),
                to: try container.decode(Timestamp.self, forKey: .to),
                timezone: try container.decode(String.self, forKey: .timezone),
                groupBy: names.compactMap(UsageQuery.Dimension.init),
                teamID: nil
            )
            let rows = try container.decode([Figures].self, forKey: .rows)
            report = UsageReport(
                query: query,
                rows: rows.map { row in UsageReport.Row(group: names.map { row.names[$0] ?? nil }, figures: row.figures)
                },
                totals: try container.decode(Figures.self, forKey: .totals).figures,
                dataQuality: try container.decode(Quality.self, forKey: .dataQuality).quality
            )
        }
    }

    private struct Figures: Decodable {
        var figures = UsageFigures()
        var names: [String: String?] = [:]

        private static let figureNames = Set(UsageFigures.fields.map(\.name) + ["latency_ms"])

        private struct Latency: Decodable {
            let p50: Int?
            let p90: Int?
            let p99: Int?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: AnyKey.self)
            func count(_ name: String) throws -> Int { try container.decode(Int.self, forKey: AnyKey(name)) }
            func money(_ name: String) throws -> Money { try container.decode(Money.self, forKey: AnyKey(name)) }
            figures.calls = try count("calls")
            figures.succeeded = try count("succeeded")
            figures.partial = try count("partial")
            figures.refused = try count("refused")
            figures.failed = try count("failed")
            figures.images = try count("images")
            figures.cost = try money("cost_usd")
            figures.estimated = try money("estimated_usd")
            figures.reconciled = try money("reconciled_usd")
            figures.failovers = try count("failovers")
            figures.failoverCost = try money("failover_cost_usd")
            figures.hedges = try count("hedges")
            figures.hedgeCost = try money("hedge_cost_usd")
            figures.nsfwImages = try count("nsfw_images")
            figures.copyrightChecked = try count("copyright_checked")
            figures.copyrightFlagged = try count("copyright_flagged")
            figures.copyrightUndetermined = try count("copyright_undetermined")
            let latency = try container.decode(Latency.self, forKey: AnyKey("latency_ms"))
            figures.p50Ms = latency.p50
            figures.p90Ms = latency.p90
            figures.p99Ms = latency.p99
            // The figures are those that the report defines; what else is text is a group's name, whatever it is called.
            for key in container.allKeys where !Self.figureNames.contains(key.stringValue) {
                if let text = try? container.decode(String.self, forKey: key) { names[key.stringValue] = text }
            }
        }
    }

    private struct Quality: Decodable {
        var quality = UsageReport.DataQuality()

        private enum Keys: String, CodingKey {
            case unpriced = "unpriced_attempts"
            case unknown = "unknown_attempts"
            case journal = "journal_pending"
            case lag = "rollup_lag_s"
            case aside = "journal_set_aside"
            case unsummed = "unsummed_windows"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            quality.unpricedAttempts = try container.decode(Int.self, forKey: .unpriced)
            quality.unknownAttempts = try container.decode(Int.self, forKey: .unknown)
            quality.journalPending = try container.decode(Int.self, forKey: .journal)
            quality.rollupLagS = try container.decode(Int.self, forKey: .lag)
            // Absent in what an older gateway answers.
            quality.journalSetAside = try container.decodeIfPresent(Int.self, forKey: .aside) ?? 0
            quality.unsummedWindows = try container.decodeIfPresent(Int.self, forKey: .unsummed) ?? 0
        }
    }
}
