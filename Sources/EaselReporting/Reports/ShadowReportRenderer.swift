package import EaselBase
package import EaselCore

/// A comparison of shadows as JSON, as CSV and as a table. Nothing is computed here.
package struct ShadowReportRenderer: Sendable {
    let report: ShadowReport

    package init(_ report: ShadowReport) {
        self.report = report
    }

    private static let latencies = ["latency_ms_p50", "latency_ms_p90", "latency_ms_p99"]

    /// CSV: two lines for each pair, `side` says which.
    package func csv() -> String {
        var writer = CSVWriter()
        let head = ["policy", "model", "primary_provider", "shadow_provider", "compared", "pending", "side"]
        writer.head(head + ShadowSide.fields.map(\.name) + Self.latencies)
        for row in report.rows {
            for (name, side) in [("primary", row.primary), ("shadow", row.shadow)] {
                writer.write(
                    [
                        .text(row.policy), .text(row.model.rawValue), .text(row.primaryProvider),
                        .text(row.shadowProvider), .integer(row.compared), .integer(row.pending), .text(name),
                    ] + ShadowSide.fields.map { $0.value(side).csv }
                        + [side.p50Ms, side.p90Ms, side.p99Ms].map { FigureValue.count($0).csv }
                )
            }
        }
        return writer.text
    }

    /// The box table for a terminal, with what it leaves out below it.
    package func table(_ style: TextStyle) -> String {
        ShadowReportTable(report, style: style).render()
    }
}

extension ShadowReportRenderer: JSONWritable {
    /// `{from, to, policy, rows}`; every figure that is not known is null.
    package func write(to text: inout JSONText) {
        text.object { text in
            text.member("from", report.query.from.description)
            text.member("to", report.query.to.description)
            text.member("policy", report.query.policy)
            text.key("rows")
            text.array(report.rows) { text, row in
                text.object { text in
                    text.member("policy", row.policy)
                    text.member("model", row.model.rawValue)
                    text.member("primary_provider", row.primaryProvider)
                    text.member("shadow_provider", row.shadowProvider)
                    text.member("compared", row.compared)
                    text.member("pending", row.pending)
                    text.key("primary")
                    Self.write(row.primary, to: &text)
                    text.key("shadow")
                    Self.write(row.shadow, to: &text)
                }
            }
        }
    }

    private static func write(_ side: ShadowSide, to text: inout JSONText) {
        text.object { text in
            for field in ShadowSide.fields { text.member(field.name, field.value(side)) }
            text.key("latency_ms")
            text.object { text in
                text.member("p50", side.p50Ms)
                text.member("p90", side.p90Ms)
                text.member("p99", side.p99Ms)
            }
        }
    }
}

extension ShadowSide {
    /// The figures but latencies in their order, with the names that JSON and CSV use.
    static let fields: [(name: String, value: @Sendable (ShadowSide) -> FigureValue)] = [
        ("succeeded", { .count($0.succeeded) }),
        ("partial", { .count($0.partial) }),
        ("refused", { .count($0.refused) }),
        ("failed", { .count($0.failed) }),
        ("unknown", { .count($0.unknown) }),
        ("images_asked", { .count($0.imagesAsked) }),
        ("images", { .count($0.images) }),
        ("withheld", { .count($0.withheld) }),
        ("cost_usd", { .money($0.cost) }),
        ("estimated_usd", { .money($0.estimated) }),
        ("unpriced", { .count($0.unpriced) }),
        ("cost_per_image_usd", { .money($0.costPerImage) }),
        ("nsfw_images", { .count($0.nsfwImages) }),
        ("nsfw_checked", { .count($0.nsfwChecked) }),
        ("copyright_checked", { .count($0.copyrightChecked) }),
        ("copyright_flagged", { .count($0.copyrightFlagged) }),
        ("copyright_undetermined", { .count($0.copyrightUndetermined) }),
    ]
}
