import EaselBase
import EaselCore
import EaselLedger
import Foundation
import Testing

/// One figure, everywhere the same: the command line, HTTP, the views that Grafana reads, and the counters of the gateway.
@Suite(.enabled(if: Program.path != nil, "the executable was not built beside the tests"))
struct FigureAgreementTests {
    private static let groups = ["team", "provider", "model"]

    private typealias Rows = [String: [String: String]]

    /// Plain decimals without the zeros that a kind of number adds: `0.060000000` and `"0.06"` are one figure.
    private static func text(_ value: JSONValue?) -> String {
        guard let value, value != .null else { return "-" }
        let text: String
        if let string = value.stringValue {
            text = string
        } else {
            text = String(decoding: JSONText.bytes(of: value), as: UTF8.self)
        }
        guard text.contains("."), text.allSatisfy({ $0.isNumber || $0 == "." || $0 == "-" }) else { return text }
        var trimmed = text[...]
        while trimmed.hasSuffix("0") { trimmed.removeLast() }
        if trimmed.hasSuffix(".") { trimmed.removeLast() }
        return trimmed.isEmpty ? "0" : String(trimmed)
    }

    private static func key(_ row: [String: JSONValue]) -> String {
        groups.map { text(row[$0]) }.joined(separator: "|")
    }

    private static let figures = UsageReport.columns.map(\.column.key).filter { !$0.hasPrefix("latency") }

    /// Rows of the usage report's JSON.
    private static func rows(_ json: JSONValue) -> Rows {
        var rows: Rows = [:]
        for row in json["rows"]?.arrayValue?.compactMap(\.objectValue) ?? [] {
            var figures = Dictionary(uniqueKeysWithValues: Self.figures.map { ($0, text(row[$0])) })
            for share in ["p50", "p90", "p99"] { figures[share] = text(row["latency_ms"]?[share]) }
            rows[key(row)] = figures
        }
        return rows
    }

    private func views(_ house: House, _ length: String, since: String) async throws -> Rows {
        let sums = Self.figures.map { "sum(\($0)) AS \($0)" }.joined(separator: ", ")
        let objects = try await house.objects(
            """
            SELECT team, provider, model, \(sums),
                report_percentiles(string_agg(latency_histogram, ''::bytea), '{0.5,0.9,0.99}') AS latency
            FROM report_usage_\(length) WHERE time >= '\(since)' GROUP BY team, provider, model
            """
        )
        var rows: Rows = [:]
        for row in objects {
            var figures = Dictionary(uniqueKeysWithValues: Self.figures.map { ($0, Self.text(row[$0])) })
            for (index, share) in ["p50", "p90", "p99"].enumerated() {
                figures[share] = Self.text(row["latency"]?.arrayValue?[index])
            }
            rows[Self.key(row)] = figures
        }
        return rows
    }

