import EaselBase
import EaselCore
import EaselReporting
import Foundation
import Testing
import TestTools

struct UsageReportTests {
    private func figures(_ calls: Int, cost: String, estimated: String = "0", p50: Int? = nil) -> UsageFigures {
        var figures = UsageFigures()
        figures[.calls] = calls
        figures[.succeeded] = calls * 9 / 10
        figures[.partial] = calls / 100
        figures[.refused] = calls / 50
        figures[.failed] = calls - figures.succeeded - figures.partial - figures.refused
        figures[.images] = calls * 2
        figures[money: .cost] = Money(usd: cost) ?? .zero
        figures[money: .estimated] = Money(usd: estimated) ?? .zero
        figures[.failovers] = calls / 40
        figures[money: .failoverCost] = Money(nanodollars: Int64(calls / 40) * 30_000_000)
        figures[.nsfwImages] = calls / 200
        figures[.copyrightChecked] = calls / 3
        figures[.copyrightFlagged] = calls / 400
        figures[.copyrightUndetermined] = calls / 800
        figures.setPercentiles([p50, p50.map { $0 * 2 }, p50.map { $0 * 3 }])
        return figures
    }

    private func report(
        by groups: [UsageQuery.Dimension],
        _ rows: [([String?], UsageFigures)],
        totals: UsageFigures
    ) throws -> UsageReport {
        let query = UsageQuery(
            from: try #require(Timestamp("2026-10-31T23:00:00Z")),
            to: try #require(Timestamp("2026-11-21T09:30:00Z")),
            timezone: "Europe/Berlin",
            groupBy: groups,
            teamID: nil
        )
        let rows = rows.map { UsageReport.Row(group: $0.0, figures: $0.1) }
        return UsageReport(query: query, rows: rows, totals: totals, dataQuality: DataQuality())
    }

    @Test func `a group keeps its names whatever it is called`() throws {
        let written = try report(
            by: [.tag("list_usd"), .tag("cost_usd"), .tag("calls"), .project],
            [(["a", nil, "c", "d"], figures(5, cost: "1.5")), ([nil, "b", nil, nil], figures(2, cost: "0.5"))],
            totals: figures(7, cost: "2")
        )
        let report = ReportBuilder.usage(written)
        let read = try Report(Report.usage, json: JSONText.bytes(of: report))
        #expect(read == report)
        #expect(read.cells(of: "cost_usd") == written.rows.map { .money($0.figures.cost) })
        #expect(read.csv() == report.csv() && read.ndjson() == report.ndjson())
    }

    private func table(_ report: UsageReport, _ style: TextStyle) -> String {
        ReportText(ReportBuilder.usage(report), style: style).table()
    }

    private func byTeamAndProvider() throws -> UsageReport {
        var report = try report(
            by: [.team, .provider],
            [
                (["design", "runware"], figures(3902, cost: "241.10", p50: 3612)),
                (["design", "ideogram"], figures(408, cost: "71.305", estimated: "71.305", p50: 8849)),
                (["a team with a long name", "runware"], figures(12, cost: "0.36", p50: 4049)),
                ([nil, nil], figures(2, cost: "0")),
            ],
            totals: figures(4324, cost: "312.765", estimated: "71.305", p50: 4150)
        )
        report.dataQuality.unpricedAttempts = 3
        report.dataQuality.unknownAttempts = 1
        report.dataQuality.rollupLagS = 4
        return report
    }

    @Test
    func `a report in colour is the same text with escape sequences`() throws {
        let report = ReportBuilder.usage(try byTeamAndProvider())
        let coloured = ReportText(report, style: TextStyle(width: 120, colour: true)).table()
        Snapshot.expect(coloured, named: "usage-team-provider-colour.txt")
        let bare = coloured.replacing(/\u{1B}\[\d*m/, with: "")
        #expect(bare == ReportText(report, style: TextStyle(width: 120)).table() && bare != coloured)
    }

    @Test(arguments: [80, 120, 200])
    func `a report by team and provider`(_ width: Int) throws {
        let text = table(try byTeamAndProvider(), TextStyle(width: width))
        Snapshot.expect(text, named: "usage-team-provider-\(width).txt")
        #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of($0) <= width })
    }

    @Test
    func `a report in plain ASCII`() throws {
        let text = table(try byTeamAndProvider(), TextStyle(width: 80, unicode: false))
        #expect(text.utf8.allSatisfy { $0 < 0x80 })
        Snapshot.expect(text, named: "usage-team-provider-80-ascii.txt")
    }

    @Test(arguments: [80, 120, 200])
    func `a report by day`(_ width: Int) throws {
        let report = try report(
            by: [.day],
            [
                (["2026-11-20"], figures(120, cost: "3.6", p50: 3100)),
                (["2026-11-21"], figures(90, cost: "2.7", p50: 2950)),
            ],
            totals: figures(210, cost: "6.3", p50: 3000)
        )
        Snapshot.expect(table(report, TextStyle(width: width)), named: "usage-day-\(width).txt")
    }

    @Test
    func `a report without calls says so`() throws {
        let empty = try report(by: [.team], [], totals: UsageFigures())
        #expect(
            table(empty, TextStyle()) == """
                Usage 2026-11-01 00:00 to 2026-11-21 10:30 (Europe/Berlin) by team
                No calls in this period.
                Data quality: complete, figures 0 s behind the log

                """
        )
    }

