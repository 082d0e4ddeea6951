import EaselBase
import EaselCore
import EaselReporting
import Foundation
import Testing

/// The tables of docs/reports.md are those of the legends. `RECORD_SNAPSHOTS=1` writes them anew.
struct FigureDocsTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../docs/reports.md").standardized

    private func table(_ columns: [Report.Column]) -> String {
        let rows = columns.filter { $0.kind != .name }
            .map { column in
                let unit =
                    switch column.kind {
                    case .money: "dollars"
                    case .milliseconds: "ms"
                    default: ""
                    }
                return "| `\(column.key)` | \(unit) | \(column.definition) |\n"
            }
        return "| figure | unit | |\n|---|---|---|\n" + rows.joined()
    }

    private func shadows() throws -> [Report.Column] {
        let moment = try #require(Timestamp("2026-11-01T00:00:00Z"))
        let report = ShadowReport(query: ShadowQuery(from: moment, to: moment), rows: [])
        return Array(ReportBuilder.shadow(report).columns.drop { $0.key != "side" })
    }

    @Test func `the documentation has every figure with its definition`() throws {
        let text = try String(contentsOf: Self.file, encoding: .utf8)
        var wanted = text
        for (name, columns) in [("usage", UsageReport.columns.map(\.column)), ("shadow", try shadows())] {
            let mark = "<!-- figures: \(name) -->\n"
            let start = try #require(wanted.range(of: mark)).upperBound
            let end = try #require(wanted.range(of: "<!-- end -->", range: start..<wanted.endIndex)).lowerBound
            wanted.replaceSubrange(start..<end, with: table(columns))
        }
        if ProcessInfo.processInfo.environment["RECORD_SNAPSHOTS"] == "1" {
            try Data(wanted.utf8).write(to: Self.file, options: .atomic)
        } else {
            #expect(text == wanted, "docs/reports.md says something else of the figures than they do")
        }
    }
}

/// What holds of every list of figures.
struct LegendTests {
    private func check<Field: FigureField>(_ type: Field.Type) {
        #expect(Field.allCases.map(\.rawValue) == Array(Field.allCases.indices), "sums lie in an array by raw value")
        #expect(Set(Field.legend.map(\.storedName)).count == Field.allCases.count)
        #expect(Set(Field.legend.map(\.column.key)).count == Field.allCases.count)
        for figure in Field.legend {
            #expect(figure.column.definition.hasSuffix("."), "\(figure.column.key)")
            #expect(figure.storedName.hasSuffix("_nusd") == (figure.column.kind == .money))
        }
    }

    @Test func `legends name each figure once and say what it counts`() {
        check(UsageField.self)
        check(AttemptField.self)
        check(ShadowField.self)
    }

    @Test func `sums add up field by field and stop at the end of the range`() {
        var left = UsageFigures()
        var right = UsageFigures()
        for field in UsageField.allCases {
            left[field] = field.rawValue + 1
            right[field] = 100 * (field.rawValue + 1)
        }
        right[money: .cost] = Money(nanodollars: .max)
        let sum = UsageFigures.sum([left, right])
        for field in UsageField.allCases where field != .cost { #expect(sum[field] == 101 * (field.rawValue + 1)) }
        #expect(sum.cost == Money(nanodollars: .max))
    }
}
