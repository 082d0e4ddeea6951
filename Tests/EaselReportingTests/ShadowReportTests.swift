import EaselBase
import EaselCore
import EaselReporting
import Foundation
import Testing
import TestTools

struct ShadowReportTests {
    private func report() throws -> ShadowReport {
        var row = ShadowReport.Row(
            policy: "cheapest",
            model: "ideogram-4.0",
            primaryProvider: "runware",
            shadowProvider: "ideogram",
            compared: 120,
            pending: 2
        )
        row.primary[.succeeded] = 118
        row.primary[.failed] = 2
        row.primary[.imagesAsked] = 240
        row.primary[.images] = 236
        row.primary[money: .cost] = Money(usd: "7.08")
        row.primary[money: .estimated] = .zero
        row.primary[money: .costPerImage] = Money(usd: "0.03")
        row.primary[.p50] = 4100
        row.primary[.p90] = 6000
        row.primary[.p99] = 9000
        row.shadow[.succeeded] = 110
        row.shadow[.unknown] = 10
        row.shadow[.unpriced] = 10
        row.shadow[.imagesAsked] = 120
        row.shadow[.images] = 110
        row.shadow[.withheld] = 3
        row.shadow[money: .cost] = Money(usd: "6.60")
        row.shadow[money: .estimated] = Money(usd: "6.60")
        row.shadow[money: .costPerImage] = Money(usd: "0.06")
        row.shadow[.nsfwImages] = 3
        row.shadow[.nsfwChecked] = 113
        row.shadow[.copyrightChecked] = 20
        row.shadow[.copyrightFlagged] = 1
        row.shadow[.copyrightUndetermined] = 2
        let from = try #require(Timestamp("2026-11-01T00:00:00Z"))
        return ShadowReport(
            query: ShadowQuery(from: from, to: from + .seconds(86_400), policy: "cheapest"),
            rows: [row]
        )
    }

    private func table(_ style: TextStyle) throws -> String {
        ReportText(ReportBuilder.shadow(try report()), style: style).table()
    }

    @Test(arguments: [80, 120, 200])
    func `the table fits, with and without colour`(_ width: Int) throws {
        let text = try table(TextStyle(width: width))
        Snapshot.expect(text, named: "report-shadow-\(width).txt")
        let coloured = try table(TextStyle(width: width, colour: true))
        #expect(coloured.replacing(/\u{1B}\[\d*m/, with: "") == text && coloured != text)
        #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of($0) <= width })
    }

    @Test func `JSON comes back as the report it was`() throws {
        let report = ReportBuilder.shadow(try report())
        let bytes = JSONText.bytes(of: report)
        #expect(try Report(Report.shadow, json: bytes) == report)
        let text = String(decoding: bytes, as: UTF8.self)
        Snapshot.expect(text + "\n", named: "report-shadow.json")
        Snapshot.expect(report.csv(), named: "report-shadow.csv")
        Snapshot.expect(try table(TextStyle(width: 120, colour: true)), named: "report-shadow-colour.txt")
        #expect(text.contains(#""cost_per_image_usd":"0.06""#))
        #expect(text.contains(#""latency_ms":{"p50":null,"p90":null,"p99":null}"#))
    }

    @Test func `CSV has a line for each side`() throws {
        let lines = ReportBuilder.shadow(try report()).csv().split(whereSeparator: \.isNewline)
        #expect(lines.count == 3)
        #expect(Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
        #expect(lines[1].hasPrefix("cheapest,ideogram-4.0,runware,ideogram,120,2,primary,118,0,0,2,"))
        #expect(lines[2].hasSuffix(",,,"))
    }

    @Test(arguments: [60, 80, 120, 240])
    func `the table keeps to its width and pairs the sides`(width: Int) throws {
        let text = try table(TextStyle(width: width))
        for line in text.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
        #expect(text.contains("runware"))
        #expect(text.contains("└─ ideogram"))
        #expect(text.contains("No room for:") == (width < 240))
        #expect(text.contains("10 requests of unknown cost"))
    }

    @Test func `no shadows is a sentence`() throws {
        var report = try report()
        report.rows = []
        #expect(ReportText(ReportBuilder.shadow(report), style: TextStyle()).table().contains("No call was shadowed"))
    }

    @Test func `parameters are read as in a usage report, and every fault is named`() throws {
        let now = try #require(Timestamp("2026-11-21T09:30:00Z"))
        let parser = ShadowQueryParser(now: now)
        let parsed = try parser.parse([("from", "7d"), ("policy", "cheapest"), ("team", "design")])
        #expect(parsed.query.from == now - .seconds(7 * 86_400))
        #expect(parsed.query.to == now)
        #expect(parsed.query.policy == "cheapest")
        #expect(parsed.team == "design")
        let error = #expect(throws: UsageQueryError.self) {
            try parser.parse([("group_by", "team"), ("policy", ""), ("policy", "b"), ("from", "whenever")])
        }
        #expect(error?.faults.map(\.parameter) == ["group_by", "policy", "policy", "from"])
    }
}