    @Test
    func `a report without groups is one row`() throws {
        let text = table(try report(by: [], [], totals: figures(10, cost: "0.6")), TextStyle(width: 80))
        #expect(text.contains("10 │") && text.contains("0.60") && !text.contains("No calls"))
    }

    @Test
    func `a figure that the sender does not have is not known, and is no zero`() throws {
        let json = String(decoding: JSONText.bytes(of: ReportBuilder.usage(try byTeamAndProvider())), as: UTF8.self)
        let older = json.replacing(/"(hedges|reconciled_usd)":("[^"]*"|\d+),/, with: "")
        #expect(older != json)
        let read = try Report(Report.usage, json: Array(older.utf8))
        #expect(read.cells(of: "hedges") == [.count(nil), .count(nil), .count(nil), .count(nil)])
        #expect(read.cells(of: "reconciled_usd").allSatisfy { $0 == .money(nil) })
        #expect(read.cells(of: "calls")[0] == .count(3902))
        #expect(throws: DecodingError.self) { try Report(Report.usage, json: Array(#"{"rows":[]}"#.utf8)) }
    }

    @Test
    func `JSON has exactly the contract's names`() throws {
        let bytes = JSONText.bytes(of: ReportBuilder.usage(try byTeamAndProvider()))
        let document = try JSON.decode(JSONValue.self, from: bytes)
        #expect(
            Set(try #require(document.objectValue).keys)
                == ["from", "to", "timezone", "group_by", "rows", "totals", "data_quality"]
        )
        #expect(document["group_by"] == ["team", "provider"] && document["from"] == "2026-10-31T23:00:00.000Z")
        let names: Set<String> = [
            "calls", "succeeded", "partial", "refused", "failed", "images", "cost_usd", "estimated_usd", "provider_usd",
            "reconciled_usd", "failovers", "hedges", "hedge_cost_usd",
            "failover_cost_usd", "nsfw_images", "copyright_checked", "copyright_flagged", "copyright_undetermined",
            "latency_ms",
        ]
        let rows = try #require(document["rows"]?.arrayValue)
        #expect(rows.count == 4)
        for row in rows { #expect(Set(row.objectValue?.keys.map { $0 } ?? []) == names.union(["team", "provider"])) }
        #expect(Set(document["totals"]?.objectValue?.keys.map { $0 } ?? []) == names)
        #expect(rows[1]["cost_usd"] == "71.305" && rows[1]["estimated_usd"] == "71.305" && rows[1]["calls"] == 408)
        #expect(rows[1]["latency_ms"] == ["p50": 8849, "p90": 17698, "p99": 26547])
        #expect(rows[3]["team"] == .null && rows[3]["latency_ms"] == ["p50": nil, "p90": nil, "p99": nil])
        #expect(
            document["data_quality"]
                == [
                    "unpriced_attempts": 3, "unknown_attempts": 1, "journal_pending": 0, "rollup_lag_s": 4,
                    "journal_set_aside": 0, "unsummed_windows": 0,
                ]
        )
        Snapshot.expect(
            try JSON.text(document, sorted: true, pretty: true) + "\n",
            named: "usage-team-provider.json"
        )
    }

    @Test
    func `CSV has a line for each row`() throws {
        let text = ReportBuilder.usage(try byTeamAndProvider()).csv()
        Snapshot.expect(text, named: "usage-team-provider.csv")
        #expect(text.split(separator: "\r\n").count == 5)
    }

    @Test
    func `JSON, a line for each row and Markdown, byte for byte`() throws {
        let report = ReportBuilder.usage(try byTeamAndProvider())
        let json = String(decoding: JSONText.bytes(of: report), as: UTF8.self)
        Snapshot.expect(json + "\n", named: "usage-bytes.json")
        Snapshot.expect(report.ndjson(), named: "usage-team-provider.ndjson")
        Snapshot.expect(ReportText(report, style: TextStyle()).markdown(), named: "usage-team-provider.md")
    }

    @Test(
        arguments: [
            (0, 2, "0.00"), (5_000_000, 2, "0.01"), (4_999_999, 2, "0.00"), (-4_999_999, 2, "0.00"),
            (1_234_567_890_000, 4, "1,234.5679"), (-1_500_000_000, 2, "-1.50"), (999_995_000_000, 2, "1,000.00"),
            (1, 9, "0.000000001"), (1_500_000_000, 0, "2"),
        ]
    )
    func `dollars are rounded for people`(_ nanodollars: Int64, _ decimals: Int, _ wanted: String) {
        #expect(FigureText.dollars(Money(nanodollars: nanodollars), decimals: decimals) == wanted)
    }

    @Test
    func `a column has as many decimals as its amounts need`() {
        #expect(FigureText.decimals([Money(nanodollars: 60_000_000)]) == 2)
        #expect(FigureText.decimals([Money(nanodollars: 60_000_000), Money(nanodollars: 1_000_000)]) == 3)
        #expect(FigureText.decimals([Money(nanodollars: 1)]) == 4)
        #expect(FigureText.count(-1_234_567) == "-1,234,567" && FigureText.count(999) == "999")
        #expect(FigureText.seconds(milliseconds: 8849, none: "-") == "8.8")
    }

    @Test
    func `a difference of snapshots shows the lines around it`() {
        let old = (1...9).map { "line \($0)" }.joined(separator: "\n")
        let new = old.replacingOccurrences(of: "line 5", with: "LINE 5")
        #expect(Snapshot.difference(old, new) == "  line 3\n  line 4\n- line 5\n+ LINE 5\n  line 6\n  line 7")
    }
}