    /// A counter of the gateway, over every series that has these labels.
    private func counter(_ text: String, _ name: String, _ labels: [String: String]) -> Double? {
        let lines = text.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " "))
                && labels.allSatisfy { line.contains("\($0.key)=\"\($0.value)\"") }
        }
        return lines.isEmpty
            ? nil : lines.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    @Test(.timeLimit(.minutes(4)))
    func `reports, views and counters say the same after a load with everything in it`() async throws {
        try await House.with { house in
            try await EventfulLoad.run(house)
            let since = UsageLevel.day.floor(TimeSource.system.now - .seconds(86_400)).description
            let path = "/v1/reports/usage?group_by=team,provider,model&from=\(since)"
            func compare(_ place: Comment) async throws -> Rows {
                let http = try await house.get(path)
                let wanted = Self.rows(http.json)
                let shown = try await Program.run(
                    ["report", "usage", "--by", "team,provider,model", "--since", since, "--json"],
                    environment: ["EASEL_URL": house.url, "EASEL_API_KEY": House.adminKey]
                )
                #expect(shown.status == 0, "\(shown.errors)")
                #expect(Self.rows(try JSON.decode(JSONValue.self, from: Array(shown.output.utf8))) == wanted, place)
                for length in ["minute", "hour", "day"] {
                    #expect(try await views(house, length, since: since) == wanted, "report_usage_\(length), \(place)")
                }
                let quality = try await house.objects(
                    """
                    SELECT coalesce(sum(unpriced_attempts), 0) AS unpriced, coalesce(sum(unknown_attempts), 0) AS unknown
                    FROM report_data_quality WHERE time >= '\(since)'
                    """
                )
                #expect(quality.first?["unpriced"] == http["data_quality"]?["unpriced_attempts"], place)
                #expect(quality.first?["unknown"] == http["data_quality"]?["unknown_attempts"], place)
                return wanted
            }
            let wanted = try await compare("from the log")
            func total(_ name: String) -> Double { wanted.values.compactMap { Double($0[name] ?? "") }.reduce(0, +) }
            // A load in which something is missing proves nothing.
            for name in ["calls", "refused", "failed", "failovers", "nsfw_images", "copyright_flagged", "images"] {
                #expect(total(name) > 0, "\(name)")
            }
            let lease = try #require(
                try await house.database.acquireLease("rollups", holder: UUID(), for: .seconds(60))
            )
            _ = try await house.database.rollUp(lease, for: .seconds(60), atMost: 1)
            #expect(try await compare("summed up in part") == wanted)
            while let pass = try await house.database.rollUp(lease, for: .seconds(60), atMost: 1000) {
                if pass.changes == 0 { break }
            }
            #expect(try await compare("summed up") == wanted)

            try await budgets(house)
            let metrics = String(decoding: try await house.get("/metrics").body, as: UTF8.self)
            for status in ["succeeded", "partial", "refused", "failed"] {
                let counted = counter(metrics, "easel_calls_total", ["status": status]) ?? 0
                #expect(counted == total(status), "calls that \(status)")
            }
            if metrics.contains("# TYPE easel_cost_usd_total") { teams(wanted, metrics) }
            try await attempts(house, metrics, since: since)
        }
    }

    /// Counters by team, and of failovers.
    private func teams(_ wanted: Rows, _ metrics: String) {
        func total(_ name: String, _ team: String? = nil) -> Double {
            wanted.filter { team == nil || $0.key.hasPrefix("\(team ?? "")|") }.values
                .compactMap { Double($0[name] ?? "") }.reduce(0, +)
        }
        for team in EventfulLoad.teams {
            let cost = counter(metrics, "easel_cost_usd_total", ["team": team]) ?? 0
            #expect(abs(cost - total("cost_usd", team)) < 1e-9, "\(team): \(cost)")
            #expect(counter(metrics, "easel_images_total", ["team": team]) ?? 0 == total("images", team), "\(team)")
        }
        #expect(counter(metrics, "easel_failovers_total", [:]) ?? 0 == total("failovers"))
    }

    private func budgets(_ house: House) async throws {
        let listed = try await house.get("/v1/budgets")["budgets"]?.arrayValue ?? []
        let viewed = try await house.objects("SELECT * FROM report_budgets")
        #expect(listed.count == 4 && viewed.count == 4)
        for budget in listed {
            let place: Comment = "\(budget["scope"]?.stringValue ?? "?")"
            let row = try #require(viewed.first { $0["budget_id"] == budget["id"] }, place)
            for name in ["scope", "period", "limit_usd", "spent_usd", "reserved_usd", "remaining_usd", "limit_images"] {
                // A budget of images has no limit in dollars, and the other way round.
                guard let told = budget[name], told != .null else { continue }
                #expect(Self.text(row[name]) == Self.text(told), "\(place) \(name)")
            }
        }
    }

    /// Attempts by provider and outcome: the failover report, its view and the counter.
    private func attempts(_ house: House, _ metrics: String, since: String) async throws {
        let rows = try await house.objects(
            """
            SELECT provider, sum(attempts) AS attempts, sum(cost_usd) AS cost_usd, sum(succeeded) AS succeeded,
                sum(partial) AS partial, sum(refused) AS refused, sum(failed) AS failed, sum(unknown) AS unknown
            FROM report_attempts_hour WHERE time >= '\(since)' GROUP BY provider
            """
        )
        let single = try await house.objects(
            "SELECT provider, count(*) AS attempts FROM report_attempts WHERE time >= '\(since)' GROUP BY provider"
        )
        let report = try await house.get("/v1/reports/providers?group_by=provider&from=\(since)")
        let reported = report["rows"]?.arrayValue ?? []
        #expect(rows.count == 2 && reported.count == 2)
        for row in rows {
            let provider = Self.text(row["provider"])
            let told = try #require(reported.first { $0["provider"]?.stringValue == provider })
            #expect(Self.text(told["attempts"]) == Self.text(row["attempts"]))
            #expect(Self.text(told["cost_usd"]) == Self.text(row["cost_usd"]))
            #expect(single.first { $0["provider"] == row["provider"] }?["attempts"] == row["attempts"])
            for outcome in ["succeeded", "partial", "refused", "failed", "unknown"] {
                let counted = counter(metrics, "easel_attempts_total", ["provider": provider, "outcome": outcome])
                #expect(counted ?? 0 == Double(Self.text(row[outcome])), "\(provider) \(outcome)")
            }
        }
        #expect(rows.contains { Self.text($0["unknown"]) != "0" }, "no attempt was unknown")
    }
}
